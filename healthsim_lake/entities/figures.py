"""What is worth counting in a table: the one place that says which columns make which figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from healthsim_lake.entities.types import EntityType, FieldSpec

CATEGORIES = frozenset(
    {
        *("arm_code", "category", "department", "ethnicity", "gender", "marital_status"),
        *("plan_code", "race", "severity", "specialty", "state", "status", "type", "visit_name"),
    }
)
"""Columns whose values are counted wherever they occur; so are those with a set of values."""
_CATEGORY_ENDINGS = ("_type", "_status", "_ownership")
MOST_COLUMNS = 8
"""Columns of one table whose values are counted."""

_CODES = {
    "adverse_events": ("aedecod", "aeterm"),
    "claim_lines": ("procedure_code", None),
    "claims": ("principal_diagnosis", None),
    "dur_alerts": ("alert_type", None),
    "exposures": ("extrt", None),
    "imaging_studies": ("modality_code", "modality_description"),
    "lab_results": ("loinc_code", "test_name"),
    "medications": ("code", "name"),
    "pharmacy_claims": ("ndc", None),
    "prescriptions": ("ndc", "drug_name"),
}
"""Code and description of tables that do not call them so."""
_CLAIM_AMOUNTS = {
    "claims": (
        ("billed", "total_charge"),
        ("allowed", "total_allowed"),
        ("paid", "total_paid"),
        ("patient", "member_responsibility"),
    ),
    "claim_lines": (
        ("billed", "charge_amount"),
        ("allowed", "allowed_amount"),
        ("paid", "paid_amount"),
    ),
    "pharmacy_claims": (
        ("billed", "gross_amount_due"),
        ("paid", "plan_paid"),
        ("patient", "patient_pay_amount"),
    ),
}
_COSTS = {
    "encounters": (("total", "total_claim_cost"), ("covered", "payer_coverage")),
    "medications": (("total", "total_cost"), ("covered", "payer_coverage")),
    "procedures": (("total", "base_cost"),),
}
_DATES = {"claims": ("service_date", "service_time")}
"""When a row happened, where the rules of `_dates` would choose something else."""
_BIRTHS = ("birth_date", "date_of_birth")
_NO_EVENT = ("birth", "death", "deceased", "dob", "expir", "termination")
"""A date with one of these in its name does not say when something happened."""
_ADDABLE = ("decimal", "int")


@dataclass(frozen=True, slots=True)
class Amount:
    """A sum of money.

    Attributes:
        figure: The figure that it belongs to.
        name: What it is there, e.g. ``billed``.
        column: The column that is added up.
        only: Add up only rows that have this value in this column.
    """

    figure: Literal["claim_amounts", "costs"]
    name: str
    column: str
    only: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """The columns of one table that its statistics are made of.

    Attributes:
        values: Columns whose values are counted.
        guessed: Whether `values` are a guess: the table's document says nothing of categories.
        codes: Column of codes, and that of what they mean.
        birth: Date of birth, for ages.
        death: Date of death.
        amounts: Sums of money.
        dates: When a row happened; the first that has values counts.
    """

    values: tuple[str, ...] = ()
    guessed: bool = False
    codes: tuple[str, str | None] | None = None
    birth: str | None = None
    death: str | None = None
    amounts: tuple[Amount, ...] = ()
    dates: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is looked at, but for `dates`, which files have bounds of."""
        wanted = [*self.values, *(self.codes or ()), self.birth, self.death]
        for amount in self.amounts:
            wanted += [amount.column, amount.only[0] if amount.only else None]
        return tuple(dict.fromkeys(name for name in wanted if name is not None))


_MOST_KNOWN = 1_000
_known: dict[int, tuple[EntityType, Figures]] = {}


def figures_of(entity_type: EntityType) -> Figures:
    """Return what is worth counting in the table of `entity_type`."""
    # Known by identity: comparing two types field by field takes longer than a table's statistics.
    known = _known.get(id(entity_type))
    if known is not None and known[0] is entity_type:
        return known[1]
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    found = _figures(entity_type)
    _known[id(entity_type)] = entity_type, found
    return found


def _figures(entity_type: EntityType) -> Figures:
    own = {spec.name: spec for spec in entity_type.fields}
    codes = _codes(entity_type, own)
    guessed = entity_type.origin != "builtin"
    taken = {*(codes or ()), entity_type.key}
    rule = _may_be_category if guessed else _is_category
    values = [spec.name for spec in own.values() if spec.name not in taken and rule(spec)]
    return Figures(
        values=tuple(values[:MOST_COLUMNS]),
        guessed=guessed,
        codes=codes,
        birth=next((name for name in _BIRTHS if _is(own, name, "date")), None),
        death="death_date" if _is(own, "death_date", "date") else None,
        amounts=tuple(one for one in _amounts(entity_type.name) if _fits(one, own)),
        dates=_dates(entity_type),
    )


def _codes(entity_type: EntityType, own: dict[str, FieldSpec]) -> tuple[str, str | None] | None:
    code, label = _CODES.get(entity_type.name, ("code", "description"))
    if not _is(own, code, "text"):
        return None
    return code, label if label is not None and _is(own, label, "text") else None


def _is_category(spec: FieldSpec) -> bool:
    named_so = spec.name in CATEGORIES or spec.name.endswith(_CATEGORY_ENDINGS)
    return spec.kind.name in ("text", "bool") and (named_so or bool(spec.values))


def _may_be_category(spec: FieldSpec) -> bool:
    identifies = spec.name == "id" or spec.name.endswith("_id") or spec.references is not None
    return spec.kind.name in ("text", "bool") and not identifies


def _amounts(table: str) -> list[Amount]:
    if table == "claim_transactions":
        return [
            Amount("claim_amounts", "billed", "amount", ("transaction_type", "CHARGE")),
            Amount("claim_amounts", "paid", "payments"),
            Amount("claim_amounts", "adjusted", "adjustments"),
        ]
    return [
        *(Amount("claim_amounts", *pair) for pair in _CLAIM_AMOUNTS.get(table, ())),
        *(Amount("costs", *pair) for pair in _COSTS.get(table, ())),
    ]


def _fits(amount: Amount, own: dict[str, FieldSpec]) -> bool:
    return _is(own, amount.column, *_ADDABLE) and (
        amount.only is None or _is(own, amount.only[0], "text")
    )


def _dates(entity_type: EntityType) -> tuple[str, ...]:
    """Return the dates and times of a row, those that every row should have first."""
    found = [
        spec
        for spec in entity_type.fields
        if spec.kind.name in ("date", "timestamp")
        and not any(part in spec.name for part in _NO_EVENT)
    ]
    preferred = _DATES.get(entity_type.name, ())
    found.sort(key=lambda spec: (spec.name not in preferred, not spec.required))
    return tuple(spec.name for spec in found)


def _is(own: dict[str, FieldSpec], name: str, *kinds: str) -> bool:
    return name in own and own[name].kind.name in kinds
