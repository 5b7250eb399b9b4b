"""The server's sockets, bound before anything else starts, and its TLS certificate."""

from __future__ import annotations

import contextlib
import errno
import socket
import ssl
from dataclasses import replace
from typing import Final

from tornado.netutil import bind_sockets

from digitlab.errors import ServeError
from digitlab.server.connections import ConnectionLimits
from digitlab.server.options import ServeOptions

OPEN_FILES: Final = 4096
"""Files that the process should be able to open: connections, and about 30 for each kernel."""


def listening_sockets(options: ServeOptions) -> list[socket.socket]:
    """Bind the port and return the sockets.

    Raises:
        ServeError: the port is taken or not allowed, or the address is not this machine's.
    """
    try:
        return bind_sockets(options.port, options.ip)
    except OSError as error:
        raise ServeError(_reason(error, options)) from error
    except UnicodeError as error:  # text that cannot be a host name
        raise ServeError(f"{options.ip} is not an address: {error}.") from error


def connection_limits(options: ServeOptions) -> ConnectionLimits:
    """Return the limits that fit the files that this process may open; allow it more if possible.

    Half of the files remain for the kernels. Behind a proxy, all connections come from one
    address, so an address has no limit on loopback.
    """
    limits = ConnectionLimits(per_address=0) if options.is_local else ConnectionLimits()
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return limits
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):  # macOS may refuse
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    if soft == resource.RLIM_INFINITY:
        return limits
    return replace(limits, connections=min(limits.connections, max(soft // 2, 16)))


def tls_context(options: ServeOptions) -> ssl.SSLContext | None:
    """Return the TLS context with the certificate; None for plain HTTP.

    Raises:
        ServeError: the certificate or the key cannot be read, or they do not match.
    """
    if options.certfile is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(options.certfile, options.keyfile)
    except OSError as error:  # also ssl.SSLError
        raise ServeError(
            f"{options.certfile} and {options.keyfile} are not a certificate and its key in "
            f"PEM format: {error}"
        ) from error
    return context


def _reason(error: OSError, options: ServeOptions) -> str:
    where = options.ip or "this machine"
    if error.errno == errno.EADDRINUSE:
        other = options.port + 1 if options.port < 65535 else options.port - 1
        return (
            f"Port {options.port} on {where} is taken; stop the other program or choose "
            f"another: digitlab serve --port {other}"
        )
    if error.errno == errno.EACCES:
        return (
            f"Port {options.port} on {where} needs administrator rights; choose a port above "
            "1023: digitlab serve --port 8866"
        )
    return f"The server cannot listen on {where}: it is not an address of this machine: {error}"
