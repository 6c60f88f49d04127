"""The program as a shell sees it: exit codes, streams, options, start-up."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import textwrap
import warnings

import pytest
import typer
from typer.testing import CliRunner

import healthsim_lake
from healthsim_lake import Lake
from healthsim_lake.cli import app
from healthsim_lake.cli.program import Program
from healthsim_lake.errors import InputError

PROGRAM = [sys.executable, "-m", "healthsim_lake"]
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
ENGINES = {"polars", "duckdb", "pyarrow"}


def commands(group=None, path=()):
    """Every command with its words, e.g. (("tag", "add"), command)."""
    group = group or typer.main.get_command(app)
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(commands())


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example(run, words):
    shown = " ".join(run(*words, "--help").out.split())
    assert f"Example: healthsim-lake {' '.join(words)}" in shown


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_option_and_argument_has_help(words):
    for parameter in COMMANDS[words].params:
        assert parameter.help, parameter.name


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_says_what_its_json_holds(run, words):
    assert words == ("demo",) or "JSON: " in run(*words, "--help").out


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_takes_lake_debug_and_json(words):
    options = {option for one in COMMANDS[words].params for option in one.opts}
    common = {"--lake", "--debug"} | (set() if words == ("demo",) else {"--json"})
    assert common <= options


LIBRARY_VERBS = (
    *("list", "show", "history", "diff", "executions", "save", "update", "rename"),
    *("delete", "restore", "export", "import", "builtin"),
)


def test_all_commands_are_there():
    assert {" ".join(words) for words in COMMANDS} == {
        "demo",
        "init",
        "import synthea",
        "import json",
        "import ndjson",
        "import csv",
        "import parquet",
        "export",
        "migrate",
        "save",
        "list",
        "show",
        "query",
        "load",
        "history",
        "push",
        "pull",
        "sync-status",
        "diff",
        "validate",
        "summary",
        "sample",
        "stats",
        "entities",
        "clone",
        "merge",
        "files",
        "rename",
        "tag add",
        "tag remove",
        "tag list",
        "delete",
        "restore",
        "doctor",
        "verify",
        "repair",
        "tidy",
        "vacuum",
        "compact",
        "upgrade",
        "purge",
    } | {f"{noun} {verb}" for noun in ("profile", "journey") for verb in LIBRARY_VERBS}


def test_the_version_is_the_packages(process):
    assert process("--version").out == f"healthsim-lake {healthsim_lake.__version__}\n"


def test_no_command_shows_the_help(run):
    answer = run()
    assert answer.code == 0
    assert "Usage: healthsim-lake" in answer.out


def test_lake_may_stand_before_and_after_the_command_and_the_later_one_wins(process, tmp_path):
    one, two = str(tmp_path / "one"), str(tmp_path / "two")
    before = process("--lake", one, "init", "--json")
    after = process("init", "--lake", two, "--json")
    both = process("--lake", one, "init", "--lake", two, "--json")
    assert [answer.json["url"] for answer in (before, after, both)] == [one, two, two]


def test_without_lake_the_environment_says_where_else_the_home(run, place):
    home = f"{os.environ['HOME']}/.healthsim/lake"
    assert run("init", "--json").json["url"] == str(place)
    assert run("init", "--json", variables={"HEALTHSIM_LAKE": None}).json["url"] == home


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["show", "nobody"], 4, "Scenario 'nobody' not found"),
        (["load", "cohort", "--version", "9"], 4, "no version 9"),
        (["load", "cohort", "--type", "claim_lines"], 4, "it holds patients"),
        (["entities", "nothing"], 4, "nothing"),
        (["rename", "cohort", "other"], 3, "already exists"),
        (["rename", "cohort", ""], 1, "cannot be empty"),
        (["clone", "cohort", "other"], 3, "already exists. Use another name."),
        (["query", "SELECT $x, $y"], 1, "no value was given for $x, $y"),
        (["show"], 2, "Missing argument"),
        (["list", "--nonsense"], 2, "No such option: --nonsense"),
        (["list", "--limit", "many"], 2, "--limit"),
        (["lsit"], 2, "Did you mean"),
        (["import"], 2, "Missing command"),
    ],
)
def test_exit_codes_tell_what_kind_of_error_it_was(run, lake, arguments, code, message):
    lake.scenarios.save("other", {})
    answer = run(*arguments)
    assert answer.code == code
    assert answer.out == ""
    assert answer.err.startswith("error: ")
    assert answer.err.count("\n") == 1
    assert message in answer.err


@pytest.mark.usefixtures("lake")
def test_the_shell_sees_the_same_codes_and_streams(process):
    assert process("show", "cohort", "--json").json["name"] == "cohort"
    refused = process("show", "nobody")
    assert (refused.code, refused.out) == (4, "")
    assert refused.err.startswith("error: ")
    assert refused.err.count("\n") == 1
    assert process("delete", "cohort").code == 2


def test_an_empty_name_is_refused_and_a_taken_one_names_the_option(run, lake, tmp_path):
    (tmp_path / "cohort.json").write_text('{"name": "told", "patients": []}')
    empty = run("save", tmp_path / "cohort.json", "--name", "")
    assert (empty.code, empty.err) == (1, "error: Scenario name cannot be empty\n")
    taken = run("save", tmp_path / "cohort.json", "--name", "cohort")
    assert taken.code == 3
    assert "Use --overwrite to replace it" in taken.err
    assert [one.name for one in lake.scenarios.list()] == ["cohort"]


def test_a_folder_that_is_no_lake_is_one_readable_line(run, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "letter.txt").write_text("not a lake")
    answer = run("init", "--lake", tmp_path / "data" / "letter.txt")
    assert answer.code == 1
    assert answer.err.count("\n") == 1


def test_debug_shows_a_traceback_wherever_it_stands(run):
    for arguments in (["--debug", "show", "nobody"], ["show", "nobody", "--debug"]):
        answer = run(*arguments)
        assert answer.code == 4
        assert answer.err.startswith("Traceback (most recent call last):")
        assert answer.err.splitlines()[-1].startswith("error: Scenario 'nobody' not found")


@pytest.mark.parametrize(
    "arguments",
    [
        ["init"],
        ["list"],
        ["show", "cohort"],
        ["history", "cohort"],
        ["query", "SELECT * FROM patients"],
        ["load", "cohort"],
        ["entities"],
        ["entities", "patients"],
        ["tag", "list"],
        ["tag", "list", "cohort"],
        ["tag", "add", "cohort", "x"],
        ["tag", "remove", "cohort", "x"],
        ["rename", "cohort", "cohort-2"],
        ["delete", "cohort", "--yes"],
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("lake")
def test_with_json_there_is_json_and_nothing_else(run, arguments):
    answer = run(*arguments, "--json")
    assert answer.code == 0
    assert answer.err == ""
    assert answer.json is not None


def test_a_reader_who_has_seen_enough_is_no_error(lake):
    rows = [{"id": str(number), "given_name": "x" * 90} for number in range(20_000)]
    lake.scenarios.save("large", {"patients": rows})
    loading = subprocess.Popen(
        [*PROGRAM, "load", "large"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    first = loading.stdout.readline()
    loading.stdout.close()
    complaint = loading.stderr.read()
    loading.stderr.close()
    assert loading.wait() == 1
    assert b"schema_version" in first
    assert complaint == b""


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["list"], ["tag", "add", "cohort", "new"]]
)
@pytest.mark.usefixtures("lake")
def test_what_needs_no_rows_does_not_wait_for_the_engines(arguments):
    code = (
        "import sys\n"
        "from healthsim_lake.cli import app\n"
        f"try: app({arguments!r})\n"
        f"finally: print(sorted({ENGINES} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


def outcome_of(command):
    """What the program makes of what happens in `command`."""
    inner = typer.Typer(cls=Program, pretty_exceptions_enable=False)
    inner.command("happen")(command)
    inner.callback()(lambda: None)
    return CliRunner().invoke(inner, ["happen"])


def test_a_warning_is_one_line_beside_the_answer():
    def command() -> None:
        warnings.simplefilter("always")
        warnings.warn("look out", UserWarning, stacklevel=1)
        typer.echo("answer")

    outcome = outcome_of(command)
    assert (outcome.exit_code, outcome.stdout) == (0, "answer\n")
    assert outcome.stderr == "warning: look out\n"


def test_an_interruption_while_the_program_is_loaded_is_130():
    code = """
    import sys
    class Interrupted:
        def find_spec(self, name, path=None, target=None):
            if name == "typer":
                raise KeyboardInterrupt
    sys.meta_path.insert(0, Interrupted())
    from healthsim_lake.__main__ import main
    main()
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "interrupted\n")


def test_an_interruption_is_130():
    def command() -> None:
        raise KeyboardInterrupt

    outcome = outcome_of(command)
    assert outcome.exit_code == 130
    assert "Traceback" not in outcome.output


def test_an_error_nobody_expected_keeps_its_traceback():
    def command() -> None:
        raise ZeroDivisionError

    assert isinstance(outcome_of(command).exception, ZeroDivisionError)


def test_an_error_of_several_lines_is_told_in_one():
    def command() -> None:
        raise InputError("one\ntwo \x1b[31m")

    assert outcome_of(command).stderr == "error: one\\ntwo \\x1b[31m\n"


def complete(words: str) -> list[str]:
    environment = {
        **os.environ,
        "_HEALTHSIM_LAKE_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    done = subprocess.run(PROGRAM, capture_output=True, text=True, check=False, env=environment)
    assert done.stderr == ""
    return done.stdout.split()


def test_the_shell_completes_commands_and_names_of_scenarios(lake, tmp_path):
    lake.scenarios.save("colony", {})
    Lake(tmp_path / "two").scenarios.save("elsewhere", {})
    assert complete("healthsim-lake res") == ["restore"]
    assert complete("healthsim-lake show co") == ["colony", "cohort"]
    assert complete(f"healthsim-lake --lake {tmp_path / 'two'} show ") == ["elsewhere"]
    assert complete(f"healthsim-lake show --lake {tmp_path / 'two'} ") == ["elsewhere"]
    assert complete(f"healthsim-lake --lake {tmp_path / 'none'} show ") == []


TAKE_TERMINAL = (
    "import os, sys\n"
    "os.close(os.open(os.ttyname(0), os.O_RDWR))\n"  # makes it the one that Ctrl-C comes from
    "os.execv(sys.executable, [sys.executable, '-m', 'healthsim_lake', *sys.argv[1:]])"
)


def on_terminal(*arguments, answer=b""):
    """Run the program on a terminal of 80 columns; return its exit code and what it showed.

    `answer` is typed when a question ends in ``: ``, and again when nothing happens for a second:
    an interrupt that comes just before the program begins to read is only noticed with the next.
    """
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 80, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k != "COLUMNS"} | {"TERM": "xterm"}
    running = subprocess.Popen(
        [sys.executable, "-c", TAKE_TERMINAL, *map(str, arguments)],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        env=environment,
    )
    os.close(slave)
    shown = b""
    asked = False
    while True:
        if not asked and shown.endswith(b": "):
            asked = True
            os.write(master, answer)
        if select.select([master], [], [], 1.0)[0]:
            part = _read(master)
            if not part:
                break
            shown += part
        elif asked:
            os.write(master, answer)
    os.close(master)
    return running.wait(), shown.decode().replace("\r\n", "\n")


def _read(master):
    try:
        return os.read(master, 65536)
    except OSError:  # so Linux says that the other side has closed
        return b""


def test_on_a_terminal_delete_asks_and_no_is_the_default(lake):
    code, shown = on_terminal("delete", "cohort", answer=b"\n")
    assert "Delete cohort with 3 rows? [y/N]" in shown
    assert "nothing was deleted" in shown
    assert code == 1
    assert lake.scenarios.exists("cohort")
    code, _ = on_terminal("delete", "cohort", answer=b"y\n")
    assert code == 0
    assert not lake.scenarios.exists("cohort")


def test_an_interrupted_question_is_130_and_changes_nothing(lake):
    code, shown = on_terminal("delete", "cohort", answer=b"\x03")
    assert code == 130
    assert "interrupted" in shown
    assert lake.scenarios.exists("cohort")


def test_on_a_terminal_of_80_columns_an_id_can_be_copied(lake):
    record = lake.scenarios.get("cohort")
    code, shown = on_terminal("query", "SELECT scenario_id, scenario_id AS b, * FROM patients")
    assert code == 0
    assert f"  {record.id}\n" in shown
    code, shown = on_terminal("show", "cohort")
    assert code == 0
    assert record.id in shown
    assert max(map(len, COLOURS.sub("", shown).splitlines())) <= 80


def test_on_a_terminal_a_save_shows_how_far_it_is(lake, tmp_path):
    file = tmp_path / "people.json"
    file.write_text(json.dumps({"patients": [{"id": str(number)} for number in range(1000)]}))
    code, shown = on_terminal("save", file)
    assert code == 0
    assert "1000/1000" in shown
    assert lake.scenarios.get("people").entity_count == 1000


def test_on_a_terminal_json_is_indented_and_still_json(lake):
    code, shown = on_terminal("list", "--json")
    plain = COLOURS.sub("", shown)
    assert code == 0
    assert plain.count("\n") > 10
    assert json.loads(plain) == [lake.scenarios.get("cohort").to_dict()]


@pytest.mark.usefixtures("lake")
def test_the_json_of_load_is_the_same_with_and_without_json(run):
    assert run("load", "cohort").json == run("load", "cohort", "--json").json


@pytest.mark.usefixtures("lake")
def test_parquet_is_kept_off_a_terminal():
    code, shown = on_terminal("query", "SELECT 1", "--format", "parquet")
    assert code == 2
    assert "--output FILE" in shown


def test_hints_name_commands_rather_than_methods(run, lake):
    lake.scenarios.delete("cohort")
    refused = run("show", "cohort")
    assert refused.code == 4
    assert "it was deleted; restore 'cohort' brings it back" in refused.err


@pytest.mark.usefixtures("lake")
def test_a_wrong_choice_is_told_without_the_words_of_the_parser(run):
    refused = run("query", "SELECT 1", "--format", "tabel")
    assert refused.code == 2
    assert "'--format': 'tabel' is not one of 'table', 'csv', 'json', 'parquet'" in refused.err
