"""Which values a column holds, which it holds nearly, and which not at all."""

from __future__ import annotations

import pytest

from healthsim_lake.entities.fields import Kind
from healthsim_lake.entities.fitting import misfit

FITS = [
    ("text", "a"),
    ("text", 7),
    ("text", 10**30),
    ("bool", True),
    ("bool", " TRUE "),
    ("int", 7.0),
    ("int", "007"),
    ("int", -(2**63)),
    ("float", 0.1),
    ("float", "0.1"),
    ("float", 2**53),
    ("decimal(6,2)", 1.5),
    ("decimal(6,2)", "1.500"),
    ("decimal(6,2)", " 15e-1 "),
    ("decimal(6,2)", -0.0),
    ("date", "2024-02-29"),
    ("date", "2024-02-29T00:00:00.000Z"),
    ("date", "2024-02-29 00:00+02:00"),
    ("timestamp", "2024-02-29"),
    ("timestamp", "2024-02-29T10:11:12.123456Z"),
    ("timestamp", "2024-02-29T10:11:12.123456000"),
    ("json", {"a": [1]}),
    ("date", None),
]
TYPE = [
    ("text", 1.5),
    ("text", True),
    ("text", []),
    ("text", {}),
    ("bool", 1),
    ("bool", "yes"),
    ("int", 1.5),
    ("int", True),
    ("int", 2**63),
    ("int", "one"),
    ("float", "NaN"),
    ("float", [1.0]),
    ("decimal(6,2)", 12_345),
    ("decimal(6,2)", "a"),
    ("date", "2024-02-30"),
    ("date", 20240229),
    ("date", ""),
    ("timestamp", "yesterday"),
    ("timestamp", "2024-02-29T24:00:00"),
]
ROUNDED = [
    ("float", 2**53 + 1),
    ("float", "0.1000000000000000055511151231257827"),
    ("decimal(6,2)", 1.505),
    ("decimal(6,2)", "1.501"),
    ("date", "2024-02-29T10:00"),
    ("date", "2024-02-29T00:00:00.5-05:00"),
    ("timestamp", "2024-02-29T10:11:12.1234567"),
]


@pytest.mark.parametrize(("kind", "value"), FITS)
def test_a_value_that_the_column_holds_is_no_misfit(kind, value):
    assert misfit(Kind.parse(kind), value) is None


@pytest.mark.parametrize(("kind", "value"), TYPE)
def test_a_value_that_means_nothing_for_the_column_has_the_wrong_type(kind, value):
    assert misfit(Kind.parse(kind), value) == "type"


@pytest.mark.parametrize(("kind", "value"), ROUNDED)
def test_a_value_of_which_the_column_loses_something_is_rounded(kind, value):
    assert misfit(Kind.parse(kind), value) == "rounded"
