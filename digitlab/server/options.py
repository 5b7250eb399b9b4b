"""The options of the server, checked before anything starts."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from pathlib import Path

from digitlab.errors import ServeError


@dataclass(frozen=True, kw_only=True)
class ServeOptions:
    """How to serve the dashboards.

    Attributes:
        ip: address to listen on; "0.0.0.0" or "" for all addresses of this machine.
        port: TCP port; with 0 the system chooses a free one.
        base_url: path below which everything is served, for a reverse proxy.
        token: secret that visitors type on the login page; empty for no login.
        max_sessions: largest number of open pages. Each page has a Python process (about
            120 MB); further visitors get an error page with status 503.
        certfile: TLS certificate (PEM); None for plain HTTP.
        keyfile: the private key of the certificate (PEM); required with `certfile`.
        open_browser: open the page in the person's browser once the server listens.
        cull_idle_s: seconds without activity after which a session ends, even if its page is
            still open.
        grace_s: seconds that a session waits for its page to connect. Then the session ends:
            a visitor that never connects is a crawler or a closed tab.
        warm: number of kernels kept ready, so that a page opens without waiting for Python.
        dashboard: the notebook to serve; None for the one that ships with digitlab.
        retrain: cron expression for fine-tunes of the home; empty for none.
        verbose: log messages of level INFO, not only warnings.
    """

    ip: str = "127.0.0.1"
    port: int = 8866
    base_url: str = "/"
    token: str = field(default="", repr=False)
    max_sessions: int = 20
    certfile: Path | None = None
    keyfile: Path | None = None
    open_browser: bool = False
    cull_idle_s: int = 3600
    grace_s: int = 60
    warm: int = 1
    dashboard: Path | None = None
    retrain: str = ""
    verbose: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise ServeError(f"The port must be from 0 to 65535, not {self.port}.")
        if not re.fullmatch(r"[A-Za-z0-9._~/-]*", self.base_url):
            raise ServeError(
                f"The base URL may hold only letters, digits and . _ ~ - /, not {self.base_url!r}."
            )
        if self.max_sessions < 1:
            raise ServeError(f"max_sessions must be at least 1, not {self.max_sessions}.")
        if min(self.cull_idle_s, self.grace_s) < 1:
            raise ServeError(
                "cull_idle_s and grace_s must be at least 1 second, "
                f"not {self.cull_idle_s} and {self.grace_s}."
            )
        if self.warm < 0:
            raise ServeError(f"The number of warm kernels must be 0 or more, not {self.warm}.")
        if (self.certfile is None) != (self.keyfile is None):
            raise ServeError(
                "A certificate needs its key: set both certfile and keyfile, or neither."
            )
        for path in (self.certfile, self.keyfile, self.dashboard):
            if path is not None and not path.is_file():
                raise ServeError(f"There is no file {path}.")

    @property
    def prefix(self) -> str:
        """`base_url` with one slash at each end; "/" when it is empty."""
        inner = self.base_url.strip("/")
        return f"/{inner}/" if inner else "/"

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the server."""
        if self.ip == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.ip).is_loopback
        except ValueError:
            return False

    def url(self, port: int) -> str:
        """Return the address for a browser on this machine; `port` is the bound port."""
        host = "127.0.0.1" if self.ip in {"", "0.0.0.0", "::"} else self.ip  # noqa: S104
        if ":" in host:
            host = f"[{host}]"
        scheme = "https" if self.certfile else "http"
        return f"{scheme}://{host}:{port}{self.prefix}"
