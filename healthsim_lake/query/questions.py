"""SQL over the tables of a lake: from scenarios to views, from views to an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.state import ScenarioState
from healthsim_lake.entities.registry import Registry
from healthsim_lake.entities.types import ROW_SHAPE, EntityType
from healthsim_lake.errors import DataFileMissingError
from healthsim_lake.query.engine import Engine, Limits
from healthsim_lake.query.guard import examine
from healthsim_lake.query.result import QueryResult, check_page
from healthsim_lake.query.views import FileSource, View
from healthsim_lake.tables.places import locate
from healthsim_lake.tables.selection import choose, files_of

SCENARIOS = "scenarios"

_SCENARIOS = pa.schema(
    [
        ("scenario_id", pa.string()),
        ("name", pa.string()),
        ("description", pa.string()),
        ("tags", pa.list_(pa.string())),
        ("entity_count", pa.int64()),
        ("version", pa.int64()),
        ("created_at", pa.timestamp("us")),
        ("updated_at", pa.timestamp("us")),
    ]
)


class Questions:
    """Answers SQL about one lake.

    Args:
        log: The lake's log.
        view: Returns the snapshot to ask.
        registry: Returns the entity types; each is a view, whether it has rows or not.
    """

    def __init__(
        self,
        log: CommitLog,
        view: Callable[[], Snapshot],
        registry: Callable[[], Registry],
    ) -> None:
        self._log, self._view, self._registry = log, view, registry

    def ask(
        self,
        sql: str,
        *,
        scenario: str | None = None,
        scenarios: Iterable[str] | None = None,
        params: Sequence[Any] | Mapping[str, Any] | None = None,
        limit: int = 20,
        offset: int = 0,
        limits: Limits | None = None,
    ) -> QueryResult:
        """Run one SELECT over the chosen scenarios, or all of them; see `Lake.query`."""
        check_page(limit=limit, offset=offset)
        names = None if scenarios is None else list(scenarios)
        bounds = limits or Limits()
        try:
            answer = self._run(sql, scenario, names, params, bounds)
        except DataFileMissingError:
            # A file moved between being looked up and being opened; its new place is known now.
            answer = self._run(sql, scenario, names, params, bounds)
        return QueryResult.of(answer, sql=sql, limit=limit, offset=offset)

    def _run(
        self,
        sql: str,
        scenario: str | None,
        scenarios: list[str] | None,
        params: Sequence[Any] | Mapping[str, Any] | None,
        limits: Limits,
    ) -> pa.Table:
        chosen = choose(self._view(), scenario, scenarios)
        types = {one.name: one for one in self._registry()}
        reads = examine(sql, tables=[*types, SCENARIOS]).reads
        views = [
            self._table_view(one, chosen if one.name in reads else ()) for one in types.values()
        ]
        views.append(_scenarios_view(chosen if SCENARIOS in reads else ()))
        filesystem = self._log.storage.filesystem
        with Engine(views, limits=limits, filesystem=filesystem) as engine:
            return engine.run(sql, params)

    def _table_view(self, entity_type: EntityType, chosen: Sequence[ScenarioState]) -> View:
        schema = entity_type.arrow_schema
        storage = self._log.storage
        return View(
            name=entity_type.name,
            schema=schema.remove(schema.get_field_index(ROW_SHAPE)).remove_metadata(),
            files=tuple(
                FileSource(storage.location(locate(storage, ref)), ref.scenario_id)
                for ref in files_of(self._log, chosen, entity_type.name)
            ),
        )


def _scenarios_view(chosen: Sequence[ScenarioState]) -> View:
    rows = [
        {
            **state.record.model_dump(include={"name", "description", "version"}),
            "scenario_id": state.record.id,
            "tags": list(state.record.tags),
            "entity_count": state.record.entity_count,
            "created_at": state.record.created_at.replace(tzinfo=None),
            "updated_at": state.record.updated_at.replace(tzinfo=None),
        }
        for state in chosen
    ]
    return View(
        name=SCENARIOS, schema=_SCENARIOS, table=pa.Table.from_pylist(rows, schema=_SCENARIOS)
    )
