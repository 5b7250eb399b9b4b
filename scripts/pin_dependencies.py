"""Write the names and versions of the packages in `.venv` to `constraints.txt`.

.venv/bin/python scripts/pin_dependencies.py
"""

from importlib import metadata
from pathlib import Path

EXCLUDED = {"digitlab", "pip", "setuptools", "wheel"}
HEADER = "# A known-good set: `make` and CI install it. Written by scripts/pin_dependencies.py.\n"


def main() -> None:
    """Write the file."""
    versions = {
        d.metadata["Name"].lower().replace("_", "-"): d.version for d in metadata.distributions()
    }
    lines = [
        f"{name}=={version}\n" for name, version in sorted(versions.items()) if name not in EXCLUDED
    ]
    Path(__file__).parent.parent.joinpath("constraints.txt").write_text(HEADER + "".join(lines))


if __name__ == "__main__":
    main()
