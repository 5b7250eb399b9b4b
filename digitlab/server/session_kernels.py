"""The kernels of the pages: how many run, and when they end."""

from __future__ import annotations

import asyncio
import hmac
import math
import secrets
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado import web
from traitlets import Dict, Float, Integer, Unicode
from voila.voila_kernel_manager import voila_kernel_manager_factory

from digitlab.jobs.kernel_spec import ThisPythonSpecs


class PageKernelSpecs(ThisPythonSpecs):
    """Offer the kernel of a page."""

    module = "digitlab.server.page_kernel_main"
    kernel_options = ("--HistoryManager.enabled=False",)  # no history file of a page's cells


class PlainKernels(AsyncMappingKernelManager):
    """Start every kernel, warm or not, with the same environment."""

    environment = Dict(
        Unicode(), Unicode(), config=True, help="All environment variables of a kernel."
    )

    async def start_kernel(self, **kwargs: Any) -> str:  # type: ignore[override]
        """Start a kernel without the variables that Voilà takes from the request."""
        kernel_id: str = await super().start_kernel(**{**kwargs, "env": dict(self.environment)})
        return kernel_id


_WarmKernels: Any = voila_kernel_manager_factory(
    PlainKernels, preheat_kernel=True, default_pool_size=1
)


class SessionKernels(_WarmKernels):  # type: ignore[misc] # the factory builds the class
    """Voilà's pool of warm kernels, with a limit on sessions and a grace before culling.

    A warm kernel has run the notebook before a visitor came. A session is a kernel that
    belongs to a visitor, from the request to its end. A warm kernel becomes a session when a
    visitor claims it. Each session has a secret key, which only its page's browser knows.
    """

    max_sessions = Integer(
        20, config=True, help="Largest number of sessions; further visitors get status 503."
    )
    grace_s = Float(
        60.0,
        config=True,
        help="Seconds that a session waits for its page, and a busy one for a page that left.",
    )

    _pools: dict[str, list[Any]]  # notebook -> tasks that warm up one kernel each

    def __init__(self, **kwargs: Any) -> None:
        self._keys: dict[str, str] = {}  # kernel of a session -> the session's key
        self._alone_since: dict[str, float] = {}  # session without a page -> since when
        self._kernel_of: dict[Any, str] = {}  # task that answers a visitor -> its kernel
        self._connected: set[str] = set()  # sessions whose page has connected before
        self._ending: set[str] = set()  # sessions that are being ended
        self._tasks: set[asyncio.Task[None]] = set()
        self._arriving = 0  # visitors that have no kernel yet
        super().__init__(**kwargs)

    @property
    def sessions(self) -> int:
        """Number of sessions that run or are starting."""
        return len(self._keys) + self._arriving

    def get_pool_size(self, notebook_name: str) -> int:
        """Return the number of warm kernels, ready or starting, without those that died."""
        pool = self._pools.get(notebook_name, [])
        alive = [task for task in pool if not task.done() or self._is_alive(task)]
        if len(alive) < len(pool):
            pool[:] = alive
            self.fill_if_needed(notebook_name=notebook_name)
            return len(alive)
        return len(pool)

    async def get_rendered_notebook(
        self, notebook_name: str, extra_kernel_env_variables: Any = None, **kwargs: Any
    ) -> Any:
        """Claim a warm kernel for a visitor."""
        with self._arrival():
            rendered = await super().get_rendered_notebook(notebook_name, **kwargs)
            self._claim(rendered[2])
        return rendered

    async def start_kernel(self, **kwargs: Any) -> str:
        """Start a kernel for a visitor; the pool starts its kernels without this method."""
        with self._arrival():
            kernel_id: str = await super().start_kernel(**kwargs)
            self._claim(kernel_id)
        return kernel_id

    def visitors_kernel(self) -> str | None:
        """Return the kernel that the current task claimed for its visitor, if it still runs."""
        kernel_id = self._kernel_of.get(asyncio.current_task())
        return kernel_id if kernel_id in self else None

    def key_of(self, kernel_id: str) -> str:
        """Return the secret key of a session; its page's browser receives it as a cookie."""
        return self._keys[kernel_id]

    def is_key(self, kernel_id: str, key: str | None) -> bool:
        """Return whether `key` is the key of this session; False for a warm kernel."""
        expected = self._keys.get(kernel_id)
        return expected is not None and hmac.compare_digest(expected.encode(), (key or "").encode())

    async def end(self, kernel_id: str) -> None:
        """End a session; a busy kernel is killed after some seconds. No error if it has ended."""
        if kernel_id not in self or kernel_id in self._ending:
            return
        self._ending.add(kernel_id)
        try:
            await self.shutdown_kernel(kernel_id)
        finally:
            self._ending.discard(kernel_id)

    def end_soon(self, kernel_id: str) -> None:
        """End a session, without waiting for its end."""
        self._run(self.end(kernel_id))

    def notify_connect(self, kernel_id: str) -> None:
        """Note that the page of a session has connected."""
        self._connected.add(kernel_id)
        self._alone_since.pop(kernel_id, None)
        super().notify_connect(kernel_id)

    def notify_disconnect(self, kernel_id: str) -> None:
        """Note that a page has disconnected: it left, or its connection was lost."""
        super().notify_disconnect(kernel_id)
        if kernel_id in self._keys and self._kernel_connections.get(kernel_id, 0) <= 0:
            self._note_alone(kernel_id)

    def remove_kernel(self, kernel_id: str) -> Any:
        """Forget a kernel that was ended or died."""
        self._keys.pop(kernel_id, None)
        self._alone_since.pop(kernel_id, None)
        self._connected.discard(kernel_id)
        return super().remove_kernel(kernel_id)

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """End a session that is idle or that its page has left; never a warm kernel.

        A warm kernel counts as idle from its start. Without the grace, Voilà could end it
        after a visitor claims it and before the page connects. A busy kernel without a page
        computes in vain. An idle one waits longer, because a phone or a laptop that sleeps
        loses its connection, too.
        """
        if kernel_id not in self._keys:
            return
        alone_s = time.monotonic() - self._alone_since.get(kernel_id, math.inf)
        connected_before = kernel_id in self._connected
        busy = self.get_kernel(kernel_id).execution_state == "busy"
        if alone_s >= self.grace_s and (busy or not connected_before):
            self.log.info("Session %s ended: its page is not connected", kernel_id)
            await self.end(kernel_id)
        elif connected_before and kernel_id not in self._ending:
            await super().cull_kernel_if_idle(kernel_id)

    async def close(self) -> None:
        """End every kernel: warm ones at once, sessions after the cell that they run."""
        pools, self._pools = self._pools, {}
        tasks = [task for pool in pools.values() for task in pool]
        warm = await asyncio.gather(*tasks, return_exceptions=True)
        for kernel_id in {*self.list_kernel_ids()} - {*self._keys}:
            await self.shutdown_kernel(kernel_id, now=True)
        renderings = [each["task"] for each in warm if isinstance(each, dict)]
        await asyncio.gather(*renderings, return_exceptions=True)
        await self.shutdown_all()

    @contextmanager
    def _arrival(self) -> Iterator[None]:
        """Count a visitor until the visitor has a kernel; refuse one over the limit."""
        if self.sessions >= self.max_sessions:
            raise web.HTTPError(503)
        self._arriving += 1
        try:
            yield
        finally:
            self._arriving -= 1

    def _claim(self, kernel_id: str) -> None:
        """Make a kernel a session. The grace begins when the page has been sent."""
        task: Any = asyncio.current_task()  # of a request handler
        self._keys[kernel_id] = secrets.token_urlsafe(32)
        self._kernel_of[task] = kernel_id
        task.add_done_callback(self._note_sent)

    def _note_sent(self, task: asyncio.Task[Any]) -> None:
        kernel_id = self._kernel_of.pop(task)
        if kernel_id in self._keys and kernel_id not in self._connected:
            self._note_alone(kernel_id)

    def _note_alone(self, kernel_id: str) -> None:
        """Start the grace of a session without a page, and check the session at its end."""
        self._alone_since[kernel_id] = time.monotonic()

        def check() -> None:
            if kernel_id in self:
                self._run(self.cull_kernel_if_idle(kernel_id))

        asyncio.get_running_loop().call_later(self.grace_s, check)

    def _run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine in its own task."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)  # asyncio keeps only a weak reference
        task.add_done_callback(self._tasks.discard)

    def _is_alive(self, task: Any) -> bool:
        return (
            not task.cancelled() and task.exception() is None and task.result()["kernel_id"] in self
        )
