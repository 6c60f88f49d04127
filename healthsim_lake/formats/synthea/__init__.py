"""Synthea's CSV exports of any generation since 2017: in without loss, and back out.

export = synthea.read("output/csv")
lake.scenarios.save("massachusetts", export)
print(export.report.to_text())
"""

from healthsim_lake.formats.synthea.demo import demo_export
from healthsim_lake.formats.synthea.export import Progress, SyntheaExport, read
from healthsim_lake.formats.synthea.rebuild import cells, write
from healthsim_lake.formats.synthea.report import FileReport, MalformedRow, SyntheaReport

__all__ = [
    "FileReport",
    "MalformedRow",
    "Progress",
    "SyntheaExport",
    "SyntheaReport",
    "cells",
    "demo_export",
    "read",
    "write",
]
