"""The kernels behind the pages: which Python they run, how many, and when they end."""

from __future__ import annotations

import asyncio
import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ipykernel.kernelspec import RESOURCES
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado import web
from traitlets import Dict, Float, Integer, Unicode
from voila.voila_kernel_manager import voila_kernel_manager_factory

KERNEL_NAME = "python3"


class OwnPythonSpecs(KernelSpecManager):
    """Offers one kernel: the Python that runs this server.

    A person's own "python3" kernelspec may point to an environment without digitlab.
    """

    def find_kernel_specs(self) -> dict[str, str]:
        return {KERNEL_NAME: RESOURCES}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """The one kernel, whatever name the notebook was last saved with."""
        return KernelSpec(
            argv=[
                sys.executable,
                "-m",
                "digitlab.server.kernel",
                "-f",
                "{connection_file}",
                "--HistoryManager.enabled=False",  # what a page ran is nobody's history
            ],
            display_name="Python 3",
            language="python",
            resource_dir=RESOURCES,
        )


class PlainKernels(AsyncMappingKernelManager):
    """Starts every kernel, heated or not, in one given environment."""

    environment = Dict(Unicode(), Unicode(), config=True, help="The kernels' whole environment.")

    async def start_kernel(self, **kwargs: Any) -> str:  # type: ignore[override]
        """Start a kernel without what Voilà adds to its environment from the request."""
        kernel_id: str = await super().start_kernel(**{**kwargs, "env": dict(self.environment)})
        return kernel_id


_HeatedKernels: Any = voila_kernel_manager_factory(
    PlainKernels, preheat_kernel=True, default_pool_size=1
)


class SessionKernels(_HeatedKernels):  # type: ignore[misc] # a class made at run time
    """Voilà's pool of heated kernels, with a cap on sessions and a grace before culling.

    A session is a kernel that belongs to a visitor, from the request to its end. A heated
    kernel becomes one when it is claimed.
    """

    max_sessions = Integer(20, config=True, help="Sessions at most; further ones get a 503.")
    grace_s = Float(60.0, config=True, help="Seconds that a session waits for its page.")

    _pools: dict[str, list[Any]]  # notebook -> tasks that heat a kernel each

    def __init__(self, **kwargs: Any) -> None:
        self._claimed: dict[str, float] = {}  # session's kernel -> when its page was sent
        self._visits: dict[Any, str] = {}  # task that answers a visitor -> kernel
        self._met: set[str] = set()  # sessions whose page has connected
        self._arriving = 0  # visitors whose kernel is not known yet
        super().__init__(**kwargs)

    @property
    def sessions(self) -> int:
        """Sessions that run or are about to."""
        return len(self._claimed) + self._arriving

    def get_pool_size(self, notebook_name: str) -> int:
        """Heated kernels ready or in the making, without those that died while they waited."""
        pool = self._pools.get(notebook_name, [])
        alive = [task for task in pool if not task.done() or self._is_sound(task)]
        if len(alive) < len(pool):
            pool[:] = alive
            self.fill_if_needed(notebook_name=notebook_name)
            return len(alive)
        return len(pool)

    async def get_rendered_notebook(
        self, notebook_name: str, extra_kernel_env_variables: Any = None, **kwargs: Any
    ) -> Any:
        """Claim a heated kernel for a visitor."""
        with self._place():
            claimed = await super().get_rendered_notebook(notebook_name, **kwargs)
            self._claim(claimed[2])
        return claimed

    async def start_kernel(self, **kwargs: Any) -> str:
        """Start a kernel for a visitor; the pool starts its own past this method."""
        with self._place():
            kernel_id: str = await super().start_kernel(**kwargs)
            self._claim(kernel_id)
        return kernel_id

    def visit_goes_on(self) -> bool:
        """Whether the kernel that the current task claimed for its visitor still runs."""
        return self._visits.get(asyncio.current_task()) in self

    def notify_connect(self, kernel_id: str) -> None:
        self._met.add(kernel_id)
        super().notify_connect(kernel_id)

    def remove_kernel(self, kernel_id: str) -> Any:
        """Forget a kernel, whether it was ended or died."""
        self._claimed.pop(kernel_id, None)
        self._met.discard(kernel_id)
        return super().remove_kernel(kernel_id)

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """End a session that is idle or whose page never came; never a heated kernel.

        A heated kernel has been idle since it was heated. Without the grace it could be ended
        between being claimed and the page's connection.
        """
        since = self._claimed.get(kernel_id)
        if since is None:
            return
        if kernel_id in self._met:
            await super().cull_kernel_if_idle(kernel_id)
        elif time.monotonic() - since > self.grace_s:
            self.log.info("No page came for session %s: ended", kernel_id)
            await self.shutdown_kernel(kernel_id)

    async def close(self) -> None:
        """End every kernel: heated ones at once, sessions after what they are doing."""
        pools, self._pools = self._pools, {}
        heating = [task for pool in pools.values() for task in pool]
        heated = await asyncio.gather(*heating, return_exceptions=True)
        for kernel_id in {*self.list_kernel_ids()} - {*self._claimed}:
            await self.shutdown_kernel(kernel_id, now=True)
        renderings = [each["task"] for each in heated if isinstance(each, dict)]
        await asyncio.gather(*renderings, return_exceptions=True)
        await self.shutdown_all()

    @contextmanager
    def _place(self) -> Iterator[None]:
        if self.sessions >= self.max_sessions:
            raise web.HTTPError(503)
        self._arriving += 1
        try:
            yield
        finally:
            self._arriving -= 1

    def _claim(self, kernel_id: str) -> None:
        """Make it a session. The grace begins when the page has been sent."""
        task: Any = asyncio.current_task()  # a request handler's
        self._claimed[kernel_id] = math.inf
        self._visits[task] = kernel_id
        task.add_done_callback(self._sent)

    def _sent(self, task: asyncio.Task[Any]) -> None:
        kernel_id = self._visits.pop(task)
        if kernel_id in self._claimed:
            self._claimed[kernel_id] = time.monotonic()

    def _is_sound(self, task: Any) -> bool:
        return (
            not task.cancelled() and task.exception() is None and task.result()["kernel_id"] in self
        )
