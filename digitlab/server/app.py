"""One standalone Voilà, from the bound port to the last ended kernel."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import socket
import ssl
import tempfile
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from jupyter_core.paths import jupyter_config_dir
from jupyter_server.services.contents.largefilemanager import LargeFileManager
from jupyter_server.utils import url_path_join
from tornado.httpserver import HTTPServer
from tornado.web import Application
from voila.app import Voila
from voila.configuration import VoilaConfiguration

from digitlab.server.config import voila_config
from digitlab.server.environment import server_environment
from digitlab.server.handlers import (
    DashboardHandler,
    HealthHandler,
    LoginHandler,
    ShutdownHandler,
)
from digitlab.server.identity import TokenIdentity
from digitlab.server.kernels import OwnPythonSpecs, SessionKernels
from digitlab.server.options import ServeOptions
from digitlab.server.retrain import retraining
from digitlab.server.sockets import listening_sockets, tls_context
from digitlab.settings import Settings

log = logging.getLogger(__name__)


def run(options: ServeOptions, settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM. See `digitlab.server.serve`."""
    tls = tls_context(options)
    sockets = listening_sockets(options)  # before Voilà starts anything
    environ = dict(os.environ)
    try:
        with _runtime_folder() as runtime, _variables(server_environment(environ, runtime)):
            config = voila_config(options, settings, runtime=runtime, environ=environ)
            app = Dashboards.instance(config=config)
            app.connection_dir = str(runtime)
            app.initialize()
            try:
                asyncio.run(app.serve(options, settings, sockets, tls, announce))
            finally:
                Dashboards.clear_instance()
                shutil.rmtree(jupyter_config_dir(), ignore_errors=True)  # an empty stand-in
    finally:
        for bound in sockets:
            bound.close()


class ShippedNotebooks(LargeFileManager):
    """Reads notebooks without looking up their signatures in a database in the home folder."""

    def mark_trusted_cells(self, nb: Any, path: str = "") -> None:
        """Nothing: Voilà runs the notebook anew and shows only what came of it."""


class Dashboards(Voila):  # type: ignore[misc] # untyped base
    """Voilà with our handlers and kernels, which reads neither argv nor files."""

    name = "voila"
    kernel_manager: Any

    def initialize(self, argv: list[str] | None = None) -> None:
        """Take the configuration as it was given; `argv` is the calling program's."""
        self._init_asyncio_patch()
        self.identity_provider_class = TokenIdentity
        self.voila_configuration = VoilaConfiguration(parent=self)
        self.voila_configuration.kernel_spec_manager_class = OwnPythonSpecs
        self.setup_template_dirs()
        if self.log_level > logging.INFO:
            for noisy in ("tornado.access", "tornado.general"):
                logging.getLogger(noisy).setLevel(logging.ERROR)  # each 404 would be a line

    def init_settings(self) -> dict[str, Any]:
        """Voilà's settings with our kernel manager in place of its own.

        Voilà's own preheating stays off in the configuration: it would wrap our manager once
        more, and open an unguarded address that tells one visitor's request to anybody.
        """
        settings: dict[str, Any] = super().init_settings()
        self.contents_manager = ShippedNotebooks(parent=self)
        stock = self.kernel_manager
        self.kernel_manager = SessionKernels(
            parent=self,
            connection_dir=self.connection_dir,
            kernel_spec_manager=self.kernel_spec_manager,
            allowed_message_types=stock.allowed_message_types,
        )
        return settings | {
            "contents_manager": self.contents_manager,
            "kernel_manager": self.kernel_manager,
        }

    def init_handlers(self) -> list[Any]:
        """Our handlers, then Voilà's, of which the last would render any path."""
        stock = super().init_handlers()
        place = {
            "notebook_path": os.path.relpath(self.notebook_path, self.root_dir),
            "template_paths": self.template_paths,
            "config": self.config,
            "voila_configuration": self.voila_configuration,
        }

        def below(path: str) -> str:
            return str(url_path_join(self.server_url, path))

        return [
            (below("health"), HealthHandler),
            (below("login"), LoginHandler),
            (below(r"voila/api/shutdown/(.*)"), ShutdownHandler),
            *stock[:-1],
            (below(r"(.*)"), DashboardHandler, place),
        ]

    async def serve(
        self,
        options: ServeOptions,
        settings: Settings,
        sockets: list[socket.socket],
        tls: ssl.SSLContext | None,
        announce: Callable[[str], None],
    ) -> None:
        """Listen on `sockets` until a signal, then end every kernel."""
        stopped = asyncio.Event()
        with _on_signals(asyncio.get_running_loop(), stopped):
            self.port = sockets[0].getsockname()[1]
            self.app = Application(**self.init_settings() | self.tornado_settings)
            self.app.add_handlers(".*$", self.init_handlers())
            server = HTTPServer(
                self.app, ssl_options=tls, xheaders=options.is_local, max_body_size=2**20
            )
            server.add_sockets(sockets)
            try:
                self._announce(options, settings, announce)
                with retraining(options, settings, announce):
                    await stopped.wait()
            finally:
                server.stop()
                self.log.setLevel(logging.CRITICAL)  # pages that were just starting will fail
                await self.kernel_manager.close()
                await server.close_all_connections()

    def _announce(
        self, options: ServeOptions, settings: Settings, announce: Callable[[str], None]
    ) -> None:
        url = options.url(self.port)
        announce(f"digitlab serves on {url} (home: {settings.home})")
        if not options.token and not options.is_local:
            announce(
                f"Whoever reaches {options.ip or 'any address of this machine'} may use it: "
                "give --token, or --ip 127.0.0.1."
            )
        if options.open_browser:
            asyncio.get_running_loop().run_in_executor(None, webbrowser.open, url)


@contextmanager
def _runtime_folder() -> Iterator[Path]:
    # /tmp where the system's own temporary folder is too deep for Unix sockets (macOS)
    short = "/tmp" if os.name == "posix" and os.access("/tmp", os.W_OK) else None  # noqa: S108
    with tempfile.TemporaryDirectory(
        prefix="digitlab-", dir=short, ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)


@contextmanager
def _variables(values: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _on_signals(loop: asyncio.AbstractEventLoop, stopped: asyncio.Event) -> Iterator[None]:
    def stop(signum: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stopped.set)

    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(signum, stop) for signum in signals]
    try:
        yield
    finally:
        for signum, handler in zip(signals, before, strict=True):
            signal.signal(signum, handler)
