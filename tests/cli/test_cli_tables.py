"""How tables are arranged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from healthsim_lake.cli.output import cell
from healthsim_lake.cli.tables import Column, build, column_widths, plain_lines, printable, records

IDS = ["dc4aa072-5c14-499b-ba26-65c25b51c5e6", "f5ee36f1-5a95-4bfa-881e-ec5896c5a512"]


def shown(columns, rows, width):
    console = Console(width=width, color_system=None, highlight=False)
    widths = column_widths(columns, rows, width=width)
    with console.capture() as capture:
        console.print(build(columns, rows, widths))
    return capture.get()


def test_text_is_wrapped_between_words_so_that_an_id_stays_whole():
    columns = [Column("id"), Column("about")]
    rows = [[IDS[0], "a long description of many words, longer than there is room for beside it"]]
    table = shown(columns, rows, 60)
    assert IDS[0] in table
    assert len(table.splitlines()) > 3
    assert max(map(len, table.splitlines())) <= 60


def test_two_ids_that_do_not_fit_beside_each_other_stand_below_each_other():
    columns = [Column("one"), Column("two"), Column("three")]
    rows = [[IDS[0], IDS[1], "x"]]
    assert column_widths(columns, rows, width=70) is None
    lines = [str(line) for line in records(columns, rows)]
    assert lines == ["── 1 ──", f"one    {IDS[0]}", f"two    {IDS[1]}", "three  x"]


texts = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), max_size=30)


@given(st.lists(st.tuples(texts, texts, texts), min_size=1, max_size=5), st.integers(20, 90))
def test_every_word_of_every_cell_is_shown_whole(rows, width):
    rows = [[printable(text) for text in row] for row in rows]
    columns = [Column("a"), Column("b"), Column("c", right=True)]
    widths = column_widths(columns, rows, width=width)
    if widths is None:
        found = "\n".join(str(line) for line in records(columns, rows))
    else:
        found = shown(columns, rows, width)
        assert max(map(cell_len, found.splitlines())) <= width
    for row in rows:
        for text in row:
            assert all(word in found for word in text.split(" "))


def test_plain_lines_are_aligned_and_end_without_blanks():
    columns = [Column("name"), Column("rows", right=True), Column("tags")]
    rows = [["a", "1", ""], ["漢字", "1,000", "t"]]
    assert list(plain_lines(columns, rows)) == [
        "name   rows  tags",
        "a         1",
        "漢字  1,000  t",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (1234567, "1234567"),
        (1.5, "1.5"),
        ("a\nb\x1b[31m", "a\\nb\\x1b[31m"),
        ({"a": [1, None]}, '{"a":[1,null]}'),
        (datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC), "2026-01-02 03:04:05"),
        (
            datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=1))),
            "2026-01-02 02:04:05",
        ),
    ],
)
def test_a_value_becomes_one_line_of_text(value, text):
    assert cell(value) == text
