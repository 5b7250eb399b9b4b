"""The port, bound before anything else starts, and the certificate it is served with."""

from __future__ import annotations

import errno
import socket
import ssl

from tornado.netutil import bind_sockets

from digitlab.errors import ServeError
from digitlab.server.options import ServeOptions


def listening_sockets(options: ServeOptions) -> list[socket.socket]:
    """Bind the port.

    Raises:
        ServeError: it is taken, not allowed, or the address is not this machine's.
    """
    try:
        return bind_sockets(options.port, options.ip)
    except OSError as error:
        raise ServeError(_reason(error, options)) from error
    except UnicodeError as error:  # what is no host name at all
        raise ServeError(f"{options.ip} is no address: {error}.") from error


def tls_context(options: ServeOptions) -> ssl.SSLContext | None:
    """The certificate, ready to serve with; None for plain HTTP.

    Raises:
        ServeError: certificate or key cannot be read, or don't belong together.
    """
    if options.certfile is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(options.certfile, options.keyfile)
    except OSError as error:  # ssl.SSLError is one
        raise ServeError(
            f"{options.certfile} and {options.keyfile} are no certificate and key in PEM "
            f"that belong together: {error}"
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
            f"Port {options.port} on {where} needs more rights than yours; choose one above "
            "1023: digitlab serve --port 8866"
        )
    return f"{where} is not an address of this machine that one can listen on: {error}"
