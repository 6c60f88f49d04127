"""What a row is: column kinds, entity types, the registry, and rows to columns without loss.

The names below are imported when first used, so that work on the catalog alone does not wait for
Arrow and Polars.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from healthsim_lake._lazy import lazy_face

if TYPE_CHECKING:
    from healthsim_lake.entities.codec import Chunk, decode, encode_frame, encode_rows
    from healthsim_lake.entities.infer import infer_from_frame, infer_from_rows
    from healthsim_lake.entities.naming import singular_of, table_name_for
    from healthsim_lake.entities.registry import Registry, builtin_types, describe
    from healthsim_lake.entities.types import EntityType, FieldSpec

_HOMES = {
    "Chunk": "codec",
    "EntityType": "types",
    "FieldSpec": "types",
    "Registry": "registry",
    "builtin_types": "registry",
    "decode": "codec",
    "describe": "registry",
    "encode_frame": "codec",
    "encode_rows": "codec",
    "infer_from_frame": "infer",
    "infer_from_rows": "infer",
    "singular_of": "naming",
    "table_name_for": "naming",
}

__all__ = [
    "Chunk",
    "EntityType",
    "FieldSpec",
    "Registry",
    "builtin_types",
    "decode",
    "describe",
    "encode_frame",
    "encode_rows",
    "infer_from_frame",
    "infer_from_rows",
    "singular_of",
    "table_name_for",
]

__getattr__ = lazy_face(__name__, _HOMES)
