"""Rows that lean towards trouble: those of the codec's tests, saved in a lake."""

from __future__ import annotations

import runpy
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import patch

from hypothesis import settings

from healthsim_lake.tables.comparing import bundle
from healthsim_lake.tables.inspecting import inspection

_CASES = runpy.run_path(str(Path(__file__).parent.parent / "entities" / "codec_cases.py"))

TROUBLE = _CASES["TROUBLE"]
KEY_PLACES = ("patient_key", "mrn", "Id", "id", "trouble_id")
any_rows, feeding = _CASES["any_rows"], _CASES["feeding"]
thorough = settings(_CASES["thorough"], max_examples=max(10, _CASES["EXAMPLES"] // 5))
"""Each example makes commits, so there are fewer of them than for the codec alone."""


@contextmanager
def big_path(*, big):
    """Take the path of big files (Polars) or of small ones (Arrow), whatever their size."""
    with ExitStack() as stack:
        stack.enter_context(_CASES["big_path"](big=big))
        for module in (bundle, inspection):
            stack.enter_context(patch.object(module, "SMALL_ROWS", 0 if big else 10**9))
        yield
