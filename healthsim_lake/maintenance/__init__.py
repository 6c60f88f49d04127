"""Maintenance: what keeps a lake small, whole and understood; it never changes what can be read.

What touches rows is imported when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from healthsim_lake._lazy import lazy_face

if TYPE_CHECKING:
    from healthsim_lake.maintenance.namespace import Maintenance

_HOMES = {"Maintenance": "namespace"}

__all__ = ["Maintenance"]

__getattr__ = lazy_face(__name__, _HOMES)
