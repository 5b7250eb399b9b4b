"""A line between browser and server that a test can cut, mute and mend."""

from __future__ import annotations

import contextlib
import socket
import threading


class Relay:
    """Passes TCP connections on to a port of 127.0.0.1, from a port of its own.

    Args:
        target: the port where the server listens.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._pairs: list[_Pair] = []
        self._lock = threading.Lock()
        self.port = 0
        self.mend()

    def mend(self) -> None:
        """Accept connections, on the same port each time."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=[self._listener], daemon=True).start()

    def cut(self) -> None:
        """Refuse new connections and break those that there are, as a server that stops."""
        _close(self._listener)
        with self._lock:
            for pair in self._pairs:
                pair.close()
            self._pairs = []

    def mute(self) -> None:
        """The same, but websockets look open and carry nothing, as when a phone leaves a house.

        Browsers themselves give up what else was open when they notice that the network is
        another one.
        """
        with self._lock:
            mute = [pair for pair in self._pairs if pair.websocket]
            self._pairs = [pair for pair in self._pairs if not pair.websocket]
        for pair in mute:
            pair.mute = True
        self.cut()
        self._pairs = mute

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # cut
            while True:
                near, _ = listener.accept()
                pair = _Pair(near, socket.create_connection(("127.0.0.1", self._target)))
                with self._lock:
                    self._pairs.append(pair)


class _Pair:
    """A connection to the browser and one to the server, each handed on to the other."""

    websocket = False
    mute = False

    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self._ends = near, far
        for ends in ((near, far), (far, near)):
            threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def close(self) -> None:
        for end in self._ends:
            _close(end)

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):  # cut
            while data := source.recv(65_536):
                self.websocket |= b"\r\nUpgrade: websocket\r\n" in data
                if not self.mute:
                    target.sendall(data)
            target.shutdown(socket.SHUT_WR)


def _close(end: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the other side was faster
        end.shutdown(socket.SHUT_RDWR)
    end.close()
