"""What an export tells of itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from healthsim_lake._json import AsJson


@dataclass(frozen=True, slots=True)
class ExportResult(AsJson):
    """A scenario that was written to a file or a folder.

    Attributes:
        scenario_id: Which one.
        scenario_name: Its name.
        format: ``json``, ``ndjson``, ``csv`` or ``parquet``.
        file_path: The file, or the folder that holds ``<table>.<format>``.
        entities_exported: Rows by entity key; types without rows included.
        total_entities: Rows of all types.
        file_size_bytes: Bytes of all that was written.
    """

    scenario_id: str
    scenario_name: str
    format: str
    file_path: str
    entities_exported: dict[str, int]
    total_entities: int
    file_size_bytes: int

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        return asdict(self)
