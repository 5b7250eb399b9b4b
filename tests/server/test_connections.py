"""The timeouts of the HTTP server and its limits on connections, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from support.live_server import environment
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from digitlab.server.connections import ConnectionLimits, LimitedServer

WAIT_S = 20.0
"""Longest wait for what a test expects; the limits of the tests are one second."""

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Awaitable[Connection]]


class Address(RequestHandler):
    """Answers with the address of the client."""

    def get(self) -> None:
        self.write(self.request.remote_ip or "")

    def post(self) -> None:
        self.write(f"{len(self.request.body)} bytes")


@asynccontextmanager
async def serving(*, behind_proxy: bool = False, **limits: Any) -> AsyncIterator[Connect]:
    """Run a server; yield a function that connects to it."""
    (listener,) = bind_sockets(0, "127.0.0.1")
    port = listener.getsockname()[1]
    server = LimitedServer(
        Application([("/", Address)]),
        limits=ConnectionLimits(**limits),
        behind_proxy=behind_proxy,
    )
    server.add_sockets([listener])
    connections: list[Connection] = []

    async def connect() -> Connection:
        connections.append(await asyncio.open_connection("127.0.0.1", port))
        return connections[-1]

    try:
        yield connect
    finally:
        for _, writer in connections:
            writer.close()
        server.stop()
        await server.close_all_connections()


async def answer(connection: Connection, request: bytes = REQUEST) -> bytes:
    """Send a request; return the body of the answer, empty if the connection was closed."""
    reader, writer = connection
    writer.write(request)
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), WAIT_S)
    length = int(head.lower().split(b"content-length:")[1].split()[0])
    return await asyncio.wait_for(reader.readexactly(length), WAIT_S)


async def is_closed(connection: Connection) -> bool:
    """Return whether the server closes a connection without an answer."""
    try:
        return await asyncio.wait_for(connection[0].read(1), WAIT_S) == b""
    except ConnectionError:
        return True


async def drip(connection: Connection, first: bytes) -> None:
    """Send the begin of a request, then a byte at a time until the connection is closed."""
    writer = connection[1]
    writer.write(first)
    while not writer.is_closing():
        writer.write(b"x")
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("first", [b"", b"GET / HTTP/1.1\r\nHost: "])
def test_a_connection_without_a_complete_request_is_closed(first: bytes) -> None:
    async def test() -> None:
        async with serving(headers_s=1.0) as connect:
            connection = await connect()
            connection[1].write(first)
            assert await is_closed(connection)

    asyncio.run(test())


@pytest.mark.parametrize(
    ("first", "limits"),
    [
        (b"GET / HTTP/1.1\r\nX-Slow: ", {"headers_s": 1.0}),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n", {"body_s": 1.0}),
    ],
)
def test_a_request_that_arrives_byte_by_byte_is_closed(
    first: bytes, limits: dict[str, float]
) -> None:
    async def test() -> None:
        async with serving(**limits) as connect:
            connection = await connect()
            dripping = asyncio.create_task(drip(connection, first))
            assert await is_closed(connection)
            dripping.cancel()

    asyncio.run(test())


def test_an_idle_connection_is_closed_after_its_last_request() -> None:
    async def test() -> None:
        async with serving(headers_s=1.0) as connect:
            connection = await connect()
            assert await answer(connection) == b"127.0.0.1"
            assert await answer(connection) == b"127.0.0.1"
            assert await is_closed(connection)

    asyncio.run(test())


@pytest.mark.parametrize("limits", [{"connections": 5}, {"per_address": 5}])
def test_a_new_connection_replaces_the_one_that_waited_longest(limits: dict[str, int]) -> None:
    async def test() -> None:
        async with serving(**limits) as connect:
            waiting = [await connect() for _ in range(20)]
            assert await answer(await connect()) == b"127.0.0.1"
            assert all([await is_closed(each) for each in waiting[:15]])
            assert await answer(waiting[-1]) == b"127.0.0.1"

    asyncio.run(test())


def test_a_burst_of_connections_leaves_room_for_a_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def test() -> None:
        async with serving(connections=50, headers_s=WAIT_S) as connect:
            for _ in range(10):
                await asyncio.gather(*(connect() for _ in range(100)))
                assert await answer(await connect()) == b"127.0.0.1"

    asyncio.run(test())
    assert [record for record in caplog.records if record.name != "asyncio"] == []


def test_a_connection_beyond_the_limit_is_closed_while_all_others_are_used() -> None:
    async def test() -> None:
        async with serving(connections=3, body_s=WAIT_S) as connect:
            used = [await connect() for _ in range(3)]
            for _, writer in used:
                writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n")
            await asyncio.sleep(0.5)  # the server reads their headers
            assert await is_closed(await connect())
            assert await answer(used[0], b"abc") == b"3 bytes"

    asyncio.run(test())


@pytest.mark.parametrize(
    ("headers", "trusted", "address"),
    [
        (b"X-Forwarded-For: 192.0.2.9", True, b"192.0.2.9"),
        (b"X-Forwarded-For: 198.51.100.1, 192.0.2.9", True, b"192.0.2.9"),
        (b"X-Forwarded-For: 192.0.2.9\r\nX-Real-Ip: 198.51.100.1", True, b"192.0.2.9"),
        (b"X-Real-Ip: 198.51.100.1", True, b"127.0.0.1"),
        (b"X-Forwarded-For: 192.0.2.9\r\nX-Real-Ip: 198.51.100.1", False, b"127.0.0.1"),
    ],
)
def test_the_address_of_a_client_is_the_one_that_a_trusted_proxy_adds(
    headers: bytes, trusted: bool, address: bytes
) -> None:
    async def test() -> None:
        async with serving(behind_proxy=trusted) as connect:
            request = b"GET / HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n\r\n"
            assert await answer(await connect(), request) == address

    asyncio.run(test())


@pytest.mark.skipif(
    not hasattr(socket, "TCP_USER_TIMEOUT"), reason="TCP_USER_TIMEOUT is an option of Linux"
)
def test_a_client_that_reads_nothing_is_disconnected() -> None:
    class Large(RequestHandler):
        async def get(self) -> None:
            try:
                for _ in range(1000):
                    self.write(bytes(100_000))
                    await self.flush()
            finally:
                ended.set()

    ended = asyncio.Event()

    async def test() -> None:
        (listener,) = bind_sockets(0, "127.0.0.1")
        server = LimitedServer(Application([("/", Large)]), limits=ConnectionLimits(unread_s=1.0))
        address = listener.getsockname()
        server.add_sockets([listener])
        with socket.create_connection(address) as client:
            client.sendall(REQUEST)
            await asyncio.wait_for(ended.wait(), WAIT_S)
        server.stop()

    asyncio.run(test())


NO_FILES = """
import asyncio, resource, socket, sys
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler
from digitlab.server.connections import ConnectionLimits, LimitedServer

class Hello(RequestHandler):
    def get(self):
        self.write("hello")

async def main():
    (listener,) = bind_sockets(0, "127.0.0.1")
    address = listener.getsockname()
    server = LimitedServer(Application([("/", Hello)]), limits=ConnectionLimits())
    server.add_sockets([listener])
    print(address[1], flush=True)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""


@pytest.mark.skipif(os.name != "posix", reason="the number of open files is limited on POSIX")
def test_a_server_without_a_free_file_keeps_serving_and_does_not_fill_its_log() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", NO_FILES],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        address = ("127.0.0.1", int(process.stdout.readline()))
        half_open = [socket.create_connection(address) for _ in range(300)]
        for each in half_open:
            each.close()
        answer, give_up = b"", time.monotonic() + WAIT_S
        while not answer.startswith(b"HTTP/1.1 200") and time.monotonic() < give_up:
            # The server may still hold the connections that were closed just before.
            with (
                contextlib.suppress(ConnectionError),
                socket.create_connection(address, timeout=WAIT_S) as client,
            ):
                client.sendall(REQUEST)
                answer = client.recv(4096)
        assert answer.startswith(b"HTTP/1.1 200")
        _, errors = process.communicate()
    lines = errors.decode().splitlines()
    assert lines
    assert {*lines} == {"A connection was refused: Too many open files"}


def test_the_server_logs_no_half_open_connection(caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        async with serving(headers_s=1.0) as connect:
            waiting = [await connect() for _ in range(200)]
            assert all([await is_closed(each) for each in waiting])

    with caplog.at_level(logging.WARNING):
        asyncio.run(test())
    assert [record for record in caplog.records if record.name != "asyncio"] == []
