"""Make `.venv` and install digitlab into it, once; what `make serve` and `make test` call.

    python scripts/bootstrap.py serve|test

Standard library only, and words that an old Python can read, so that the version check
reaches whoever needs it. A second call finds its stamp and returns at once.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
CONSTRAINTS = ROOT / "constraints.txt"
PARTS = {
    "serve": (".", "about 0.7 GB, most of it TensorFlow; 2.7 GB on disk"),
    "test": (".[dev]", "about 0.8 GB, most of it TensorFlow; 3.1 GB on disk"),
}


def main(part: str) -> None:
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        sys.exit(
            "digitlab needs Python 3.11, 3.12 or 3.13 (TensorFlow has no builds for others); "
            "this is %d.%d. Name another one: make PYTHON=python3.12 %s"
            % (sys.version_info[0], sys.version_info[1], part)
        )
    what, size = PARTS[part]
    key = hashlib.sha256(
        b"\0".join(
            [
                what.encode(),
                (ROOT / "pyproject.toml").read_bytes(),
                CONSTRAINTS.read_bytes(),
                str(ROOT).encode(),
            ]
        )
    ).hexdigest()
    stamp = VENV / (".digitlab-%s" % part)
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == key:
        return
    print("digitlab: installing into %s" % VENV)
    print("digitlab: this downloads %s. Later calls download nothing." % size, flush=True)
    if not PYTHON.exists():
        run(sys.executable, "-m", "venv", str(VENV))
    run(
        *(str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--constraint", str(CONSTRAINTS), "--editable", what),
        cwd=str(ROOT),
    )
    if part == "test":
        ensure_browser()
    stamp.write_text(key)


def ensure_browser() -> None:
    """A Chromium for the browser tests: one that is installed, else Debian's, else Playwright's."""
    if any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))):
        return
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        print("digitlab: installing Debian's chromium for the browser tests (about 100 MB)")
        run("apt-get", "update", "-q")
        run("apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium")
    else:
        print("digitlab: fetching Playwright's Chromium for the browser tests (about 170 MB)")
        run(str(PYTHON), "-m", "playwright", "install", "chromium")


def run(*command: str, **options: str) -> None:
    code = subprocess.call(command, **options)
    if code:
        sys.exit("digitlab: this failed with code %d: %s" % (code, " ".join(command)))


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in PARTS:
        sys.exit(__doc__)
    main(sys.argv[1])
