"""Frames mean rows with every column as a key, and come back as exactly those rows."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pyarrow as pa
import pytest
from codec_cases import (
    CALM,
    DEFAULTS,
    TROUBLE,
    any_type,
    assert_best_cells,
    big_path,
    dates,
    encoded,
    moments,
    numbers,
    strictly,
    texts,
    thorough,
    through_parquet,
    typed_columns,
)
from hypothesis import given
from hypothesis import strategies as st

from healthsim_lake.entities.codec import Chunk, decode, encode_frame, normalise
from healthsim_lake.entities.types import EntityType
from healthsim_lake.errors import InvalidEntityError


def _encoded(frame: pa.Table, entity_type: EntityType = TROUBLE) -> Chunk:
    return encode_frame(entity_type, frame, defaults=DEFAULTS, table=entity_type.name)


def _back(frame: pa.Table, entity_type: EntityType = TROUBLE) -> list[dict[str, Any]]:
    return decode(*through_parquet(_encoded(frame, entity_type), entity_type.arrow_schema))


_FIRST, _LAST = datetime.fromisoformat("1900-01-01"), datetime.fromisoformat("2100-01-01")
_micros = st.datetimes()
_columns: list[tuple[pa.DataType, st.SearchStrategy[Any]]] = [
    (pa.string(), st.one_of(texts, dates, moments, numbers)),
    (pa.large_string(), texts),
    (pa.string_view(), texts),
    (pa.dictionary(pa.int32(), pa.string()), texts),
    (pa.int8(), st.integers(-128, 127)),
    (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    (pa.uint64(), st.integers(0, 2**64 - 1)),
    (pa.float64(), st.floats(allow_nan=False, allow_infinity=False)),
    (pa.float32(), st.floats(width=32, allow_nan=False, allow_infinity=False)),
    (pa.bool_(), st.booleans()),
    (pa.date32(), st.dates()),
    (pa.date64(), st.dates()),
    (pa.timestamp("us"), _micros),
    (pa.timestamp("s"), _micros.map(lambda at: at.replace(microsecond=0))),
    (pa.timestamp("us", "UTC"), st.datetimes(timezones=st.just(UTC))),
    (
        pa.timestamp("us", "+02:00"),
        _micros.filter(lambda at: 1 < at.year < 9999).map(
            lambda at: at.replace(tzinfo=timezone(timedelta(hours=2)))
        ),
    ),
    (
        pa.timestamp("us", "Europe/Berlin"),
        st.datetimes(_FIRST, _LAST).map(
            lambda at: at.replace(tzinfo=UTC).astimezone(ZoneInfo("Europe/Berlin"))
        ),
    ),
    (pa.decimal128(10, 2), st.decimals(-(10**7), 10**7, places=2)),
    (pa.decimal128(30, 9), st.decimals(-(10**7), 10**7, places=9)),
    (pa.time64("us"), st.times()),
    (pa.duration("us"), st.timedeltas(timedelta(days=-9999), timedelta(days=9999))),
    (pa.list_(pa.int64()), st.lists(st.one_of(st.none(), st.integers(0, 9)), max_size=3)),
    (
        pa.struct(
            {
                "given": pa.string(),
                "born": pa.date32(),
                "at": pa.timestamp("us"),
                "weight": pa.float64(),
            }
        ),
        st.fixed_dictionaries(
            {"given": texts, "born": st.dates(), "at": _micros, "weight": st.floats(-9, 9)}
        ),
    ),
    (
        pa.map_(pa.string(), pa.int64()),
        st.dictionaries(texts, st.integers(0, 9), max_size=2).map(lambda m: list(m.items())),
    ),
    (pa.null(), st.none()),
]
_names = [
    "mrn",
    "given_name",
    "name",
    "dob",
    "when",
    "weight",
    "cost",
    "count",
    "score",
    "alive",
    "codes",
    "visit",
    "extra",
    "",
    "x",
]


@st.composite
def frames(draw: st.DrawFn) -> tuple[pa.Table, list[dict[str, Any]]]:
    """A frame, and the rows that it means."""
    names = draw(st.lists(st.sampled_from(_names), unique=True, min_size=1, max_size=6))
    count = draw(st.integers(0, 12))
    arrays, values = [], []
    for _ in names:
        kind, strategy = draw(st.sampled_from(_columns))
        own = draw(
            st.lists(st.one_of(st.none(), strategy, strategy), min_size=count, max_size=count)
        )
        array = pa.array(own, kind)
        arrays.append(array)
        values.append([_meaning(value, kind) for value in own])
    rows = [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]
    return pa.table(arrays, names=names), rows


def _meaning(value: Any, kind: pa.DataType) -> Any:
    if isinstance(value, Decimal):
        return format(value.quantize(Decimal(1).scaleb(-kind.scale)), "f").replace(
            "-0." + "0" * kind.scale, "0." + "0" * kind.scale
        )
    if isinstance(value, dict):
        return {part.name: _meaning(value[part.name], part.type) for part in kind}
    return normalise(value)


@pytest.mark.parametrize("big", [False, True], ids=["arrow", "polars"])
@thorough
@given(case=frames(), entity_type=any_type)
def test_a_frame_comes_back_as_the_rows_it_means(
    case: tuple[pa.Table, list[dict[str, Any]]], entity_type: EntityType, *, big: bool
) -> None:
    frame, rows = case
    with big_path(big=big):
        assert strictly(_back(frame, entity_type)) == strictly(rows)
        assert_best_cells(_encoded(frame, entity_type), entity_type, rows)


def test_a_frame_and_its_rows_give_the_same_columns() -> None:
    rows = [
        {"mrn": "a", "dob": "2024-01-02", "weight": 1.5, "count": 1, "x": "u"},
        {"mrn": "b", "dob": "2024-02-30", "weight": None, "count": 2, "x": None},
    ]
    by_frame, by_rows = _encoded(pa.Table.from_pylist(rows)), encoded(rows)
    assert typed_columns(by_frame) == typed_columns(by_rows)
    assert by_frame.shapes == by_rows.shapes


def test_a_polars_frame_by_way_of_arrow_comes_back() -> None:
    frame = pl.DataFrame(
        {
            "mrn": ["a", None],
            "seen": [datetime.fromisoformat("2024-01-02T03:00"), None],
            "c": ["q", "q"],
        }
    ).with_columns(pl.col("c").cast(pl.Categorical))
    assert _back(frame.to_arrow()) == [
        {"mrn": "a", "seen": "2024-01-02T03:00:00", "c": "q"},
        {"mrn": None, "seen": None, "c": "q"},
    ]


def test_nanoseconds_are_kept_in_the_text() -> None:
    values = [1, 1_000, 10**9, None, -1]
    frame = pa.table(
        {
            "when": pa.array(values, pa.timestamp("ns")),
            "x": pa.array(values, pa.timestamp("ns", "UTC")),
        }
    )
    assert [row["when"] for row in _back(frame)] == [
        "1970-01-01T00:00:00.000000001",
        "1970-01-01T00:00:00.000001",
        "1970-01-01T00:00:01",
        None,
        "1969-12-31T23:59:59.999999999",
    ]
    assert _back(frame)[0]["x"] == "1970-01-01T00:00:00.000000001+00:00"
    assert typed_columns(_encoded(frame))["seen"][1] == datetime(1970, 1, 1, 0, 0, 0, 1)  # noqa: DTZ001


def test_times_and_durations_are_iso_text() -> None:
    frame = pa.table(
        {
            "t": pa.array([time(1, 2, 3), time(0, 0, 0, 5)]),
            "d": pa.array([timedelta(0), timedelta(seconds=-1.5)]),
        }
    )
    assert _back(frame) == [
        {"t": "01:02:03", "d": "PT0S"},
        {"t": "00:00:00.000005", "d": "-PT1.5S"},
    ]


def test_members_of_a_struct_feed_columns_and_the_struct_stays_whole() -> None:
    frame = pa.table({"name": pa.array([{"given": "A", "family": "B"}, None])})
    chunk = _encoded(frame, CALM)
    assert typed_columns(chunk)["given_name"] == ["A", None]
    assert _back(frame, CALM) == [{"name": {"given": "A", "family": "B"}}, {"name": None}]


@pytest.mark.parametrize(
    ("array", "row"),
    [
        (pa.array([1.0, None, float("nan")]), 2),
        (pa.array([[1.0], [float("inf")]]), 1),
        (pa.array([b"x"]), None),
        (pa.array([0, 10**7], pa.date32()), 1),
        (pa.array([0, 2**62], pa.timestamp("us")), 1),
    ],
)
@pytest.mark.parametrize("key", ["score", "codes", "dob", "when", "x"])
def test_what_has_no_json_form_is_refused_with_row_and_column(
    key: str, array: pa.Array, row: int | None
) -> None:
    with pytest.raises(InvalidEntityError) as caught:
        encode_frame(TROUBLE, pa.table({key: array}), defaults={}, table="patient", offset=100)
    assert caught.value.table == "patient"
    assert caught.value.row == (None if row is None else 100 + row)
    assert caught.value.key is not None
    assert caught.value.key.startswith(key)


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(InvalidEntityError, match="two columns have one name"):
        _encoded(pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]))


def test_frames_get_keys_and_defaults_as_rows_do() -> None:
    columns = typed_columns(
        _encoded(pa.table({"id": [7, 8], "dob": pa.array([date(2024, 1, 2), None])}))
    )
    assert columns["patient_key"] == ["7", "8"]
    assert columns["source_type"] == ["loaded", "loaded"]
    anonymous = typed_columns(_encoded(pa.table({"dob": pa.array([date(2024, 1, 2), None])})))
    assert len(set(anonymous["patient_key"])) == 2


def test_a_slice_of_a_frame_means_its_own_rows_only() -> None:
    whole = pa.table(
        {
            "when": ["x", "2024-01-02T03:04:05Z", None, "2024-02-30T00:00:00Z"] * 3,
            "cost": [float("nan"), -0.0, 1.25, None] * 3,
            "weight": [Decimal("1.5"), None, Decimal("2.25"), Decimal("-0.5")] * 3,
            "alive": [True, None, False, True] * 3,
            "name": [{"given": "a"}, None, {"given": None}, {"given": "b"}] * 3,
            "x": [[1], None, [], [2.5]] * 3,
        }
    )
    for start, count in ((1, 3), (5, 3), (9, 2)):
        part = whole.slice(start, count)
        again = pa.Table.from_pylist(part.to_pylist(), schema=part.schema)
        for big in (False, True):
            with big_path(big=big):
                assert strictly(_back(part)) == strictly(_back(again))
                assert (
                    typed_columns(_encoded(part))["seen"] == typed_columns(_encoded(again))["seen"]
                )
