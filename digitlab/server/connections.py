"""The HTTP server: its timeouts, and its limits on connections."""

from __future__ import annotations

import errno
import logging
import os
import socket
import ssl
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Final

from tornado.httpserver import HTTPServer
from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.iostream import IOStream
from tornado.web import Application

from digitlab.server.wrong_tokens import network_of

log = logging.getLogger(__name__)

MAX_BODY_BYTES: Final = 2**20
"""Largest body of a request: a login form, or the message of a page that is being closed."""

_NO_ROOM: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""Errors of `accept` when this process or the system has no file or memory left."""


@dataclass(frozen=True, kw_only=True)
class ConnectionLimits:
    """Limits on the connections of the server.

    Attributes:
        headers_s: seconds in which the headers of a request must arrive, counted from the
            connection or from the end of the last request.
        body_s: seconds in which the body of a request must arrive.
        unread_s: seconds after which a connection ends whose other side reads nothing that was
            sent, or does not confirm it. Only on Linux.
        connections: largest number of connections. Further ones close the connection that has
            waited longest for a request.
        per_address: the same for one address or IPv6 /64 network; 0 for no such limit. A class
            behind one router needs about seven connections a page.
    """

    headers_s: float = 15.0
    body_s: float = 20.0
    unread_s: float = 60.0
    connections: int = 800
    per_address: int = 250


class LimitedServer(HTTPServer):
    """tornado's HTTP server within `ConnectionLimits`."""

    def initialize(  # type: ignore[override] # tornado's arguments that are not used here
        self,
        app: Application,
        *,
        limits: ConnectionLimits,
        tls: ssl.SSLContext | None = None,
        behind_proxy: bool = False,
    ) -> None:
        """Prepare the server.

        Args:
            app: answers the requests.
            limits: the limits.
            tls: the certificate; None for plain HTTP.
            behind_proxy: trust the headers `X-Forwarded-For` and `X-Forwarded-Proto`.
        """
        super().initialize(
            app,
            ssl_options=tls,
            xheaders=behind_proxy,
            idle_connection_timeout=limits.headers_s,
            body_timeout=limits.body_s,
            max_body_size=MAX_BODY_BYTES,
        )
        self._limits = limits
        self._streams: dict[IOStream, str] = {}  # open connection -> its address
        self._waiting: dict[IOStream, None] = {}  # those without a request, longest wait first

    def add_sockets(self, sockets: Any) -> None:
        """Accept connections on these sockets; they belong to the server from now on."""
        super().add_sockets(
            [Listener(each.family, each.type, each.proto, each.detach()) for each in sockets]
        )

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        """Serve a new connection if there is room for it; else close it."""
        network = network_of(str(address[0]))
        for closed in [each for each in self._streams if each.closed()]:
            del self._streams[closed]
            self._waiting.pop(closed, None)
        if not self._make_room(network):
            log.warning("Too many connections from %s; the newest one is closed", network)
            stream.close()
            return
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            milliseconds = round(1000 * self._limits.unread_s)
            stream.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
        self._streams[stream] = network
        self._waiting[stream] = None
        super().handle_stream(stream, address)

    def start_request(
        self, server_conn: object, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        """Note that a connection waits for a request."""
        stream: IOStream = server_conn.stream  # type: ignore[attr-defined] # HTTP1ServerConnection
        self._waiting.pop(stream, None)
        if stream in self._streams:  # else it was closed for another one meanwhile
            self._waiting[stream] = None
        delegate = super().start_request(server_conn, request_conn)
        return _NotWaiting(delegate, self._waiting, stream)

    def _make_room(self, network: str) -> bool:
        """Return whether there is room for one more connection; close a waiting one for it."""
        limits = self._limits
        same = [each for each, of in self._streams.items() if of == network]
        if limits.per_address and len(same) >= limits.per_address:
            return self._close_waiting({*same})
        return len(self._streams) < limits.connections or self._close_waiting({*self._waiting})

    def _close_waiting(self, streams: set[IOStream]) -> bool:
        """Close the connection among `streams` that has waited longest for a request."""
        for stream in self._waiting:
            if stream in streams:
                del self._waiting[stream], self._streams[stream]
                stream.close()
                return True
        return False


class Listener(socket.socket):
    """A listening socket that survives when no file is left for a connection.

    tornado would try to accept the same connection again at once, without end, and log a
    traceback each time. The spare file makes room to accept the connection and to close it.
    """

    def __init__(self, family: int, kind: int, proto: int, fileno: int) -> None:
        super().__init__(family, kind, proto, fileno)
        self.setblocking(False)
        self._spare = os.open(os.devnull, os.O_RDONLY)

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept a connection; BlockingIOError if there is none, or no file for it."""
        try:
            return super().accept()
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            log.warning("A connection was refused: %s", error.strerror)
            self._shed()
            raise BlockingIOError(errno.EAGAIN, "no file for a connection") from error

    def close(self) -> None:
        """Close the socket and the spare file."""
        self._close_spare()
        super().close()

    def _shed(self) -> None:
        """Accept one connection with the spare file, and close it."""
        self._close_spare()
        try:
            super().accept()[0].close()
        except OSError:
            pass  # another thread has taken the file, or the connection is gone
        finally:
            try:
                self._spare = os.open(os.devnull, os.O_RDONLY)
            except OSError:
                self._spare = -1

    def _close_spare(self) -> None:
        spare, self._spare = self._spare, -1
        if spare >= 0:
            os.close(spare)


class _NotWaiting(HTTPMessageDelegate):
    """Passes a request on, and notes when its headers have arrived."""

    def __init__(
        self, delegate: HTTPMessageDelegate, waiting: dict[IOStream, None], stream: IOStream
    ) -> None:
        self._delegate = delegate
        self._waiting = waiting
        self._stream = stream

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        self._waiting.pop(self._stream, None)
        if "X-Real-Ip" in headers:
            # tornado prefers it, but a proxy that sets only X-Forwarded-For passes it on from
            # the client, who could take any address.
            del headers["X-Real-Ip"]
        return self._delegate.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return self._delegate.data_received(chunk)

    def finish(self) -> None:
        self._delegate.finish()

    def on_connection_close(self) -> None:
        self._delegate.on_connection_close()
