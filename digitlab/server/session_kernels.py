"""The kernels of the pages: how many run, and when they end."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterator
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
    visitor claims it.
    """

    max_sessions = Integer(
        20, config=True, help="Largest number of sessions; further visitors get status 503."
    )
    grace_s = Float(60.0, config=True, help="Seconds that a session waits for its page.")

    _pools: dict[str, list[Any]]  # notebook -> tasks that warm up one kernel each

    def __init__(self, **kwargs: Any) -> None:
        self._claimed: dict[str, float] = {}  # kernel of a session -> when its page was sent
        self._kernel_of: dict[Any, str] = {}  # task that answers a visitor -> its kernel
        self._connected: set[str] = set()  # sessions whose page has connected
        self._arriving = 0  # visitors that have no kernel yet
        super().__init__(**kwargs)

    @property
    def sessions(self) -> int:
        """Number of sessions that run or are starting."""
        return len(self._claimed) + self._arriving

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

    def visitor_has_kernel(self) -> bool:
        """Return whether the kernel that the current task claimed for its visitor still runs."""
        return self._kernel_of.get(asyncio.current_task()) in self

    def notify_connect(self, kernel_id: str) -> None:
        """Note that the page of a session has connected."""
        self._connected.add(kernel_id)
        super().notify_connect(kernel_id)

    def remove_kernel(self, kernel_id: str) -> Any:
        """Forget a kernel that was ended or died."""
        self._claimed.pop(kernel_id, None)
        self._connected.discard(kernel_id)
        return super().remove_kernel(kernel_id)

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """End a session that is idle or whose page never connected; never a warm kernel.

        A warm kernel counts as idle from its start. Without the grace, Voilà could end it
        after a visitor claims it and before the page connects.
        """
        sent_at = self._claimed.get(kernel_id)
        if sent_at is None:
            return
        if kernel_id in self._connected:
            await super().cull_kernel_if_idle(kernel_id)
        elif time.monotonic() - sent_at > self.grace_s:
            self.log.info("Session %s ended: its page did not connect", kernel_id)
            await self.shutdown_kernel(kernel_id)

    async def close(self) -> None:
        """End every kernel: warm ones at once, sessions after the cell that they run."""
        pools, self._pools = self._pools, {}
        tasks = [task for pool in pools.values() for task in pool]
        warm = await asyncio.gather(*tasks, return_exceptions=True)
        for kernel_id in {*self.list_kernel_ids()} - {*self._claimed}:
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
        self._claimed[kernel_id] = math.inf
        self._kernel_of[task] = kernel_id
        task.add_done_callback(self._note_sent)

    def _note_sent(self, task: asyncio.Task[Any]) -> None:
        kernel_id = self._kernel_of.pop(task)
        if kernel_id in self._claimed:
            self._claimed[kernel_id] = time.monotonic()

    def _is_alive(self, task: Any) -> bool:
        return (
            not task.cancelled() and task.exception() is None and task.result()["kernel_id"] in self
        )
