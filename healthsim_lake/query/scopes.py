"""What can be named at one place of a statement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from healthsim_lake.query import bounds
from healthsim_lake.query.bounds import NOTHING, Size

_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def folded(name: str) -> str:
    """Return `name` as the engine compares names: ASCII letters in lower case, no others."""
    return name.translate(_ASCII_LOWER)


@dataclass(frozen=True, slots=True)
class Cte:
    """A query with a name.

    Attributes:
        size: Size of the largest value that it returns.
        sources: How many tables the engine may read for each mention of it.
        joined: How many of them may be joined with those around the mention.
    """

    size: Size
    sources: int
    joined: int


@dataclass(frozen=True, slots=True)
class Scope:
    """What can be named at one place of a statement.

    Attributes:
        ctes: By folded name.
        columns: Largest size of a column of what stands in FROM here and further out.
        row: How many parts all columns have together of what stands in FROM here.
        relations: Names, folded, under which whole rows can be named here and further out.
        aliases: Sizes of the select items before, by folded alias.
        parameters: Sizes of what lambdas around this place are given, by folded name.
        nesting: Queries around this place.
        subqueries: Those of them that stand in expressions.
        lambdas: Lambdas around this place.
    """

    ctes: Mapping[str, Cte] = field(default_factory=dict)
    columns: Size = NOTHING
    row: float = 0.0
    relations: frozenset[str] = frozenset()
    aliases: Mapping[str, Size] = field(default_factory=dict)
    parameters: Mapping[str, Size] = field(default_factory=dict)
    nesting: int = 0
    subqueries: int = 0
    lambdas: int = 0

    def beside(self, size: Size, relations: Iterable[str] = ()) -> Scope:
        """Return the scope that sees the columns of `relations`, too, which are of `size`."""
        return replace(
            self,
            columns=bounds.largest([self.columns, size]),
            row=size.row,
            relations=self.relations.union(map(folded, relations)),
        )

    def knowing(self, name: str, cte: Cte) -> Scope:
        """Return the scope that knows a CTE, too."""
        return replace(self, ctes={**self.ctes, folded(name): cte})

    def calling(self, alias: str, size: Size) -> Scope:
        """Return the scope that knows the alias of a select item, too."""
        return replace(self, aliases={**self.aliases, folded(alias): size})

    def giving(self, names: Iterable[str], most: float) -> Scope:
        """Return the scope inside a lambda whose parameters are at most so large."""
        size = Size(most, self.columns.varies)
        return replace(self, parameters={**self.parameters, **dict.fromkeys(names, size)})

    def column(self, names: list[str]) -> Size:
        """Return the size of what a column reference may mean."""
        keys = [folded(name) for name in names]
        if keys[0] in self.parameters:
            return self.parameters[keys[0]]
        aliases = [self.aliases[key] for key in keys if key in self.aliases]
        size = bounds.largest([self.columns, *aliases])
        return bounds.whole(size, self.columns.row) if keys[-1] in self.relations else size
