"""Settings: the home folder and its limits.

A value comes from the argument, else from the environment, else from the default. The home
contains `feedback/` (database and pictures), `models/` (the home's own versions) and
`notebooks/runs/`. Loading Settings creates nothing on disk.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from digitlab.errors import StoreError

PACKAGE = Path(__file__).resolve().parent
"""The folder of the importable package."""


def checkout() -> Path | None:
    """Return the source checkout that holds the package; None for an installed package."""
    root = PACKAGE.parent
    return root if (root / "pyproject.toml").is_file() and (root / "dashboards").is_dir() else None


def bundled(name: str) -> Path:
    """Return a folder that ships with digitlab: "models/base", "dashboards" or "notebooks".

    A checkout has these folders beside the package; a wheel has them inside it.
    """
    root = checkout()
    return (root if root is not None else PACKAGE / "bundled") / name


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One home and its limits; immutable and without side effects.

    Attributes:
        home: absolute path of the home folder; it may not exist yet.
        home_source: the rule that chose it ("--home", "DIGITLAB_HOME", "checkout" or
            "user data directory"), for messages.
        database_url: SQLAlchemy URL of the feedback database.
        storage_url: fsspec URL of the folder with the original pictures.
        max_bytes: largest picture accepted, in bytes.
        max_upload_bytes: the same for a picture that a person gives to a page.
        max_pixels: largest picture accepted, in pixels (width x height).
        max_seconds: CPU time of one reading, in seconds.
        max_memory: memory that one reading takes, in bytes.
    """

    home: Path
    home_source: str
    database_url: str
    storage_url: str
    max_bytes: int = 150_000_000
    max_upload_bytes: int = 20_000_000
    max_pixels: int = 50_000_000
    max_seconds: float = 5.0
    max_memory: int = 500_000_000

    @classmethod
    def load(
        cls, home: str | os.PathLike[str] | None = None, *, environ: Mapping[str, str] | None = None
    ) -> Settings:
        """Load the settings of a home.

        Args:
            home: the folder; None for `DIGITLAB_HOME`, else the checkout, else the user's data
                directory.
            environ: environment variables; None for the process's environment.

        Raises:
            StoreError: `home` cannot be a folder, for example "~name" of an unknown user.
        """
        environ = os.environ if environ is None else environ
        path, source = _find_home(home, environ)
        feedback = path / "feedback"
        return cls(
            home=path,
            home_source=source,
            database_url=_absolute(environ.get("DIGITLAB_DATABASE_URL", ""))
            or _sqlite_url(feedback / "digitlab.db"),
            storage_url=_absolute(environ.get("DIGITLAB_STORAGE_URL", ""))
            or (feedback / "pictures").as_uri(),
        )

    @property
    def models(self) -> Path:
        """Folder of the home's own model versions."""
        return self.home / "models"

    @property
    def cache(self) -> Path:
        """Folder of cached results, which can be computed again."""
        return self.home / "models" / "cache"


def default_contributor() -> str:
    """Return this machine's user name; "someone" if the system has none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "someone"


def _sqlite_url(path: Path) -> str:
    return f"sqlite:///{quote(path.as_posix(), safe='/:')}"


def _absolute(url: str) -> str:
    """Make a URL absolute, so that it names the same place in every process."""
    scheme, separator, rest = url.partition("://")
    if not url:
        return ""
    if not separator:  # a plain path of a folder
        return Path(url).expanduser().resolve().as_uri()
    if scheme.startswith("sqlite") and rest[:1] == "/" and rest[1:2] not in ("", "/", ":"):
        path = Path(unquote(rest[1:]))
        if not path.is_absolute():  # sqlite:////x is absolute, sqlite:///x is not
            return f"{scheme}{_sqlite_url(path.resolve()).removeprefix('sqlite')}"
    return url


def _find_home(home: str | os.PathLike[str] | None, environ: Mapping[str, str]) -> tuple[Path, str]:
    if home is not None:
        return _folder(home), "--home"
    if environ.get("DIGITLAB_HOME"):
        return _folder(environ["DIGITLAB_HOME"]), "DIGITLAB_HOME"
    root = checkout()
    if root is not None:
        return root, "checkout"
    import platformdirs  # needed only by an installed package without a named home

    return Path(platformdirs.user_data_dir("digitlab", appauthor=False)), "user data directory"


def _folder(name: str | os.PathLike[str]) -> Path:
    try:
        return Path(name).expanduser().resolve()
    except (RuntimeError, OSError, ValueError) as error:  # no such user, a loop of links, a NUL
        raise StoreError(
            f"{os.fspath(name)} cannot be a home folder: {error}.", place=os.fspath(name)
        ) from error
