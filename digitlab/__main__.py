"""`python -m digitlab` is the command `digitlab`."""

from digitlab.cli import main

main()
