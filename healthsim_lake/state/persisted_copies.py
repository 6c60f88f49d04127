"""What `AutoPersistService` makes of scenarios: clones, merges and files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from healthsim_lake.catalog.names import check_tags
from healthsim_lake.scenarios.copying.results import CloneResult, MergeResult
from healthsim_lake.scenarios.exchange.result import ExportResult
from healthsim_lake.scenarios.writing.autoname import base_name, sanitize_name
from healthsim_lake.state.door import Door

if TYPE_CHECKING:
    from healthsim_lake.scenarios.copying.merging import ConflictStrategy


def lower_tags(tags: Iterable[str] | None) -> list[str] | None:
    """Return tags as the service writes them."""
    return None if tags is None else [tag.lower() for tag in check_tags(tags)]


class PersistedCopies(Door):
    """Clones, merges and exports under the specifications' names."""

    def clone_scenario(
        self,
        source_scenario_id: str,
        new_name: str | None = None,
        description: str | None = None,
        tags: Iterable[str] | None = None,
        include_entity_types: Sequence[str] | None = None,
        new_ids: bool = False,  # noqa: FBT001, FBT002  # like the options before it
    ) -> CloneResult:
        """Make a scenario with the rows of another one; see `lake.scenarios.clone`.

        Args:
            source_scenario_id: The source, by id or name.
            new_name: Of the clone, ``<source>-copy`` by default; with a number behind a taken one.
            description: Free text; by default that of the source.
            tags: Labels; by default those of the source.
            include_entity_types: Entity types to clone; None for all.
            new_ids: Give every row new identifiers, which references follow.

        Raises:
            ScenarioNotFoundError: There is no such scenario.
            EntityTypeNotFoundError: It holds no such type.
        """
        return self.lake.scenarios.clone(
            source_scenario_id,
            self._copy_name(source_scenario_id) if new_name is None else sanitize_name(new_name),
            description=description,
            tags=lower_tags(tags),
            types=include_entity_types,
            new_ids=new_ids,
            unique=True,
        )

    def _copy_name(self, source: str) -> str:
        return f"{sanitize_name(self.lake.scenarios.get(source).name) or 'scenario'}-copy"

    def merge_scenarios(
        self,
        source_scenario_ids: Iterable[str],
        target_name: str | None = None,
        description: str | None = None,
        tags: Iterable[str] | None = None,
        conflict_strategy: ConflictStrategy | None = None,
    ) -> MergeResult:
        """Make a scenario with the rows of several others; see `lake.scenarios.merge`.

        Args:
            source_scenario_ids: The sources, by id or name; two or more.
            target_name: Of the new one, ``merged-`` and the day by default; with a number behind a
                taken one.
            description: Free text; by default it names the sources.
            tags: Labels; by default those of all sources.
            conflict_strategy: ``skip``, ``overwrite``, ``rename`` or ``keep``; by default ``skip``,
                but ``keep`` where sources are clones of one another.

        Raises:
            InputError: Fewer than two sources, one of them twice, or an unknown strategy.
            ScenarioNotFoundError: A source is not there.
        """
        return self.lake.scenarios.merge(
            source_scenario_ids,
            base_name(prefix="merged") if target_name is None else sanitize_name(target_name),
            conflict_strategy=conflict_strategy,
            description=description,
            tags=lower_tags(tags),
            unique=True,
        )

    def export_scenario(
        self,
        scenario_id: str,
        format: str = "json",  # noqa: A002  # promised by the specifications
        output_path: str | os.PathLike[str] | None = None,
        include_entity_types: list[str] | None = None,
        include_provenance: bool = True,  # noqa: FBT001, FBT002  # likewise
    ) -> ExportResult:
        """Write a scenario to a file or folder; see `lake.scenarios.export`."""
        return self.lake.scenarios.export(
            scenario_id,
            output_path,
            format=format,
            types=include_entity_types,
            include_provenance=include_provenance,
        )

    def export_to_json(
        self, scenario_id: str, output_path: str | os.PathLike[str] | None = None
    ) -> ExportResult:
        """Write a scenario to a JSON file."""
        return self.export_scenario(scenario_id, "json", output_path)

    def export_to_csv(
        self, scenario_id: str, output_path: str | os.PathLike[str] | None = None
    ) -> ExportResult:
        """Write a scenario to a folder of CSV files."""
        return self.export_scenario(scenario_id, "csv", output_path)

    def export_to_parquet(
        self, scenario_id: str, output_path: str | os.PathLike[str] | None = None
    ) -> ExportResult:
        """Write a scenario to a folder of Parquet files."""
        return self.export_scenario(scenario_id, "parquet", output_path)
