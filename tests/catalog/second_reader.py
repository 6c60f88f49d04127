"""A second reader of lakes, written from ``catalog/FORMAT.md`` alone: plain Python and pyarrow.

Nothing of ``healthsim_lake`` is used here, so that the page stays honest: where it leaves something
open, this reader and the package read differently, and `test_second_reader.py` fails. Numbers in
brackets are sections of the page. Only reading is here, and of a quiet lake on a disk.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

ON_SCENARIOS = {
    "create_scenario", "replace_rows", "rename_scenario", "describe_scenario", "add_tag",
    "remove_tag", "delete_scenario", "restore_scenario",
}  # fmt: skip
OTHERS = {
    "protocol", "declare_table", "create_document", "change_document", "delete_document",
    "restore_document", "extend_ledger", "forget", "purge",
}  # fmt: skip
REQUIREMENTS = {
    "name_free", "exists", "deleted", "scenario_is", "table_is", "document_name_free",
    "document_is", "ledger_is", "retained",
}  # fmt: skip


class SecondReader:
    """The scenarios of a lake at one of its versions, by default the newest.

    Attributes:
        commits: All commits up to the head.
        scenarios: What is known of each by id, tombstones included.
    """

    def __init__(self, root: Path, version: int | None = None) -> None:
        self.root = root
        self.commits = list(self._log())
        self.scenarios: dict[str, dict[str, Any]] = {}
        self.version = len(self.commits) if version is None else version
        for commit in self.commits[: self.version]:
            self._apply(commit)
        for commit in self.commits:  # the retention of the head holds for earlier versions (12)
            for action in commit["actions"]:
                if action["kind"] == "forget":
                    self._forget(action["before"])
                if action["kind"] == "purge" and commit["version"] > self.version:
                    self.scenarios.pop(action["scenario_id"], None)

    def names(self) -> dict[str, str]:
        """Return the ids of all scenarios that are not deleted, by name."""
        return {one["name"]: key for key, one in self.scenarios.items() if not one["deleted"]}

    def load(self, name: str, version: int | None = None) -> dict[str, list[dict[str, Any]]]:
        """Return the rows of a version of a scenario by the keys they were saved under."""
        scenario_id = self.names()[name]
        versions = self.scenarios[scenario_id]["versions"]
        chosen = versions[max(versions) if version is None else version]
        manifest = self._manifest(scenario_id, chosen["manifest_commit"])
        return {
            one["key"]: [
                row
                for file in one.get("files", [])
                for row in self._rows(one["table"], scenario_id, file)
            ]
            for one in manifest["sets"]
        }

    def _log(self) -> Iterator[dict[str, Any]]:
        """Yield all commits, each checked against the one before (3)."""
        data = (self.root / "catalog" / "lake.json").read_bytes()
        assert parse(data)["format"] == 1
        version = 1
        while (path := self.root / "catalog" / "log" / f"{version:020d}.json").exists():
            previous, data = sha256(data), path.read_bytes()
            commit = {"actions": [], "requires": [], "format": 1} | parse(data)
            assert (commit["format"], commit["version"]) == (1, version)
            assert commit["previous"] == previous, f"{path} does not follow the commit before it"
            assert {one["kind"] for one in commit["actions"]} <= ON_SCENARIOS | OTHERS
            assert {one["kind"] for one in commit["requires"]} <= REQUIREMENTS
            assert not any(one.get("reader_features") for one in commit["actions"])
            yield commit
            version += 1

    def _apply(self, commit: dict[str, Any]) -> None:
        """Fold the actions of one commit over the state (3.1, 3.2)."""
        changed = {}
        for action in commit["actions"]:
            if action["kind"] == "purge":
                self.scenarios.pop(action["scenario_id"], None)
            if action["kind"] in ON_SCENARIOS:
                changed[action["scenario_id"]] = self._change(commit, action)
        for one in changed.values():
            one["version"] += 1
            one["versions"][one["version"]] = {
                "commit": commit["version"], "manifest_commit": one["manifest_commit"],
                "timestamp": commit["timestamp"], "operation": commit["operation"],
            }  # fmt: skip

    def _change(self, commit: dict[str, Any], action: dict[str, Any]) -> dict[str, Any]:
        now, kind, key = commit["timestamp"], action["kind"], action["scenario_id"]
        if kind == "create_scenario":
            self.scenarios[key] = {
                "name": action["name"], "description": action.get("description"),
                "tags": action.get("tags", []), "metadata": action.get("metadata", {}),
                "created_at": now, "deleted": False, "version": 0, "versions": {},
            }  # fmt: skip
        one = self.scenarios[key]
        if not action.get("same_rows"):
            one["updated_at"] = now
        if "manifest" in action:
            one["manifest_commit"] = commit["version"]
            one["entity_counts"] = action.get("entity_counts", {})
        if kind in {"rename_scenario", "restore_scenario"}:
            one["name"] = action["name"]
        if kind in {"delete_scenario", "restore_scenario"}:
            one["deleted"] = kind == "delete_scenario"
        if kind == "describe_scenario":
            for what in ("description", "metadata"):
                one[what] = one[what] if action.get(what) is None else action[what]
        if "tag" in action:
            one["tags"] = tagged(one["tags"], action["tag"], add=kind == "add_tag")
        return one

    def _forget(self, before: int) -> None:
        """Drop what no version of the lake from `before` on shows (12)."""
        assert before <= self.version, f"version {self.version} was forgotten"
        for key, one in list(self.scenarios.items()):
            for earlier, later in pairwise(sorted(one["versions"])):
                if one["versions"][later]["commit"] <= before:
                    del one["versions"][earlier]
            if one["deleted"] and one["versions"][one["version"]]["commit"] <= before:
                del self.scenarios[key]

    def _manifest(self, scenario_id: str, version: int) -> Any:
        """Return the manifest that a commit's action on the scenario carries (3.4)."""
        found = next(
            action["manifest"]
            for action in reversed(self.commits[version - 1]["actions"])
            if action.get("scenario_id") == scenario_id and "manifest" in action
        )
        if "sets" in found:
            return found
        path = self.root / "catalog" / "scenarios" / scenario_id / f"{found['txn_id']}.json"
        data = path.read_bytes()
        assert sha256(data) == found["sha256"], f"{path} was changed"
        return parse(data)

    def _rows(self, table: str, scenario_id: str, file: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the rows of one data file (6, 9)."""
        name = f"{file['name']}.parquet"
        live, superseded = (
            self.root / room / table / f"scenario_id={scenario_id}" / name
            for room in ("data", "history")
        )
        places = (live, self.root / "staging" / name, live, superseded)
        path = next(place for place in places if place.exists())
        data = path.read_bytes()
        assert (len(data), sha256(data)) == (file["bytes"], file["sha256"]), f"{path} was changed"
        with pq.ParquetFile(path) as opened:
            shapes = parse(opened.metadata.metadata[b"healthsim.shapes"])
            for batch in opened.iter_batches():
                for cells in batch.to_pylist():
                    yield decoded(cells, shapes[cells["row_shape"]])


def parse(data: bytes | str) -> Any:
    """Return what a JSON text says; integers may have any number of digits (9.3)."""
    return json.loads(data, parse_int=lambda digits: int(Decimal(digits)))


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def tagged(tags: list[str], tag: str, *, add: bool) -> list[str]:
    others = [known for known in tags if known.casefold() != tag.casefold()]
    if not add:
        return others
    return tags if len(others) < len(tags) else [*tags, tag]


def decoded(cells: dict[str, Any], shape: dict[str, Any]) -> dict[str, Any]:
    """Return a row from its cells (9.1)."""
    extra = {} if cells["extra"] is None else parse(cells["extra"])
    row: dict[str, Any] = {}
    for path, column, form in shape["keys"]:
        cell = None if column is None else cells[column]
        if cell is None and shape.get("sparse", False):
            continue
        if path[0] in extra:
            row[path[0]] = None  # its place; such a cell need not be printable
            continue
        place = row
        for key in path[:-1]:
            place = place.setdefault(key, {})
        place[path[-1]] = None if cell is None else printed(cell, form)
    return row | extra


def number(cell: float | Decimal) -> int | float:
    return int(cell) if cell == int(cell) else float(cell)


PRINTED: dict[tuple[type, str], Callable[[Any], Any]] = {
    (str, "text"): str, (str, "int"): int, (str, "json"): parse,
    (bool, "bool"): bool, (bool, "text"): lambda cell: str(cell).lower(),
    (int, "int"): int, (int, "text"): str, (int, "float"): float,
    (float, "float"): float, (float, "whole"): int, (float, "number"): number,
    (float, "text"): repr, (float, "text:whole"): lambda cell: str(int(cell)),
    (Decimal, "float"): float, (Decimal, "whole"): int, (Decimal, "number"): number,
    (date, "date"): date.isoformat, (datetime, "date"): lambda cell: cell.date().isoformat(),
}  # fmt: skip
"""The table of 9.5; the Parquet type of a column is enough to tell what a form means."""


def printed(cell: Any, form: str) -> Any:
    """Return the JSON value that a cell prints as (9.5); a form that is not known is refused."""
    if plain := PRINTED.get((type(cell), form)):
        return plain(cell)
    if isinstance(cell, datetime):
        return moment(cell, form)
    digits = re.fullmatch(r"text:(\d+)", form)
    assert isinstance(cell, Decimal), f"no form {form} of {type(cell)}"
    assert digits, f"no form {form} of decimals"
    return f"{cell:.{digits[1]}f}"


def moment(cell: datetime, form: str) -> str:
    """Return a moment as its form ``S:F:Z`` shows it."""
    found = re.fullmatch(r"([T ]):(m|0|3|6|iso):(|Z|([+-])(\d\d):(\d\d))", form)
    assert found, f"no form {form} of moments"
    between, fraction, zone, sign, hours, minutes = found.groups()
    if sign:
        cell += int(f"{sign}1") * timedelta(hours=int(hours), minutes=int(minutes))
    if fraction == "iso":
        fraction = "6" if cell.microsecond else "0"
    shown = {"m": "minutes", "0": "seconds", "3": "milliseconds", "6": "microseconds"}[fraction]
    return cell.isoformat(between, shown) + zone
