"""The demonstration: in half a minute, what the lake is for."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import healthsim_lake as hl
from healthsim_lake import formats
from healthsim_lake.cli.asking import print_result
from healthsim_lake.cli.importing import saved
from healthsim_lake.cli.options import DebugOption, LakeOption, settings_of
from healthsim_lake.cli.output import print_table
from healthsim_lake.cli.progress import bytes_read
from healthsim_lake.cli.scenarios import print_list, print_types, print_versions
from healthsim_lake.cli.stage import Stage
from healthsim_lake.cli.tables import Column

if TYPE_CHECKING:
    from healthsim_lake import Lake

QUESTION = """\
SELECT CASE WHEN d.patient_mrn IS NULL THEN 'no' ELSE 'yes' END AS diabetes,
       count(DISTINCT l.patient_mrn) AS patients,
       round(avg(l.value_number), 2) AS mean_hba1c
FROM lab_results AS l
LEFT JOIN (SELECT DISTINCT patient_mrn FROM diagnoses WHERE code = '44054006') AS d
  ON d.patient_mrn = l.patient_mrn
WHERE l.loinc_code = '4548-4'
GROUP BY ALL ORDER BY ALL"""

NEWCOMER = {"id": "new-1", "mrn": "new-1", "given_name": "Ada", "birth_date": "1950-12-10"}


def demo(
    context: typer.Context,
    *,
    name: Annotated[str, typer.Option(metavar="NAME", help="Name of the scenario.")] = "demo",
    keep: Annotated[bool, typer.Option("--keep", help="Keep the temporary lake.")] = False,
    at: LakeOption = None,
    debug: DebugOption = False,
) -> None:
    """Show in half a minute what this is for, on data that came along; works offline.

    The lake is a temporary one, unless --lake says otherwise.

    Example: `healthsim-lake demo`
    """
    settings = settings_of(context)
    settings.debug = debug or settings.debug
    with _place(at or settings.lake, keep=keep) as (place, kept), hl.Lake(place) as lake:
        with formats.synthea.demo_export() as folder:
            story = Story(lake, name, folder)
            story.tell()
        story.goodbye(kept=kept)


@contextlib.contextmanager
def _place(given: str | None, *, keep: bool) -> Iterator[tuple[str, bool]]:
    """Give the place of the lake, and whether it will still be there afterwards."""
    if given is not None:
        yield given, True
    elif keep:
        yield str(Path(tempfile.mkdtemp(prefix="healthsim-demo-")) / "lake"), True
    else:
        with tempfile.TemporaryDirectory(prefix="healthsim-demo-") as folder:
            yield str(Path(folder) / "lake"), False


class Story:
    """The steps of the demonstration, each with the line that the reader could type.

    Args:
        lake: Where to play.
        name: What the scenario is to be called.
        folder: An export in Synthea's layout.
    """

    def __init__(self, lake: Lake, name: str, folder: Path) -> None:
        self._lake, self._name, self._folder = lake, name, folder
        self._stage = Stage()

    def tell(self) -> None:
        """Play all steps in order."""
        self._stage.say("healthsim-lake: synthetic healthcare scenarios as a lake of Parquet files")
        self._stage.shell(f"export HEALTHSIM_LAKE={self._lake.url}")
        self.take_in()
        self.ask()
        self.read_in_place()
        self.give_back()
        self.remember()

    def take_in(self) -> None:
        """Import an export, and list what is there."""
        self._stage.heading("Take in: a folder of Synthea's CSV files becomes a scenario")
        self._stage.shell(f"healthsim-lake import synthea {self._folder} --name {self._name}")
        with bytes_read() as tell:
            export = formats.synthea.read(self._folder, on_progress=tell)
            record = self._lake.scenarios.save(self._name, export, tags=["demo"])
        print_types(record)
        self._stage.say(f"{saved(record)}, in one atomic commit.")
        self._stage.shell("healthsim-lake list")
        print_list(self._lake.scenarios.list())

    def ask(self) -> None:
        """Answer a medical question."""
        self._stage.heading("Ask: is the blood sugar of people with diabetes under control?")
        self._stage.shell(f'healthsim-lake query --scenario {self._name} "\n{QUESTION}"')
        print_result(self._lake.query(QUESTION, scenario=self._name))

    def read_in_place(self) -> None:
        """Read the same rows with engines that know nothing of this package."""
        self._stage.heading("Read in place: plain DuckDB and Polars, nothing of this package")
        record = self._lake.scenarios.get(self._name)
        partition = f"scenario_id={record.id}"
        files = f"{self._lake.url}/data/encounters/{partition}/*.parquet"
        self._stage.run(
            "import duckdb\n"
            f'files = "{files}"\n'
            "connection = duckdb.connect()\n"
            'print(connection.sql("SELECT class_code, count(*) AS encounters, "\n'
            '      "sum(total_claim_cost) AS cost FROM read_parquet(\'" + files + "\') "\n'
            '      "GROUP BY ALL ORDER BY cost DESC"))\n'
            "connection.close()"
        )

    def give_back(self) -> None:
        """Write the CSV files anew from the lake, and compare them with the originals."""
        self._stage.heading("Give back: every row and every cell, exactly")
        self._stage.python(
            f'scenario = lake.scenarios.load("{self._name}")\n'
            'synthea.write(scenario, scenario.record.metadata, "back")'
        )
        scenario = self._lake.scenarios.load(self._name)
        with tempfile.TemporaryDirectory() as back:
            written = formats.synthea.write(scenario, scenario.record.metadata, back)
            same = [one for one in written if _equal(one, self._folder / one.name)]
        self._stage.say(
            f"{len(written)} CSV files written from the lake; "
            f"{len(same)} are the same as the originals, byte for byte."
        )

    def remember(self) -> None:
        """Change the scenario, and look at what it was."""
        self._stage.heading("Remember: every change is a version, and the old ones stay")
        before = self._lake.scenarios.load(self._name, types=["patients"])
        self._stage.python(f'lake.scenarios.add("{self._name}", {{"patients": [{NEWCOMER}]}})')
        self._lake.scenarios.add(self._name, {"patients": [NEWCOMER]}, message="a new patient")
        self._stage.shell(f"healthsim-lake history {self._name}")
        print_versions(self._lake.scenarios.history(self._name))
        self._stage.shell(
            f"healthsim-lake load {self._name} --type patients --version 1 --output old.json"
        )
        old = self._lake.scenarios.load(
            self._name, types=["patients"], version=before.record.version
        )
        new = self._lake.scenarios.load(self._name, types=["patients"])
        columns = (Column("version", right=True), Column("patients", right=True))
        print_table(columns, [[one.record.version, len(one["patients"])] for one in (old, new)])

    def goodbye(self, *, kept: bool) -> None:
        """Say where the lake is, and how to go on."""
        self._stage.heading("Go on")
        if kept:
            self._stage.say(f"The lake stays at {self._lake.url}")
            self._stage.shell(f"healthsim-lake --lake {self._lake.url} show {self._name}")
        else:
            self._stage.say("The lake was temporary and is gone now. To keep one, and look around:")
            self._stage.shell("healthsim-lake demo --lake ./my-lake")
            self._stage.shell("healthsim-lake --lake ./my-lake show demo")


def _equal(one: Path, other: Path) -> bool:
    return one.read_bytes() == other.read_bytes()
