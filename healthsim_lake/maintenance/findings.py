"""What `verify` found, as text and as data."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Severity(Enum):
    """What a finding asks for."""

    LOST = "lost"
    """Something that was committed cannot be read: a backup is needed."""
    MENDABLE = "mendable"
    """`repair` mends it; whatever may be read, can be read."""
    LEFTOVER = "leftover"
    """Takes space only; `vacuum` removes it in its time."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    Attributes:
        severity: What it asks for.
        what: A short name of the kind, e.g. ``data-file-missing``.
        where: A key, or a version of a scenario.
        message: A sentence for people.
        moves_to: Of something that stands in the wrong place: where it belongs.
    """

    severity: Severity
    what: str
    where: str
    message: str
    moves_to: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as JSON values."""
        return {
            "severity": self.severity.value,
            "what": self.what,
            "where": self.where,
            "message": self.message,
        }

    def __str__(self) -> str:
        return f"{self.severity.value}: {self.where}: {self.message}"


@dataclass(frozen=True, slots=True)
class Verification:
    """What was checked, and what was found.

    Attributes:
        version: The lake's version that was checked.
        deep: Whether bytes were read, and not only sizes compared.
        checked: How many of each kind of thing were checked.
        findings: What is not as it should be, the worst first.
    """

    version: int
    deep: bool
    checked: dict[str, int] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is lost and nothing has to be mended; leftovers are no fault."""
        return all(one.severity is Severity.LEFTOVER for one in self.findings)

    @property
    def lost(self) -> tuple[Finding, ...]:
        """What only a backup brings back."""
        return tuple(one for one in self.findings if one.severity is Severity.LOST)

    @property
    def mendable(self) -> tuple[Finding, ...]:
        """What `repair` mends."""
        return tuple(one for one in self.findings if one.severity is Severity.MENDABLE)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {
            "ok": self.ok,
            "version": self.version,
            "deep": self.deep,
            "checked": self.checked,
            "counts": dict(Counter(one.severity.value for one in self.findings)),
            "findings": [one.to_dict() for one in self.findings],
        }

    def __str__(self) -> str:
        checked = ", ".join(f"{count:,} {what}" for what, count in self.checked.items())
        lines = [f"version {self.version}: {checked} checked"]
        lines += map(str, self.findings) if self.findings else ["nothing to complain of"]
        return "\n".join(lines)


class Report:
    """Gathers counts and findings while something is checked."""

    def __init__(self) -> None:
        self.checked: Counter[str] = Counter()
        self.findings: list[Finding] = []

    def lost(self, what: str, where: str, message: str) -> None:
        """Note that something which was committed cannot be read."""
        self.findings.append(Finding(Severity.LOST, what, where, message))

    def mendable(self, what: str, where: str, message: str, *, moves_to: str | None = None) -> None:
        """Note that something is wrong which `repair` mends."""
        self.findings.append(Finding(Severity.MENDABLE, what, where, message, moves_to))

    def leftover(self, what: str, where: str, message: str) -> None:
        """Note that something takes space in vain."""
        self.findings.append(Finding(Severity.LEFTOVER, what, where, message))

    def conclude(self, version: int, *, deep: bool) -> Verification:
        """Return what was found, the worst first."""
        order = list(Severity)
        findings = sorted(self.findings, key=lambda one: order.index(one.severity))
        return Verification(version, deep, dict(self.checked), tuple(findings))
