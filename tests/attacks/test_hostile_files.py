"""Files that somebody else wrote, to be imported: bombs, twins, depth, names that lead elsewhere."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

from healthsim_lake import Lake
from healthsim_lake.errors import InputError, LakeError

PROFILE = '"demographics":{"count":1}'
SCENARIOS: dict[str, str | bytes] = {
    "depth": '{"patients":[{"id":' + "[" * 100_000,
    "closed depth": '{"patients":[{"id":' + "[" * 50_000 + "]" * 50_000 + "}]}",
    "depth of objects": '{"patients":[{"id":' + '{"a":' * 100_000,
    "depth of the document": "[" * 100_000,
    "depth of metadata": '{"metadata":{"a":' + "[" * 180 + "]" * 180 + '},"patients":[]}',
    "bottomless metadata": '{"metadata":{"a":' + "[" * 100_000,
    "a key twice in a row": '{"patients":[{"id":"1","id":"2"}]}',
    "a table twice": '{"patients":[{"id":"1"}],"patients":[{"id":"2"}]}',
    "a name twice": '{"name":"a","name":"b","patients":[]}',
    "NaN": '{"patients":[{"id":"1","x":NaN}]}',
    "infinity": '{"patients":[{"id":"1","x":-Infinity}]}',
    "a number beyond all doubles": '{"patients":[{"id":"1","x":1e999999999}]}',
    "digits in metadata": '{"metadata":{"a":' + "1" * 1_000_000 + '},"patients":[]}',
    "half of a character": '{"patients":[{"id":"\\ud800"}]}',
    "half of a character in metadata": '{"metadata":{"a":"\\ud800"},"patients":[]}',
    "half of a character in a name": '{"name":"\\ud800","patients":[]}',
    "half of a character in provenance": (
        '{"provenance":{"source_type":"\\ud800"},"patients":[{"id":"1"}]}'
    ),
    "not UTF-8": b'{"patients":[{"id":"\xff\xfe"}]}',
    "UTF-16": '{"patients":[{"id":"1"}]}'.encode("utf-16"),
    "nothing": "",
    "nul": "\x00" * 1_000,
    "only blanks": " " * 100_000,
    "blanks that are packed": gzip.compress(b" " * 2_000_000),
    "depth that is packed": gzip.compress(b'{"patients":[{"id":' + b"[" * 2_000_000),
    "packed twice": gzip.compress(gzip.compress(b'{"patients":[]}')),
    "a packed file cut off": gzip.compress(b'{"patients":[{"id":"1"}]}')[:-9],
    "a table called ../x": '{"name":"n","entities":{"../../x":[{"id":"1"}]}}',
    "a table called /etc/passwd": '{"name":"n","entities":{"/etc/passwd":[{"id":"1"}]}}',
    "a table with a nul": '{"name":"n","entities":{"a\\u0000b":[{"id":"1"}]}}',
    "ten thousand tables of nothing known": json.dumps({f"k{n}s": [] for n in range(10_000)}),
    "a script": '<script>alert("x")</script>',
}
DOCUMENTS: dict[str, tuple[str, str | bytes]] = {
    "YAML aliases": ("yaml", "a: &x [1]\nb: [*x, *x]\n"),
    "a billion laughs": (
        "yaml",
        "a: &a [x,x,x,x]\n" + "".join(f"{n}: &{n} [*a,*a,*a]\n" for n in "bcdefgh"),
    ),
    "a circle": ("yaml", "a: &a [*a]\n"),
    "a merged anchor": ("yaml", "a: &a {x: 1}\nb: {<<: *a}\n"),
    "YAML depth": ("yaml", "a: " + "[" * 5_000 + "]" * 5_000),
    "YAML depth by indentation": (
        "yaml",
        "".join(" " * n + "a:\n" for n in range(1_200)),
    ),
    "YAML depth that Python can follow": ("yaml", "a: " + "[" * 180 + "]" * 180),
    "a YAML key twice": ("yaml", "demographics: {count: 1}\ndemographics: {count: 2}\n"),
    "a YAML key twice further in": ("yaml", "demographics: {count: 1, count: 2}\n"),
    "a Python object": ("yaml", "a: !!python/object/apply:os.system ['true']\n"),
    "a Python name": ("yaml", "a: !!python/name:os.system\n"),
    "a tag of one's own": ("yaml", "a: !x 1\n"),
    "a key that is a list": ("yaml", "? [1, 2]\n: 3\n"),
    "YAML digits": ("yaml", "a: " + "1" * 100_000),
    "a YAML infinity": ("yaml", "a: .inf\n"),
    "a set": ("yaml", "a: !!set {x, y}\n"),
    "bytes": ("yaml", "a: !!binary aGVsbG8=\n"),
    "YAML control characters": ("yaml", b"a: \x00\x01\n"),
    "YAML that is no UTF-8": ("yaml", b"a: \xff\xfe\xfd\n"),
    "two YAML documents": ("yaml", "a: 1\n---\nb: 2\n"),
    "JSON depth": ("json", "{" + PROFILE + ',"x":' + "[" * 100_000),
    "JSON depth that Python can follow": (
        "json",
        "{" + PROFILE + ',"x":' + "[" * 180 + "]" * 180 + "}",
    ),
    "a JSON key twice": ("json", '{"demographics":{"count":1,"count":2}}'),
    "JSON digits": ("json", "{" + PROFILE + ',"x":' + "1" * 100_000 + "}"),
    "JSON NaN": ("json", "{" + PROFILE + ',"x":NaN}'),
    "half of a character": ("json", "{" + PROFILE + ',"x":"\\ud800"}'),
    "half of a character in a key": ("json", "{" + PROFILE + ',"\\ud800":1}'),
    "a name with a nul": ("json", '{"name":"a\\u0000b",' + PROFILE + "}"),
    "a name of an id": ("json", '{"name":"00000000-0000-4000-8000-000000000000",' + PROFILE + "}"),
    "a long name": ("json", '{"name":"' + "x" * 10_000 + '",' + PROFILE + "}"),
    "tags that are no list": ("json", '{"kind":"profile","tags":"a","spec":{' + PROFILE + "}}"),
    "metadata that is no object": (
        "json",
        '{"kind":"profile","metadata":[1],"spec":{' + PROFILE + "}}",
    ),
    "too large for YAML": ("yaml", "a: [" + "x," * 600_000 + "]"),
    "too large": ("json", "{" + PROFILE + ',"x":"' + "x" * 5_000_000 + '"}'),
    "packed": ("json", gzip.compress(b"{}")),
}


@pytest.fixture
def lake(tmp_path):
    with Lake(tmp_path / "lake") as made:
        made.scenarios.save("base", {"patients": [{"id": "1"}]})
        yield made


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("attack", SCENARIOS)
def test_a_hostile_file_of_rows_is_refused_and_nothing_is_saved(lake, tmp_path, attack):
    before = lake.version, sorted(Path(lake.url).rglob("*"))
    with pytest.raises(InputError) as caught:
        lake.scenarios.import_file(write(tmp_path / "file.json", SCENARIOS[attack]))
    assert len(str(caught.value)) < 3_000
    assert (lake.version, sorted(Path(lake.url).rglob("*"))) == before


@pytest.mark.parametrize("attack", DOCUMENTS)
@pytest.mark.parametrize("kind", ["profiles", "journeys"])
def test_a_hostile_document_is_refused_and_nothing_is_saved(lake, tmp_path, kind, attack):
    suffix, content = DOCUMENTS[attack]
    before = lake.version, sorted(Path(lake.url).rglob("*"))
    with pytest.raises(InputError) as caught:
        getattr(lake, kind).import_file(write(tmp_path / f"file.{suffix}", content))
    assert len(str(caught.value)) < 30_000
    assert (lake.version, sorted(Path(lake.url).rglob("*"))) == before


@pytest.mark.parametrize("name", ["../../x", "/etc/cron.d/x", "..", "a/../../b", "C:\\x", "~/x"])
def test_a_name_inside_a_file_is_a_name_and_never_a_path(lake, tmp_path, name):
    before = sorted(one for one in tmp_path.rglob("*") if "lake" not in one.parts)
    document = {"name": name, "patients": [{"id": "1"}]}
    record = lake.scenarios.import_file(write(tmp_path / "f.json", json.dumps(document)))
    assert lake.scenarios.load(name).record == record
    profile = {"name": name, "demographics": {"count": 1}}
    saved = lake.profiles.import_file(write(tmp_path / "p.json", json.dumps(profile)))
    assert lake.profiles.load(name).id == saved.id
    folder = tmp_path / "out"
    folder.mkdir()
    for form in ("json", "csv"):
        exported = Path(lake.scenarios.export(name, folder, format=form).file_path)
        assert folder in exported.resolve().parents
    after = [one for one in tmp_path.rglob("*") if "lake" not in one.parts and one != folder]
    assert {one for one in after if folder not in one.parents} == {
        *before, tmp_path / "f.json", tmp_path / "p.json"
    }  # fmt: skip


@pytest.mark.skipif(os.name == "nt", reason="pipes and devices are of POSIX")
def test_what_has_no_end_is_no_file(lake, tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "zeros.json").symlink_to("/dev/zero")
    for name in ("pipe.json", "zeros.json"):
        for read in (lake.scenarios.import_file, lake.profiles.import_file):
            with pytest.raises(LakeError, match="pipe"):
                read(tmp_path / name)


def test_a_folder_of_ours_names_files_of_its_own_only(lake, tmp_path):
    out = Path(lake.scenarios.export("base", tmp_path / "out", format="csv").file_path)
    write(tmp_path / "outside.csv", "id\nSENTINEL\n")
    about = next(out.glob("*.json"))
    head = json.loads(about.read_bytes())
    for name in ("../outside.csv", str(tmp_path / "outside.csv"), "..", ""):
        head["entities"]["patients"]["file"] = name
        about.write_text(json.dumps(head))
        with pytest.raises(InputError, match="names no file of this folder"):
            lake.scenarios.import_file(out, name="new")
