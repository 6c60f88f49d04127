"""Errors as people read them."""

from __future__ import annotations

import copy
import errno

import pytest

from healthsim_lake.errors import KeyMissingError, StorageError, UnsafeStoreError


@pytest.mark.parametrize(
    "error",
    [
        StorageError("the store said no"),
        UnsafeStoreError("the store said no"),
        KeyMissingError(errno.ENOENT, "the store said no"),
    ],
)
def test_errors_of_stores_say_what_is_wrong_and_no_number(error):
    assert str(error) == "the store said no"
    assert str(copy.copy(error)) == "the store said no"
    assert isinstance(error, OSError)
