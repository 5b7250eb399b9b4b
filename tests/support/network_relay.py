"""A relay between browser and server whose connections a test can delay, break and restore."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time


class NetworkRelay:
    """Relays TCP connections from its own port to another port of 127.0.0.1.

    Attributes:
        port: the relay's port; it stays the same after `reconnect`.
        latency_s: delay of each byte in each direction, in seconds; it may change at any time.
            The order of the bytes stays, and the bandwidth is not limited.
    """

    def __init__(self, target_port: int, *, latency_s: float = 0.0) -> None:
        self._target_port = target_port
        self.latency_s = latency_s
        self._connections: list[_Connection] = []
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self.port = 0
        self.reconnect()

    def reconnect(self) -> None:
        """Accept connections."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=[self._listener], daemon=True).start()

    def disconnect(self) -> None:
        """Refuse new connections and break the open ones, like a server that stops."""
        with self._lock:
            listener, self._listener = self._listener, None
            connections, self._connections = self._connections, []
        if listener is not None:
            _close(listener)
        for connection in connections:
            connection.close()

    def stall(self) -> None:
        """Refuse new connections; open websockets stay open and carry nothing.

        This is what a phone sees that leaves the range of its network. Its browser notices the
        change of the network and closes the other connections.
        """
        with self._lock:
            websockets = [each for each in self._connections if each.is_websocket]
            self._connections = [each for each in self._connections if not each.is_websocket]
        for websocket in websockets:
            websocket.stalled = True
        self.disconnect()
        with self._lock:
            self._connections = websockets

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # `disconnect` closes the listener
            while True:
                browser_side, _ = listener.accept()
                server_side = socket.create_connection(("127.0.0.1", self._target_port))
                connection = _Connection(browser_side, server_side, self)
                with self._lock:
                    accepted = self._listener is listener
                    if accepted:
                        self._connections.append(connection)
                if not accepted:  # `disconnect` ran since `accept`
                    connection.close()


class _Connection:
    """A connection of the browser and one to the server; each end is passed on to the other."""

    is_websocket = False
    stalled = False

    def __init__(
        self, browser_side: socket.socket, server_side: socket.socket, relay: NetworkRelay
    ) -> None:
        self._ends = browser_side, server_side
        self._relay = relay
        for ends in (self._ends, self._ends[::-1]):
            threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def close(self) -> None:
        for end in self._ends:
            _close(end)

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        delayed: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
        threading.Thread(target=self._send_delayed, args=(delayed, target), daemon=True).start()
        with contextlib.suppress(OSError):  # `close` closes both ends
            while data := source.recv(65_536):
                self.is_websocket |= b"\r\nUpgrade: websocket\r\n" in data
                delayed.put((time.monotonic() + self._relay.latency_s, data))
        delayed.put((time.monotonic() + self._relay.latency_s, b""))

    def _send_delayed(
        self, delayed: queue.SimpleQueue[tuple[float, bytes]], target: socket.socket
    ) -> None:
        """Send data when it is due; empty data ends the direction."""
        with contextlib.suppress(OSError):
            while True:
                due, data = delayed.get()
                time.sleep(max(0.0, due - time.monotonic()))
                if not data:
                    target.shutdown(socket.SHUT_WR)
                    return
                if not self.stalled:
                    target.sendall(data)


def _close(end: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the other side has closed it already
        end.shutdown(socket.SHUT_RDWR)
    end.close()
