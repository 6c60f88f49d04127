"""The program `healthsim-lake`: the lake's verbs for people at a terminal, and for scripts."""

from healthsim_lake.cli.app import app, main

__all__ = ["app", "main"]
