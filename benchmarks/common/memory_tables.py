"""The figures of the memory bench as Markdown."""

from __future__ import annotations

from typing import Any

from common.docs_tables import table


def text(figures: dict[str, Any], call: str, *, many: int) -> str:
    """The figures as Markdown."""
    n, others, gate, test, alike = (
        figures[name] for name in ("corrected", "others", "holdout", "test", "like")
    )
    shown = table(
        ["shown again", "right", "of these remembered", "remembered wrongly"],
        [
            [name, f"{count['right'] / n:.1%}", f"{count['remembered']}", f"{count['wrongly']}"]
            for name, count in figures["shown"].items()
        ],
    )
    harm = table(
        ["corrections with flipped labels", "MNIST's test images, points at worst"],
        [[case, f"{worst / test['n']:+.2%}"] for case, worst in figures["poison"].items()],
    )
    return "\n".join(
        (
            f"`{call}`: {n} misread photographs, corrected once.\n",
            f"{shown}\n",
            f"With {figures['remembered']:,} corrections of misread digits in memory:\n",
            f"- `gate`: {gate['changed']} of {gate['n']:,} images change;",
            f"- MNIST's test images: {test['changed']} of {test['n']:,} change, "
            f"{test['right before']:,} read right before and {test['right']:,} after;",
            f"- other photographs: {others['changed']} of {others['n']} change, "
            f"{others['right before']} read right before and {others['right']} after;",
            f"- other misread digits of the same styles: {alike['answered']} of {alike['n']:,} are "
            f"answered, {alike['right']} of these right;",
            f"- a look among {many:,} corrections takes {figures['look_ms']:.2f} ms (median).\n",
            harm,
        )
    )
