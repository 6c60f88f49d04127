"""``python -m healthsim_lake`` is the program ``healthsim-lake``."""

from healthsim_lake.cli import main

if __name__ == "__main__":
    main()
