"""Comparisons of two versions for tests."""

from digitlab.learning.results import ComparisonCounts, PairedCounts


def pairs(n=5000, *, champion=4900, fixed=0, broken=0):
    """Return counts of two versions; the champion predicts `champion` of n images correctly."""
    challenger = champion + fixed - broken
    return PairedCounts(n=n, champion=champion, challenger=challenger, fixed=fixed, broken=broken)


def no_pairs():
    return pairs(0, champion=0)


def comparison_counts(**changes):
    """Return the counts of a challenger that fixes three corrections and breaks nothing."""
    values = {
        "holdout": pairs(),
        "photographs": pairs(1000, champion=950),
        "digits": {digit: pairs(500, champion=490) for digit in range(10)},
        "checks": no_pairs(),
        "corrections": pairs(6, champion=0, fixed=3),
        "withdrawn": 0,
        "export_checked": 2400,
        "disagreements": 0,
        "latency_ms": 0.1,
    }
    return ComparisonCounts(**values | changes)
