"""The demonstration: in half a minute, what the lake is for."""

from __future__ import annotations

import contextlib
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

import healthsim_lake as hl
from healthsim_lake import formats
from healthsim_lake.cli.options import DebugOption, LakeOption, settings_of
from healthsim_lake.cli.stage import Stage

QUESTION = """\
SELECT d.patient_mrn IS NOT NULL AS diabetes,
       count(DISTINCT l.patient_mrn) AS patients,
       round(avg(l.value::DOUBLE), 2) AS mean_hba1c
FROM lab_results AS l
LEFT JOIN (SELECT DISTINCT patient_mrn FROM diagnoses WHERE code = '44054006') AS d
       ON d.patient_mrn = l.patient_mrn
WHERE l.loinc_code = '4548-4'
GROUP BY ALL ORDER BY ALL"""
"""44054006 is SNOMED CT for diabetes type 2, 4548-4 LOINC for haemoglobin A1c."""

IN_PLACE = """\
import duckdb, polars
print(duckdb.sql('''
    SELECT class_code, count(*) AS encounters, sum(total_claim_cost) AS cost
    FROM 'data/encounters/**/*.parquet' GROUP BY ALL ORDER BY cost DESC'''))
patients = polars.scan_parquet('data/patients', hive_partitioning=True)
print(patients.group_by('gender').len().sort('gender').collect())"""

GIVE_BACK = """\
import filecmp
import healthsim_lake as hl
from healthsim_lake.formats import synthea
lake = hl.Lake({url!r})
scenario = lake.scenarios.load({name!r})
export, back = {export!r}, {back!r}
files = [path.name for path in synthea.write(scenario, scenario.record.metadata, back)]
same, _, _ = filecmp.cmpfiles(export, back, files, shallow=False)
print(len(files), "CSV files written,", len(same), "equal the originals byte for byte")"""

REMEMBER = """\
newcomer = {{"id": "new-1", "given_name": "Ada", "birth_date": "1950-12-10"}}
record = lake.scenarios.add({name!r}, {{"patients": [newcomer]}}, message="one more")
print("version", record.version, "has", record.entity_counts["patients"], "patients")"""

LOOK_BACK = """\
before = lake.scenarios.load({name!r}, version=record.version - 1)
print("version", before.record.version, "had", len(before["patients"]), "patients")"""


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
    with _place(at or settings.lake, keep=keep) as (place, kept):
        with hl.Lake(place) as lake:
            url = lake.url
        stage = Stage(context, url)
        with formats.synthea.demo_export() as export:
            _tell(stage, url=url, name=name, export=export)
        _say_goodbye(stage, url=url, name=name, kept=kept)


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


def _tell(stage: Stage, *, url: str, name: str, export: Path) -> None:
    called = shlex.quote(name)
    stage.say("healthsim-lake keeps synthetic healthcare scenarios as a lake of Parquet files.")
    stage.type(f"export HEALTHSIM_LAKE={shlex.quote(url)}")

    stage.heading("Take in: a folder of Synthea's CSV files becomes a scenario")
    stage.shell(f"healthsim-lake import synthea {shlex.quote(str(export))} --name {called}")
    stage.shell("healthsim-lake list")

    stage.heading("Ask: is the blood sugar of people with diabetes under control?")
    stage.shell(f'healthsim-lake query --scenario {called} "\n{QUESTION}"')

    if "://" not in url:
        stage.heading("Read in place: any engine, no server, nothing of this package")
        stage.type(f"cd {shlex.quote(url)} && python")
        with contextlib.chdir(url):
            stage.python(IN_PLACE)

    stage.heading("Give back: every row and every cell, exactly")
    with tempfile.TemporaryDirectory() as back:
        stage.python(GIVE_BACK.format(url=url, name=name, back=back, export=str(export)))

    stage.heading("Remember: every change is a version, and the old ones stay")
    stage.python(REMEMBER.format(name=name))
    stage.shell(f"healthsim-lake history {called}")
    stage.python(LOOK_BACK.format(name=name))


def _say_goodbye(stage: Stage, *, url: str, name: str, kept: bool) -> None:
    stage.heading("Go on")
    if kept:
        stage.say(f"The lake is at {url}")
        stage.type(f"healthsim-lake --lake {shlex.quote(url)} show {shlex.quote(name)}")
    else:
        stage.say("The lake was temporary and is gone now. One that stays, to look around in:")
        stage.type("healthsim-lake demo --lake ./my-lake")
        stage.type("healthsim-lake --lake ./my-lake show demo")
    stage.type("healthsim-lake --help")
