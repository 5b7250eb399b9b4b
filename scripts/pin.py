"""Write `constraints.txt`: names and versions of what `.venv` holds, for a known-good set.

.venv/bin/python scripts/pin.py
"""

from importlib import metadata
from pathlib import Path

LEFT_OUT = {"digitlab", "pip", "setuptools", "wheel"}
HEAD = "# A known-good set: what `make` and CI install. Written by scripts/pin.py.\n"


def main() -> None:
    found = {
        d.metadata["Name"].lower().replace("_", "-"): d.version for d in metadata.distributions()
    }
    lines = [
        f"{name}=={version}\n" for name, version in sorted(found.items()) if name not in LEFT_OUT
    ]
    Path(__file__).parent.parent.joinpath("constraints.txt").write_text(HEAD + "".join(lines))


if __name__ == "__main__":
    main()
