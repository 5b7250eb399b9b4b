"""One standalone Voilà server, from the bound port to the end of its last kernel."""

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
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server.services.contents.largefilemanager import LargeFileManager
from jupyter_server.services.kernels.handlers import KernelHandler
from jupyter_server.utils import url_path_join
from tornado.web import Application
from voila.app import Voila
from voila.configuration import VoilaConfiguration
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from digitlab.jobs.environment import SECRETS
from digitlab.server.admission import Tickets
from digitlab.server.config import voila_config
from digitlab.server.connections import LimitedServer
from digitlab.server.environment import server_environment
from digitlab.server.handlers import (
    DashboardHandler,
    HealthHandler,
    LoginHandler,
    OwnChannelsHandler,
    OwnKernelHandler,
    RetryAfter,
    ShutdownHandler,
    TemplateHandler,
)
from digitlab.server.identity import TokenIdentity
from digitlab.server.log_filter import LogFilter, filtered_logs
from digitlab.server.options import ServeOptions
from digitlab.server.retrain import retraining
from digitlab.server.session_kernels import PageKernelSpecs, SessionKernels
from digitlab.server.sockets import connection_limits, listening_sockets, tls_context
from digitlab.settings import Settings

log = logging.getLogger(__name__)

REPLACED = {KernelHandler, VoilaKernelWebsocketHandler, VoilaShutdownKernelHandler}
"""Voilà's handlers of kernels. They answer everyone who knows the id of a kernel."""

KERNEL_ID = r"(?P<kernel_id>[0-9a-f-]{36})"
"""Pattern of a kernel's id in an address."""


def run(options: ServeOptions, settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM. See `digitlab.server.serve`."""
    tls = tls_context(options)
    sockets = listening_sockets(options)  # a taken port must fail before Voilà starts kernels
    environ = dict(os.environ)
    try:
        with _runtime_folder() as runtime, _variables(server_environment(environ, runtime)):
            config = voila_config(options, settings, runtime=runtime, environ=environ)
            app = Dashboards.instance(config=config)
            app.connection_dir = str(runtime)
            app.initialize()
            log_filter = LogFilter(secrets=[options.token])
            try:
                with filtered_logs(log_filter, app.log.handlers):
                    asyncio.run(app.serve(options, settings, sockets, tls, announce))
            finally:
                Dashboards.clear_instance()
                shutil.rmtree(jupyter_config_dir(), ignore_errors=True)  # an empty temporary folder
    finally:
        for each in sockets:
            each.close()


class UnsignedNotebooks(LargeFileManager):
    """Reads notebooks without the signature database in the person's home folder."""

    def mark_trusted_cells(self, nb: Any, path: str = "") -> None:
        """Do nothing: Voilà runs the notebook and shows only the outputs of that run."""


class Dashboards(Voila):  # type: ignore[misc] # untyped base
    """Voilà with digitlab's handlers and kernels; reads no arguments and no configuration file."""

    name = "voila"
    kernel_manager: Any

    def initialize(self, argv: list[str] | None = None) -> None:
        """Prepare the server from its configuration; ignore `argv`."""
        self._init_asyncio_patch()
        self.identity_provider_class = TokenIdentity
        self.voila_configuration = VoilaConfiguration(parent=self)
        self.voila_configuration.kernel_spec_manager_class = PageKernelSpecs
        self.setup_template_dirs()
        if self.log_level > logging.INFO:
            for name in ("tornado.access", "tornado.general"):
                logging.getLogger(name).setLevel(logging.ERROR)  # each 404 would be a line

    def init_settings(self) -> dict[str, Any]:
        """Return Voilà's settings with `SessionKernels` as the kernel manager.

        Voilà's own preheating stays off in the configuration. It would wrap the manager a
        second time, and add an address that shows one visitor's request to every visitor.
        """
        settings: dict[str, Any] = super().init_settings()
        self.contents_manager = UnsignedNotebooks(parent=self)
        voila_kernels = self.kernel_manager
        self.kernel_manager = SessionKernels(
            parent=self,
            connection_dir=self.connection_dir,
            kernel_spec_manager=self.kernel_spec_manager,
            allowed_message_types=voila_kernels.allowed_message_types,
        )
        return settings | {
            "contents_manager": self.contents_manager,
            "kernel_manager": self.kernel_manager,
        }

    def init_handlers(self) -> list[Any]:
        """Return digitlab's handlers and Voilà's, without its last, which renders any path."""
        voila_handlers = super().init_handlers()
        dashboard = {
            "notebook_path": os.path.relpath(self.notebook_path, self.root_dir),
            "template_paths": self.template_paths,
            "config": self.config,
            "voila_configuration": self.voila_configuration,
            "tickets": Tickets(),
        }

        def below(path: str) -> str:
            return str(url_path_join(self.server_url, path))

        return [
            (below("health"), HealthHandler),
            (below("login"), LoginHandler),
            (below(f"api/kernels/{KERNEL_ID}"), OwnKernelHandler),
            (below(f"api/kernels/{KERNEL_ID}/channels"), OwnChannelsHandler),
            (below(f"voila/api/shutdown/{KERNEL_ID}"), ShutdownHandler),
            *(_with_error_pages(each) for each in voila_handlers[:-1] if each[1] not in REPLACED),
            (below(r"(.*)"), DashboardHandler, dashboard),
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
            server = LimitedServer(
                self.app,
                limits=connection_limits(options),
                tls=tls,
                behind_proxy=options.is_local,
            )
            server.add_sockets(sockets)
            try:
                self._announce(options, settings, announce)
                with retraining(options, settings, announce):
                    await stopped.wait()
            finally:
                server.stop()
                self.log.setLevel(logging.CRITICAL)  # pages that are starting now will fail
                await self.kernel_manager.close()
                await server.close_all_connections()

    def _announce(
        self, options: ServeOptions, settings: Settings, announce: Callable[[str], None]
    ) -> None:
        url = options.url(self.port)
        announce(f"digitlab serves on {url} (home: {settings.home})")
        if not options.token and not options.is_local:
            announce(
                f"Everyone who can reach {options.ip or 'an address of this machine'} can use it. "
                "Set --token-file, or --ip 127.0.0.1."
            )
        if options.open_browser:
            asyncio.get_running_loop().run_in_executor(None, webbrowser.open, url)


def _with_error_pages(spec: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the specification of a handler of Voilà with digitlab's pages for errors."""
    pattern, handler, *arguments = spec
    if issubclass(handler, JupyterHandler) and not issubclass(handler, APIHandler):
        handler = type(handler.__name__, (RetryAfter, TemplateHandler, handler), {})
    return (pattern, handler, *arguments)


@contextmanager
def _runtime_folder() -> Iterator[Path]:
    # On macOS the path of the system's temporary folder is too long for Unix sockets.
    short = "/tmp" if os.name == "posix" and os.access("/tmp", os.W_OK) else None  # noqa: S108
    with tempfile.TemporaryDirectory(
        prefix="digitlab-", dir=short, ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)


@contextmanager
def _variables(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables and remove the secrets of this process, so that no child receives them."""
    before = dict(os.environ)
    for name in SECRETS:
        os.environ.pop(name, None)
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
