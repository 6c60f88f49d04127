"""A CSV file that cannot be read is an error of ours, and no end of the program."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
from healthsim_lake import Lake
from healthsim_lake.errors import FormatError
try:
    Lake("memory://broken").scenarios.import_file(sys.argv[1], name="x", entity_type="patients")
except FormatError as error:
    print(error)
"""


def test_a_program_ends_well_after_a_file_that_it_could_not_read(tmp_path):
    """Many times: whoever still reads ahead when the program ends does not always come too late."""
    file = tmp_path / "short.csv"
    file.write_text("id,mrn\n1,2\n1\n")
    command = [sys.executable, "-c", PROGRAM, str(file)]
    for _ in range(8):
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (ended.returncode, ended.stderr) == (0, "")
        assert "Expected 2 columns" in ended.stdout
