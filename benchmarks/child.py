"""Measure one group of figures in this process and print them as JSON; `run.py` starts it."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

from harness import Options


def main() -> None:
    """Import the module, call its function, and print what it returns."""
    module, function, folder, quick = sys.argv[1:]
    measure = getattr(importlib.import_module(module), function)
    figures = measure(Options(folder=Path(folder), quick=quick == "quick"))
    print(json.dumps([figure.document() for figure in figures]))


if __name__ == "__main__":
    main()
