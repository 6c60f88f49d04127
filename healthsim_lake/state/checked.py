"""Calls are looked at before anything is done: every argument is known, and of a type that fits."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, ParamSpec, SupportsIndex, TypeVar

from healthsim_lake._shown import shown
from healthsim_lake.errors import ParameterError

P = ParamSpec("P")
R = TypeVar("R")


def _is_number(value: Any) -> bool:
    return isinstance(value, SupportsIndex) and not isinstance(value, bool)


def _is_list(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes)


_A_LIST = (_is_list, "a list of texts")
_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "str": (lambda value: isinstance(value, str), "text"),
    "int": (_is_number, "a whole number"),
    "bool": (lambda value: isinstance(value, bool), "True or False"),
    "Iterable[str]": _A_LIST,
    "Sequence[str]": _A_LIST,
    "list[str]": _A_LIST,
    "os.PathLike[str]": (lambda value: isinstance(value, os.PathLike), "a path"),
    "None": (lambda value: value is None, "None"),
}
"""Parts of annotations: what fits them, and what that is called. Others are left to the rooms."""


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` as one that refuses arguments it does not know, or of the wrong type.

    Raises:
        ParameterError: When called so; says which parameter, and what is allowed.
    """
    signature = inspect.signature(function)
    named = [name for name in signature.parameters if name != "self"]
    rules = {one.name: _rule(one) for one in signature.parameters.values()}

    @wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            given = signature.bind(*args, **kwargs).arguments
        except TypeError as error:
            raise ParameterError(
                f"{function.__name__}: {error}; its parameters are {', '.join(named)}"
            ) from None
        for name, value in given.items():
            kinds = rules[name]
            if kinds and not any(fits(value) for fits, _ in kinds):
                allowed = " or ".join(words for _, words in kinds)
                raise ParameterError(f"{function.__name__}: {name}={shown(value)}: give {allowed}")
        return function(*args, **kwargs)

    return called


def _rule(parameter: inspect.Parameter) -> list[tuple[Callable[[Any], bool], str]]:
    """Return what fits a parameter; nothing where its annotation says more than is known here."""
    parts = str(parameter.annotation).split(" | ")
    return [_KINDS[part] for part in parts] if all(part in _KINDS for part in parts) else []
