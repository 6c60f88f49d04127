"""Whatever rows two states hold, a difference is what the plain and slow way finds."""

from __future__ import annotations

from collections import Counter
from itertools import count

import pytest
from diff_oracle import bag, expected, key_of
from hypothesis import given
from hypothesis import strategies as st
from troubles import KEY_PLACES, TROUBLE, any_rows, big_path, thorough

from healthsim_lake import Lake

_lakes = count()


@pytest.fixture(scope="module")
def lake():
    one = Lake(f"memory://diff-properties-{next(_lakes)}/lake")
    one.entities.declare(TROUBLE)
    return one


@st.composite
def two_states(draw):
    """Some rows, and what somebody made of them: kept, edited, doubled, added, in any order."""
    before, other = draw(any_rows), draw(any_rows)
    some = st.lists(st.sampled_from(before), max_size=20) if before else st.just([])
    kept, edited = draw(some), [dict(row) for row in draw(some)]
    for row in edited:
        if other:
            row.update(draw(st.sampled_from(other)))
    return before, draw(st.permutations([*kept, *edited, *other[:5]]))


def save(lake, name, *parts):
    """Save rows in as many files as there are parts."""
    lake.scenarios.save(name, {"troubles": parts[0]}, overwrite=True)
    for part in parts[1:]:
        lake.scenarios.add(name, {"troubles": part})


@pytest.mark.parametrize("big", [False, True], ids=["arrow", "polars"])
@thorough
@given(states=two_states())
def test_applying_a_difference_to_the_former_state_gives_the_later(lake, states, *, big):
    before, after = states
    with big_path(big=big):
        save(lake, "a", before)
        save(lake, "b", after[:3], after[3:])
        found = lake.scenarios.diff("a", "b")["troubles"]
        added, removed, changes = list(found.added), list(found.removed), list(found.changed)

    assert tuple(found.counts.values()) == tuple(expected(before, after, KEY_PLACES))
    left = bag(before)
    left.subtract(bag(removed) + bag(one.before for one in changes))
    assert min(left.values(), default=0) >= 0
    assert +left + bag(added) + bag(one.after for one in changes) == bag(after)
    for one in changes:
        assert one.key == key_of(one.before, KEY_PLACES) == key_of(one.after, KEY_PLACES)
        assert bag([one.before]) != bag([one.after])
    assert Counter(key for one in changes for key in one.columns) == found.columns


@thorough
@given(states=two_states(), cut=st.integers(0, 60))
def test_the_same_rows_in_other_files_and_another_order_are_no_difference(lake, states, cut):
    rows, others = states
    save(lake, "a", rows)
    save(lake, "b", others)
    turned = rows[::-1]
    save(lake, "c", turned[:cut], turned[cut:])
    found = lake.scenarios.diff("a", "c")
    assert found.is_empty
    assert found["troubles"].unchanged == len(rows)
    there, back = lake.scenarios.diff("a", "b").counts, lake.scenarios.diff("b", "c").counts
    assert (there["added"], there["removed"]) == (back["removed"], back["added"])
    assert (there["changed"], there["unchanged"]) == (back["changed"], back["unchanged"])
