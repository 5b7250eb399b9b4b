"""The traitlets configuration of Voilà and its parts, built from the options. Pure."""

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
"""The JupyterLab extensions that the page needs. By default, Voilà loads every installed one."""

MESSAGE_BYTES = 64 * 2**20
"""Largest message from a page. A picture of up to 20 MB arrives in one message; over its
default limit of 10 MiB, tornado closes the connection without an error."""

PING_MS = 20_000
"""Milliseconds between two pings of a page's websocket. The server closes it after three without
an answer."""

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
"""Longest path of a Unix socket in bytes: 103 on macOS, 107 on Linux."""


def voila_config(
    options: ServeOptions, settings: Settings, *, runtime: Path, environ: Mapping[str, str]
) -> Config:
    """Return the complete configuration; Voilà reads no configuration file.

    Args:
        options: the options of the server.
        settings: the settings of the home that the pages read and write.
        runtime: a private folder for connection files, removed when the server stops.
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
    c.TokenIdentity.cookie_options = {"samesite": "Lax"}  # httponly is jupyter_server's default
    c.Voila.open_browser = False
    c.Voila.tornado_settings = tornado_settings(options)

    c.VoilaConfiguration.template = "digitlab"
    c.VoilaConfiguration.theme = "light"  # the template switches to dark mode by CSS
    c.VoilaConfiguration.allow_template_override = "NO"
    c.VoilaConfiguration.allow_theme_override = "NO"  # ?theme= would be reflected unescaped
    c.VoilaConfiguration.file_allowlist = []
    c.VoilaConfiguration.extension_allowlist = list(EXTENSIONS)
    c.VoilaConfiguration.extension_denylist = []
    c.VoilaConfiguration.show_tracebacks = False
    c.VoilaExecutor.cell_error_instruction = "The server's log has the details."

    c.PlainKernels.environment = kernel_environment(environ, settings, runtime)
    c.PlainKernels.cull_idle_timeout = options.cull_idle_s
    c.PlainKernels.cull_interval = cull_interval(options)
    c.PlainKernels.cull_connected = True  # a page left open overnight counts as idle
    c.PlainKernels.cull_busy = True  # so does a computation that shows nothing for as long
    c.SessionKernels.max_sessions = options.max_sessions
    c.SessionKernels.grace_s = float(options.grace_s)
    c.SessionKernels.kernel_pools_config = {
        "default": {"pool_size": options.warm, "kernel_env_variables": {}}
    }
    # A restarted kernel has lost the page's widgets; the page reports the end instead.
    c.KernelRestarter.restart_limit = 0
    if socket_paths_fit(runtime):
        # Only its owner can open a Unix socket; every user of the machine can connect to TCP.
        c.KernelManager.transport = "ipc"
    return c


def dashboard(options: ServeOptions) -> Path:
    """Return the absolute path of the notebook to serve."""
    return (options.dashboard or bundled("dashboards") / "digits.ipynb").resolve()


def tornado_settings(options: ServeOptions) -> dict[str, object]:
    """Return the settings of tornado, the web server."""
    return {
        # Without a login, a foreign web site could reach a local server under the site's name
        # (DNS rebinding). Such a server answers only to local names.
        "allow_remote_access": bool(options.token) or not options.is_local,
        "compress_response": not options.is_local,  # 5 MB of scripts; not worth it on loopback
        "headers": {
            "Content-Security-Policy": CONTENT_SECURITY_POLICY,
            "Referrer-Policy": "same-origin",
        },
        "websocket_max_message_size": MESSAGE_BYTES,
        "ws_ping_interval": PING_MS,
        "ws_ping_timeout": 3 * PING_MS,
        "xsrf_cookie_kwargs": {
            "path": options.prefix,
            "samesite": "Lax",
            "secure": options.certfile is not None,
        },
    }


def cull_interval(options: ServeOptions) -> int:
    """Return the seconds between two checks for idle sessions, at most half of each limit."""
    return max(1, min(30, options.cull_idle_s // 2, options.grace_s // 2))


def socket_paths_fit(runtime: Path, platform: str = sys.platform) -> bool:
    """Return whether the paths of the kernels' Unix sockets in `runtime` are short enough."""
    longest = runtime / "kernel-00000000-0000-0000-0000-000000000000-ipc-5"
    return platform != "win32" and len(os.fsencode(longest)) <= SOCKET_PATH_BYTES
