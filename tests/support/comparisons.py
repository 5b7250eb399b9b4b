"""Comparisons of two versions, made up for tests."""

from digitlab.learning.gate.rules import Comparison, Paired


def paired(n=5000, *, right=4900, fixed=0, broken=0):
    """Two versions of which the first one reads `right` of n images."""
    return Paired(
        n=n, champion=right, challenger=right + fixed - broken, fixed=fixed, broken=broken
    )


def nothing():
    return paired(0, right=0)


def comparison(**changes):
    """A challenger that gains three corrections and loses nothing."""
    values = {
        "holdout": paired(),
        "photographs": paired(1000, right=950),
        "digits": {digit: paired(500, right=490) for digit in range(10)},
        "checks": nothing(),
        "corrections": paired(6, right=0, fixed=3),
        "withdrawn": 0,
        "asked": 2400,
        "disagreements": 0,
        "latency_ms": 0.1,
    }
    return Comparison(**values | changes)
