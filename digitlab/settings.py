"""Settings: where a person's home is, and the limits that hold there.

A value comes from the argument, else from the environment, else from the default.
The home is a folder with `feedback/` (database and pictures), `models/` (versions made
here) and `notebooks/runs/`. Opening Settings creates nothing on disk.
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
    """The source checkout that the package is imported from; None when it is installed."""
    root = PACKAGE.parent
    return root if (root / "pyproject.toml").is_file() and (root / "dashboards").is_dir() else None


def bundled(name: str) -> Path:
    """A folder that ships with digitlab: "models/base", "dashboards" or "notebooks".

    In a checkout these stand beside the package; a wheel carries them inside it.
    """
    root = checkout()
    return (root if root is not None else PACKAGE / "bundled") / name


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One home and its limits; immutable, cheap, and free of side effects.

    Attributes:
        home: absolute path of the home folder; it need not exist yet.
        home_source: which rule named it ("--home", "DIGITLAB_HOME", "checkout" or
            "user data directory"), for messages.
        database_url: SQLAlchemy URL of the ledger.
        storage_url: fsspec URL of the folder of original pictures.
        max_bytes: largest picture accepted, in bytes.
        max_pixels: largest picture accepted, in pixels (width x height).
        max_pixels_jpeg: the same for JPEG, whose decoder can reduce while it reads.
    """

    home: Path
    home_source: str
    database_url: str
    storage_url: str
    max_bytes: int = 20_000_000
    max_pixels: int = 16_000_000
    max_pixels_jpeg: int = 50_000_000

    @classmethod
    def load(
        cls, home: str | os.PathLike[str] | None = None, *, environ: Mapping[str, str] | None = None
    ) -> Settings:
        """Settings of `home`, else of DIGITLAB_HOME, the checkout, or the user's data directory.

        Args:
            home: the folder; None to look for it by the rules above.
            environ: the environment to read; None for the process's own.

        Raises:
            StoreError: `home` can be no folder, for example "~somebody" who is nobody.
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
        """Folder of the model versions made in this home."""
        return self.home / "models"

    @property
    def cache(self) -> Path:
        """Folder of what is computed once and can be computed again."""
        return self.home / "models" / "cache"


def default_contributor() -> str:
    """The name of the person at this machine; "someone" where the system has none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "someone"


def _sqlite_url(path: Path) -> str:
    return f"sqlite:///{quote(path.as_posix(), safe='/:')}"


def _absolute(url: str) -> str:
    """The same place for every process: a relative path is looked up from here, once."""
    scheme, separator, rest = url.partition("://")
    if not url:
        return ""
    if not separator:  # a folder's plain path
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
    import platformdirs  # only an installed package without a named home needs it

    return Path(platformdirs.user_data_dir("digitlab", appauthor=False)), "user data directory"


def _folder(name: str | os.PathLike[str]) -> Path:
    try:
        return Path(name).expanduser().resolve()
    except (RuntimeError, OSError, ValueError) as error:  # no such user, a loop of links, a NUL
        raise StoreError(
            f"{os.fspath(name)} is no folder that can be a home: {error}.", place=os.fspath(name)
        ) from error
