"""Format the figures of `benchmarks/memory.py` as Markdown."""

from __future__ import annotations

from typing import Any

from common.docs_tables import markdown_table


def format_figures(figures: dict[str, Any], command: str, *, timed_corrections: int) -> str:
    """Return the figures as Markdown.

    Args:
        figures: as `memory.measure` returns them.
        command: the command line that measured them.
        timed_corrections: number of corrections in memory when the time was measured.
    """
    n = figures["corrected"]
    others, holdout, test = figures["others"], figures["holdout"], figures["test"]
    same_styles = figures["same_styles"]
    shown_again = markdown_table(
        ["shown again", "right", "of these remembered", "remembered wrongly"],
        [
            [name, f"{count['right'] / n:.1%}", f"{count['remembered']}", f"{count['wrongly']}"]
            for name, count in figures["shown_again"].items()
        ],
    )
    flipped = markdown_table(
        ["corrections with flipped labels", "worst change on MNIST's test images"],
        [[case, f"{worst / test['n']:+.2%}"] for case, worst in figures["flipped"].items()],
    )
    return "\n".join(
        (
            f"`{command}`: {n} misread photographs, corrected once.\n",
            f"{shown_again}\n",
            f"With {figures['remembered']:,} corrections of misread digits in memory:\n",
            f"- holdout split: {holdout['changed']} of {holdout['n']:,} images change;",
            f"- MNIST's test images: {test['changed']} of {test['n']:,} change, "
            f"{test['right before']:,} are read right before and {test['right']:,} after;",
            f"- other photographs: {others['changed']} of {others['n']} change, "
            f"{others['right before']} are read right before and {others['right']} after;",
            f"- other misread digits of the same styles: the memory answers "
            f"{same_styles['answered']} of {same_styles['n']:,}, {same_styles['right']} of them "
            "right;",
            f"- the memory compares a digit with {timed_corrections:,} corrections in "
            f"{figures['recall_ms']:.2f} ms (median).\n",
            flipped,
        )
    )
