"""The command line: each command one library call; JSON as `docs/cli.md` writes it."""

from digitlab.cli.main import main

__all__ = ["main"]
