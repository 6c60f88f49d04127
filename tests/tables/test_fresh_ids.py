"""New identifiers: one for each, of the same form, the same wherever an old one stands."""

from __future__ import annotations

from uuid import UUID

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthsim_lake.tables.rewriting.fresh_ids import FreshIds, OtherIds

IDS = st.one_of(
    st.text(max_size=12),
    st.integers(-(2**63), 2**63 - 1).map(str),
    st.integers(0, 30).map("P{}".format),
    st.uuids().map(str),
    st.uuids().map(lambda one: str(one).upper()),
    st.from_regex(r"[A-Z]{0,3}-?[0-9]{1,22}[a-z]?", fullmatch=True),
)


def fresh(ids: list[str | None], seed: str = "seed", **options) -> list[str | None]:
    return FreshIds(seed, **options)(pl.Series("id", ids, dtype=pl.String)).to_list()


@given(st.lists(IDS, unique=True, max_size=40))
def test_no_two_identifiers_become_one_and_none_stays(ids):
    new = fresh(ids)
    assert len(set(new)) == len(ids)
    assert [old for old, one in zip(ids, new, strict=True) if old == one] == [""] * ids.count("")


@given(st.lists(IDS, max_size=20))
def test_the_new_identifier_does_not_depend_on_its_company(ids):
    assert fresh(ids) == [fresh([one])[0] for one in ids]


@given(st.integers(-(2**63), 2**63 - 1))
def test_an_integer_becomes_an_integer_of_64_bits_if_it_is_written_as_one(number):
    (new,) = fresh([str(number)])
    assert str(int(new)) == new
    assert -(2**63) <= int(new) < 2**63
    assert (int(new) < 0) == (number < 0)


@given(st.uuids())
def test_a_uuid_becomes_a_uuid_of_the_same_version(uuid):
    (new,) = fresh([str(uuid)])
    assert str(UUID(new)) == new
    assert (UUID(new).version, UUID(new).variant) == (uuid.version, uuid.variant)


def test_what_people_recognise_an_identifier_by_stays():
    study, patient, word = fresh(["S1-SITE02-0007", "PAT-12", "abc"])
    assert study.startswith("S1-SITE02-")
    assert study.endswith("0007")
    assert patient.startswith("PAT-")
    assert patient.endswith("12")
    assert word.startswith("abc")


def test_nulls_and_empty_text_identify_nothing():
    assert fresh([None, ""]) == [None, ""]
    assert fresh([]) == []


def test_another_seed_gives_other_identifiers():
    ids = ["p1", "7", "123456789012345", "c2e7a4ce-6b38-4a35-9c8a-1d6d0f1c2b3a"]
    assert not set(fresh(ids, "one")) & set(fresh(ids, "two"))


def test_only_some_can_be_concerned():
    ids = ["p1", "p2", None]
    assert fresh(ids, only=pl.Series(["p2", "p9"])) == ["p1", fresh(["p2"])[0], None]


@pytest.mark.parametrize("ids", [["a", "b", None, "z"], []])
def test_some_identifiers_take_the_place_of_others(ids):
    way = OtherIds(pl.Series(["a", "b"]), pl.Series(["b", "c"]))
    expected = {"a": "b", "b": "c"}
    found = way(pl.Series("id", ids, dtype=pl.String)).to_list()
    assert found == [expected.get(one, one) for one in ids]
