"""Statistics of files: exact, the same with either engine, and mergeable."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthsim_lake.entities.figures import Figures, figures_of
from healthsim_lake.entities.registry import builtin_types
from healthsim_lake.tables.measuring.picking import reservoir
from healthsim_lake.tables.measuring.statistics import (
    MOST_GUESSED,
    MOST_VALUES,
    TableStatistics,
    from_document,
    measured,
    merged,
)

TYPES = {one.name: one for one in builtin_types()}
PATIENTS = figures_of(TYPES["patients"])
TRANSACTIONS = figures_of(TYPES["claim_transactions"])

people = st.lists(
    st.fixed_dictionaries(
        {
            "gender": st.sampled_from(["M", "F", None, "x" * 150]),
            "birth_date": st.none() | st.dates(date(1900, 1, 1), date(2020, 12, 31)),
            "death_date": st.none() | st.dates(date(2020, 12, 31), date(2030, 1, 1)),
        }
    ),
    max_size=12,
)
SCHEMA = pa.schema({"gender": pa.string(), "birth_date": pa.date32(), "death_date": pa.date32()})


def table(rows: list[dict]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def frame(arrow: pa.Table) -> pl.DataFrame:
    made = pl.from_arrow(arrow)
    assert isinstance(made, pl.DataFrame)
    return made


def of_people(rows: list[dict]) -> TableStatistics:
    return measured(table(rows), PATIENTS)


@given(people)
def test_both_engines_find_the_same(rows):
    assert measured(frame(table(rows)), PATIENTS) == of_people(rows)


@given(
    st.integers(0, 2 * MOST_GUESSED),
    st.lists(st.integers(0, MOST_GUESSED + 1) | st.none(), max_size=20),
    st.booleans(),
)
def test_both_engines_find_the_same_free_text(distinct, others, late):
    words = [*(str(one) for one in range(distinct)), *(["same"] * (3 * MOST_GUESSED))]
    words += [None if one is None else "long " * 30 + str(one) for one in others]
    rows = pa.table({"word": words[::-1] if late else words})
    figures = Figures(values=("word",), guessed=True)
    assert measured(frame(rows), figures) == measured(rows, figures)


@given(st.lists(people, min_size=1, max_size=4))
def test_statistics_of_parts_together_are_those_of_all_rows(parts):
    whole = of_people([row for part in parts for row in part])
    assert merged([of_people(part) for part in parts], guessed=False) == whole


@given(people)
def test_a_document_gives_the_statistics_back(rows):
    statistics = of_people(rows)
    assert from_document(json.loads(json.dumps(statistics.document([])))) == statistics


def test_ages_at_death_are_whole_years_and_the_living_count_by_year():
    statistics = of_people(
        [
            {"birth_date": date(1950, 6, 2), "death_date": date(2000, 6, 1)},
            {"birth_date": date(1950, 6, 1), "death_date": date(2000, 6, 1)},
            {"birth_date": date(1950, 6, 1)},
            {"death_date": date(2000, 6, 1)},
        ]
    )
    assert statistics.deaths == {49: 1, 50: 1}
    assert statistics.births == {1950: 1}


@pytest.mark.parametrize("convert", [lambda one: one, frame], ids=["arrow", "polars"])
def test_amounts_are_exact_and_only_those_that_are_meant(convert):
    amounts = ["0.10", "0.20", None, "7.00"]
    rows = pa.table(
        {
            "transaction_type": ["CHARGE", "CHARGE", "CHARGE", "PAYMENT"],
            "amount": pa.array([one and Decimal(one) for one in amounts], pa.decimal128(12, 2)),
            "payments": pa.nulls(4, pa.decimal128(12, 2)),
        }
    )
    found = measured(convert(rows), TRANSACTIONS).amounts
    assert found["billed"].total == Decimal("0.30")
    assert (found["billed"].count, found["billed"].least, found["billed"].greatest) == (
        2,
        Decimal("0.10"),
        Decimal("0.20"),
    )
    assert (found["paid"].count, found["paid"].total) == (0, 0)
    assert found["adjusted"].count == 0  # the column is not there at all


@pytest.mark.parametrize("convert", [lambda one: one, frame], ids=["arrow", "polars"])
@pytest.mark.parametrize(
    ("largest", "kind"),
    [
        (2**63 - 1, pa.int64()),
        (Decimal("9" * 38), pa.decimal128(38, 0)),
        (Decimal("-" + "9" * 20 + "." + "9" * 18), pa.decimal128(38, 18)),
        (Decimal("0." + "9" * 38), pa.decimal128(38, 38)),
    ],
    ids=str,
)
def test_sums_that_are_too_long_for_the_type_of_their_column_are_exact(convert, largest, kind):
    rows = pa.table({"payments": pa.array([largest, None, largest], kind)})
    parts = [measured(convert(rows), TRANSACTIONS)] * 2
    exact = Fraction(largest) * 4
    with localcontext(prec=3):
        total = merged(parts, guessed=False).amounts["paid"].total
    assert Fraction(total) == exact


def test_the_most_frequent_codes_stay_and_say_that_counts_are_approximate():
    codes = [f"c{number}" for number in range(MOST_VALUES + 5)] + ["c3", "c3"]
    figures = Figures(codes=("code", "description"))
    found = measured(pa.table({"code": codes}), figures)
    assert found.approximate
    assert found.codes is not None
    assert len(found.codes) == MOST_VALUES
    assert next(iter(found.codes.items())) == (("c3", None), 3)
    again = merged([found, measured(pa.table({"code": ["c3"]}), figures)], guessed=False)
    assert again.approximate
    assert again.codes[("c3", None)] == 4


def test_a_guessed_column_of_many_values_is_no_category_whatever_the_files():
    figures = Figures(values=("word",), guessed=True)
    words = [f"w{number}" for number in range(MOST_GUESSED + 1)]
    whole = measured(pa.table({"word": words}), figures)
    parts = [measured(pa.table({"word": part}), figures) for part in (words[:30], words[30:])]
    assert whole.values == {"word": None}
    assert parts[0].values["word"] is not None
    assert merged(parts, guessed=True) == whole
    assert merged([whole, parts[0]], guessed=True).values == {"word": None}


@given(st.integers(0, 3_000), st.integers(0, 3_000), st.integers(1, 6), st.text(max_size=5))
def test_a_table_that_grows_keeps_its_samples_or_takes_new_ones(rows, more, count, seed):
    before, after = reservoir(seed, rows, count), reservoir(seed, rows + more, count)
    assert len(before) == min(count, rows)
    assert all(at in before for at in after if at < rows)
    assert list(after) == sorted(set(after))


def test_samples_come_from_all_over_the_table():
    drawn = [at for seed in range(400) for at in reservoir(str(seed), 1_000, 5)]
    tenths = [sum(at // 100 == tenth for at in drawn) for tenth in range(10)]
    assert min(tenths) > 150  # 200 are expected
    assert max(tenths) < 250
