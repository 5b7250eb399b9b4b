"""CPU time and peak memory of a call, with the processes that it starts and waits for."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class Measured(Generic[Result]):
    """What a call returned and what it cost.

    Attributes:
        result: the return value.
        cpu_s: CPU seconds of this process and of those that it waited for.
        growth_mb: growth of this process's resident memory at its peak, in 10**6 bytes; 0 on
            systems without /proc.
        children_mb: peak memory of the largest process that the call waited for; 0 if an earlier
            child of this process, or this process itself, was larger: a child begins with the
            memory of its parent.
    """

    result: Result
    cpu_s: float
    growth_mb: float
    children_mb: float


def measure(call: Callable[[], Result]) -> Measured[Result]:
    """Call a function and measure it."""
    before_s, before, largest = _cpu_s(), _reset_peak(), _largest_child()
    result = call()
    peak = _status("VmHWM")
    growth = max(0, peak - before)
    children = _largest_child()
    return Measured(
        result=result,
        cpu_s=_cpu_s() - before_s,
        growth_mb=growth / 1e6,
        children_mb=children / 1e6 if children > max(largest, peak) else 0.0,
    )


def _cpu_s() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _largest_child() -> int:
    """Return the peak memory of the largest child so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


def _reset_peak() -> int:
    """Set the peak of this process's memory to its present size; return that in bytes."""
    try:
        Path("/proc/self/clear_refs").write_text("5")  # proc(5)
    except OSError:
        return 2**63
    return _status("VmRSS")


def _status(name: str) -> int:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))
