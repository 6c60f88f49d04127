"""``python -m healthsim_lake`` is the program ``healthsim-lake``."""

from __future__ import annotations

import sys

try:
    from healthsim_lake.cli import main
except KeyboardInterrupt:  # Ctrl-C is no error while the program is being loaded, either
    sys.stderr.write("interrupted\n")
    sys.exit(130)

__all__ = ["main"]

if __name__ == "__main__":
    main()
