"""From options to the traitlets configuration of Voilà and what it is made of. Pure."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from digitlab.server.environment import kernel_environment
from digitlab.server.options import ServeOptions
from digitlab.settings import Settings, bundled

if TYPE_CHECKING:
    from traitlets.config import Config

EXTENSIONS = (
    "@jupyter-widgets/jupyterlab-manager",
    "@voila-dashboards/widgets-manager8",
    "anywidget",
)
"""The lab extensions that the page needs. Voilà would load every installed one."""

MESSAGE_BYTES = 64 * 2**20
"""Largest message from a page. A picture up to the limit of 20 MB arrives in one; tornado's
default of 10 MiB closes the connection without a word."""

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' blob:",  # Voilà's inline scripts; anywidget's blobs
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' ws: wss:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    ]
)

SOCKET_PATH_BYTES = 103
"""Longest path of a Unix socket: macOS has 103, Linux 107."""


def voila_config(
    options: ServeOptions, settings: Settings, *, runtime: Path, environ: Mapping[str, str]
) -> Config:
    """The whole configuration. No configuration file is read besides.

    Args:
        options: what a person chose.
        settings: the home that the pages read and write.
        runtime: private folder for connection files, removed when the server stops.
        environ: the environment that the server was started with.
    """
    from traitlets.config import Config

    notebook = dashboard(options)
    c = Config()
    c.Application.log_format = "digitlab: %(message)s"
    c.Application.log_level = "INFO" if options.verbose else "WARN"
    c.Voila.notebook_path = str(notebook)
    c.Voila.root_dir = str(notebook.parent)
    c.Voila.base_url = options.prefix
    c.Voila.ip = options.ip
    c.Voila.token = options.token
    c.Voila.open_browser = False
    c.Voila.tornado_settings = tornado_settings(options)

    c.VoilaConfiguration.template = "digitlab"
    c.VoilaConfiguration.theme = "light"  # dark mode is the template's, by the browser's wish
    c.VoilaConfiguration.allow_template_override = "NO"
    c.VoilaConfiguration.allow_theme_override = "NO"  # ?theme= would be reflected unescaped
    c.VoilaConfiguration.file_allowlist = []
    c.VoilaConfiguration.extension_allowlist = list(EXTENSIONS)
    c.VoilaConfiguration.extension_denylist = []
    c.VoilaConfiguration.show_tracebacks = False
    c.VoilaExecutor.cell_error_instruction = "The server's log says more."

    c.PlainKernels.environment = kernel_environment(environ, settings, runtime)
    c.PlainKernels.cull_idle_timeout = options.cull_idle_s
    c.PlainKernels.cull_interval = cull_interval(options)
    c.PlainKernels.cull_connected = True  # a page left open overnight is idle too
    c.SessionKernels.max_sessions = options.max_sessions
    c.SessionKernels.grace_s = float(options.grace_s)
    c.SessionKernels.kernel_pools_config = {
        "default": {"pool_size": options.warm, "kernel_env_variables": {}}
    }
    # A kernel that died has lost its page's widgets: say so instead of restarting it.
    c.KernelRestarter.restart_limit = 0
    if socket_paths_fit(runtime):
        c.KernelManager.transport = "ipc"  # keeps kernels off TCP
    return c


def dashboard(options: ServeOptions) -> Path:
    """Absolute path of the notebook to serve."""
    return (options.dashboard or bundled("dashboards") / "digits.ipynb").resolve()


def tornado_settings(options: ServeOptions) -> dict[str, object]:
    """Settings of the web server itself."""
    return {
        # Without a login, a foreign web site could reach a local server under a name of its
        # own (DNS rebinding): then only local names are answered.
        "allow_remote_access": bool(options.token) or not options.is_local,
        "compress_response": not options.is_local,  # 5 MB of scripts; costs time on loopback
        "headers": {
            "Content-Security-Policy": CONTENT_SECURITY_POLICY,
            "Referrer-Policy": "same-origin",
        },
        "websocket_max_message_size": MESSAGE_BYTES,
    }


def cull_interval(options: ServeOptions) -> int:
    """Seconds between two looks for sessions to end: soon enough for either limit."""
    return max(1, min(30, options.cull_idle_s // 2, options.grace_s // 2))


def socket_paths_fit(runtime: Path, platform: str = sys.platform) -> bool:
    """Whether kernels can be reached through Unix sockets in `runtime`."""
    longest = runtime / "kernel-00000000-0000-0000-0000-000000000000-ipc-5"
    return platform != "win32" and len(os.fsencode(longest)) <= SOCKET_PATH_BYTES
