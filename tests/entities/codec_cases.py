"""Rows that lean towards trouble, and what the codec's tests share."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from healthsim_lake.entities.codec import (
    Chunk,
    arrays,
    chunk,
    decode,
    encode_rows,
    shapes_from_json,
    shapes_to_json,
    transpose,
)
from healthsim_lake.entities.codec.best import best
from healthsim_lake.entities.types import EntityType, FieldSpec

EXAMPLES = int(os.environ.get("HEALTHSIM_EXAMPLES", "300"))
DEFAULTS = {
    "created_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).replace(tzinfo=None),
    "source_type": "loaded",
}

_FIELDS: list[tuple[str, str, tuple[Any, ...]]] = [
    ("patient_key", "text", ("mrn", "Id")),
    ("given_name", "text", (("name", "given"), "first")),
    ("family_name", "text", (("name", "family"), "first")),
    ("nick", "json", ("name",)),
    ("birth_date", "date", ("dob", ("name", "born"))),
    ("seen", "timestamp", ("when", ("visit", "at"))),
    ("left", "timestamp", ("a.b",)),
    ("weight", "decimal(6,2)", (("visit", "weight"), ("visit", "deep", "weight"))),
    ("cost", "decimal(20,4)", ("weight",)),
    ("count", "int", (("visit", "count"),)),
    ("score", "float", ("count",)),
    ("alive", "bool", ()),
    ("codes", "json", (("visit", "codes"),)),
]
TROUBLE = EntityType(
    name="troubles",
    singular="trouble",
    key="patient_key",
    fields=tuple(
        FieldSpec(id=number, name=name, type=kind, aliases=aliases)
        for number, (name, kind, aliases) in enumerate(_FIELDS, start=1)
    ),
)
"""A type whose places collide: shared aliases, an alias that is a column, a root that is a place."""
CALM = EntityType(
    name="calms",
    singular="calm",
    key="patient_key",
    fields=tuple(spec for spec in TROUBLE.fields if spec.name != "nick"),
)
"""The same without the column that keeps ``name`` from being taken apart."""

_KEYS = [
    *(name for name, _, _ in _FIELDS),
    *("mrn", "Id", "id", "first", "dob", "when", "a.b", "name", "visit", "trouble_id"),
    *("extra", "row_shape", "scenario_id", "created_at", "generation_seed", "_provenance"),
    *("", "ID", "Count", "Ünï", "nul\x00", "name.given", "%s", '"', "\U0001f600"),
]
_MEMBERS = ["given", "family", "born", "at", "weight", "count", "codes", "seed", "deep", "other"]

texts = st.one_of(
    st.text(max_size=6),
    st.sampled_from(
        [
            *("", "A", "nan", "NaN", "inf", "null", "true", "false", "True", "\x00", "[1, 2]"),
            *("[]", '{"a":1}', "{bad", "[1e999]", '["\\ud800"]', "é" * 10, "Zé", "00éZ"),
        ]
    ),
)
dates = st.sampled_from(
    [
        *("2024-02-29", "2024-02-30", "2023-02-29", "0000-01-01", "0001-01-01", "9999-12-31"),
        *("2024-1-5", "20240105", "+2024-01-05", " 2024-01-05", "2024-01-05 ", "10000-01-01"),
        *("1969-12-31", "2024-13-01", "2024-01-05T00:00:00", "٢٠٢٤-01-05"),
    ]
)
moments = st.one_of(
    st.datetimes().map(str),
    st.datetimes().map(datetime.isoformat),
    st.datetimes(timezones=st.timezones()).map(datetime.isoformat),
    st.builds(
        "{}{}{}{}".format,
        st.sampled_from(["2024-03-10", "1969-12-31", "0001-01-01", "9999-12-31", "2024-02-30"]),
        st.sampled_from(
            ["T23:59", " 00:00", "T10:11:12", " 10:11:12", "T24:00:00", "T10:11:60", "t10:11"]
        ),
        st.sampled_from(["", "", ".5", ".120", ".123", ".123456", ".000000", ".1234567", ":30"]),
        st.sampled_from(
            ["", "Z", "z", "+00:00", "-05:00", "+14:00", "+0530", "-00:00", "é", "+24:00"]
        ),
    ),
)
integers = st.one_of(
    st.integers(-5, 300),
    st.sampled_from(
        [2**53, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 10**30, 9999, 10**4]
    ),
)
floats = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        [
            0.0,
            -0.0,
            1.0,
            1.5,
            72.25,
            72.125,
            1.005,
            0.1 + 0.2,
            1e15,
            1e16,
            1e22,
            1e-7,
            9999.99,
            9999.995,
            5e-324,
        ]
    ),
)
numbers = st.one_of(
    integers.map(str),
    floats.map(repr),
    st.decimals(-(10**5), 10**5, places=2).map(str),
    st.sampled_from(
        [
            "-0",
            "007",
            "+5",
            " 5",
            "5.",
            ".5",
            "-0.00",
            "1e3",
            "0x1F",
            "1_000",
            "1.505",
            "72.0",
            "72.50",
            "9" * 30,
        ]
    ),
)
scalars = st.one_of(st.none(), st.booleans(), integers, floats, texts, dates, moments, numbers)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(_MEMBERS), inner, max_size=4),
        st.dictionaries(st.text(max_size=3), inner, max_size=2),
    ),
    max_leaves=6,
)
_fields = [
    scalars,
    values,
    texts,
    dates,
    moments,
    integers,
    floats,
    numbers,
    st.booleans(),
    st.none(),
]


@st.composite
def uniform_rows(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Rows with the same keys, a column mostly of one sort."""
    keys = draw(st.lists(st.sampled_from(_KEYS), unique=True, max_size=8))
    columns = {key: draw(st.sampled_from(_fields)) for key in keys}
    row = st.fixed_dictionaries({key: st.one_of(one, one, values) for key, one in columns.items()})
    rows = draw(st.lists(row, max_size=12))
    return rows * draw(st.sampled_from([1, 1, 3, 9]))


any_rows = st.one_of(
    uniform_rows(),
    st.lists(st.dictionaries(st.sampled_from(_KEYS), values, max_size=8), max_size=50),
    st.lists(
        st.dictionaries(st.sampled_from(_KEYS[:12]), st.one_of(dates, integers, texts), max_size=8),
        min_size=34,
        max_size=60,
    ),
    st.lists(
        st.fixed_dictionaries(
            {"mrn": texts},
            optional={
                "name": st.dictionaries(st.sampled_from(_MEMBERS[:3]), texts, max_size=3),
                "visit": st.fixed_dictionaries(
                    {},
                    optional={"at": moments, "weight": floats, "count": integers, "codes": values},
                ),
                "_provenance": st.dictionaries(st.sampled_from(["seed", "skill_used"]), integers),
                "dob": dates,
                "cost": numbers,
            },
        ),
        max_size=60,
    ),
)
thorough = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
any_type = st.sampled_from([TROUBLE, CALM])


@contextmanager
def big_path(*, big: bool) -> Iterator[None]:
    """Take the path of big chunks (Polars) or of small ones (Arrow), whatever the size."""
    limit = 0 if big else 10**9
    with ExitStack() as stack:
        for module in (arrays, chunk, transpose):
            stack.enter_context(patch.object(module, "SMALL_ROWS", limit))
        yield


def through_parquet(given: Chunk, schema: pa.Schema) -> tuple[Any, Any]:
    """Return the chunk's columns and shapes after a real trip through a Parquet file."""
    sink = io.BytesIO()
    if isinstance(given.data, pl.DataFrame):
        given.data.write_parquet(sink, compression="uncompressed")
        data: Any = pl.read_parquet(io.BytesIO(sink.getvalue()))
    else:
        assert given.data.schema.equals(schema)
        pq.write_table(given.data, sink, compression="none", store_schema=False)
        data = pq.read_table(io.BytesIO(sink.getvalue()))
    return data, shapes_from_json(shapes_to_json(given.shapes))


def encoded(rows: Sequence[Any], entity_type: EntityType = TROUBLE) -> Chunk:
    """Encode rows as tests do."""
    return encode_rows(entity_type, rows, defaults=DEFAULTS, table=entity_type.name)


def there_and_back(rows: Sequence[Any], entity_type: EntityType = TROUBLE) -> list[dict[str, Any]]:
    """Encode rows, write and read a Parquet file, decode."""
    data, shapes = through_parquet(encoded(rows, entity_type), entity_type.arrow_schema)
    return decode(data, shapes)


def strictly(value: Any) -> Any:
    """Return something that is equal for values only if they are the same JSON value."""
    match value:
        case dict():
            return {key: strictly(item) for key, item in value.items()}
        case list():
            return [strictly(item) for item in value]
        case float():
            return ("float", math.copysign(1, value), value)
    return (type(value).__name__, value)


def typed_columns(given: Chunk) -> dict[str, list[Any]]:
    """Return the values of all columns."""
    if isinstance(given.data, pl.DataFrame):
        return given.data.to_dict(as_series=False)
    return given.data.to_pydict()


def feeding(entity_type: EntityType, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON value that feeds each column, found the slow and plain way."""
    interior = {
        place[:depth]
        for spec in entity_type.columns
        for place in spec.places
        for depth in range(1, len(place))
    }
    found = {}
    for spec in entity_type.columns:
        for place in spec.places:
            value: Any = row
            for key in place:
                value = value.get(key, _NOWHERE) if isinstance(value, dict) else _NOWHERE
            shut = isinstance(value, dict) and place in interior and spec.kind.name != "json"
            if value is not _NOWHERE and not shut:
                found[spec.name] = value
                break
    return found


_NOWHERE: Any = object()


def assert_best_cells(chunk: Chunk, entity_type: EntityType, rows: Sequence[Any]) -> None:
    """Check every cell against what feeds it."""
    columns = typed_columns(chunk)
    for position, row in enumerate(rows):
        fed = feeding(entity_type, row)
        for spec in entity_type.columns:
            cell = columns[spec.name][position]
            expected = best(spec.kind, fed[spec.name]) if spec.name in fed else None
            if spec.name == entity_type.key and expected is None:
                assert cell is not None
            elif spec.name in fed:
                assert strictly(cell) == strictly(expected), (spec.name, fed[spec.name])
            else:
                assert cell == DEFAULTS.get(spec.name)
