"""How the steps of a fine-tune look in the notebook: HTML and SVG, no plotting library."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

import numpy as np

from digitlab.html.charts import Line, chart
from digitlab.html.primitives import digit_image_uri
from digitlab.labels import NO_DIGIT
from digitlab.learning.data.preview import FeedbackPreview
from digitlab.learning.gate.rules import Comparison, Decision, Paired
from digitlab.learning.results import Compared, RunResult, Slice, Trained
from digitlab.model.metrics import confusion_matrix

_SHOWN = 40  # images of a gallery at most
_CELL = "padding:2px 8px;text-align:right"


def preview_html(found: FeedbackPreview) -> str:
    """What there is to learn: counts, and a gallery of the corrections."""
    examples = found.examples
    taught, confirmed = examples.taught, len(examples.all) - len(examples.corrections)
    lines = [
        f"{len(examples.corrections)} corrections and {confirmed} confirmations are accepted; "
        f"{len(taught)} of these images are taught, {len(examples.checks)} kept back as a check. "
        f"It starts from {escape(found.base)}."
    ]
    lines += [f"Held for review: verdict {n}: {escape(why)}" for n, why in found.held.items()]
    lines += [escape(reason) for reason in found.reasons]
    pictures = _gallery(
        (example.digit_image, f"{_name(example.label)}{' (check)' if example.check else ''}")
        for example in examples.corrections
    )
    return _paragraphs(lines) + pictures


def trained_html(trained: Trained) -> str:
    """Loss and `validation` while it trained, and what each alpha cost."""
    steps = [(float(step), loss) for step, loss, _ in trained.curve]
    looks = [(float(step), share) for step, _, share in trained.curve if share is not None]
    tried = sorted((alpha, shift.lower_bound) for alpha, shift in trained.alphas)
    charts = [
        chart([Line(name="loss", points=steps)], title="Loss", x="step", y="cross-entropy"),
        chart(
            [Line(name="right", points=looks, colour="#15803d", dots=True)],
            title="The hardest 200 of validation",
            x="step",
            y="read right",
            percent=True,
        ),
        chart(
            [Line(name="lower bound on validation", points=tried, colour="#b45309", dots=True)],
            title="How far from the base",
            x="alpha",
            y="difference",
            percent=True,
        ),
    ]
    said = (
        "No alpha keeps what the base knows; the lowest one is looked at."
        if trained.alpha is None
        else f"Alpha {trained.alpha:g} is the highest that costs validation nothing that matters."
    )
    boxes = "".join(f'<div style="flex:1 1 280px">{svg}</div>' for svg in charts)
    return f'<div style="display:flex;flex-wrap:wrap">{boxes}</div>' + _paragraphs([said])


def compared_html(compared: Compared) -> str:
    """The paired table, both confusion matrices, and the pictures that changed sides."""
    parts = [_paired_table(compared.comparison)]
    gate = compared.slices["holdout"]
    matrices = (("champion", gate.champion), ("challenger", gate.challenger))
    parts.append(
        '<div style="display:flex;flex-wrap:wrap;gap:1em">'
        + "".join(f"<div>{_matrix(name, gate.y, guesses)}</div>" for name, guesses in matrices)
        + "</div>"
    )
    for name, part in compared.slices.items():
        fixed = (part.challenger == part.y) & (part.champion != part.y)
        broken = (part.challenger != part.y) & (part.champion == part.y)
        for word, rows in (("fixed", fixed), ("broken", broken)):
            if rows.any():
                parts.append(f"<p>{name}: {int(rows.sum())} {word}</p>" + _changed(part, rows))
    return "".join(parts)


def decision_html(decision: Decision) -> str:
    """The verdict and its reasons."""
    word = "promoted" if decision.promoted else "rejected"
    return _verdict(word, decision.reasons)


def run_result_html(result: RunResult) -> str:
    """How the run ended, in words."""
    version = f" as {result.version}" if result.version else ""
    return _verdict(f"{result.outcome}{version}", result.reasons)


def _verdict(word: str, reasons: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(reason)}</li>" for reason in reasons)
    return f"<p><strong>{escape(word)}</strong></p><ul>{items}</ul>"


def _paired_table(found: Comparison) -> str:
    rows = [
        ("holdout", found.holdout),
        ("photographs", found.photographs),
        *((f"{name}, the base as champion", paired) for name, paired in found.base.items()),
        ("corrections", found.corrections),
        ("of these kept back", found.checks),
        *((f"gate, digit {digit}", paired) for digit, paired in found.digits.items()),
    ]
    head = ("", "n", "champion", "challenger", "fixed", "broken", "difference", "lower bound")
    cells = "".join(f'<th style="{_CELL}">{name}</th>' for name in head)
    body = "".join(f"<tr>{_row(name, paired)}</tr>" for name, paired in rows if paired.n)
    table = f"<table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div style="overflow-x:auto">{table}</div>'


def _row(name: str, paired: Paired) -> str:
    values = (
        f"{paired.n:,}",
        f"{paired.champion:,}",
        f"{paired.challenger:,}",
        paired.fixed,
        paired.broken,
        f"{paired.difference:+.2%}",
        f"{paired.lower_bound:+.2%}",
    )
    cells = "".join(f'<td style="{_CELL}">{value}</td>' for value in values)
    return f'<th scope="row" style="text-align:left">{escape(name)}</th>{cells}'


def _matrix(name: str, labels: Iterable[int], guesses: Iterable[int]) -> str:
    counts = confusion_matrix(np.asarray(labels), np.asarray(guesses))
    worst = max(1, int(np.where(np.eye(10, dtype=bool), 0, counts).max()))
    rows = []
    for right in range(10):
        cells = "".join(
            f'<td style="{_CELL};background:rgba(234,88,12,{_shade(counts, right, guess, worst)})">'
            f"{counts[right, guess] or ''}</td>"
            for guess in range(10)
        )
        rows.append(f'<tr><th scope="row">{right}</th>{cells}</tr>')
    head = "".join(f"<th>{guess}</th>" for guess in range(10))
    return (
        f"<p>{name}: right digit (down), read as (across)</p><table><thead><tr><th></th>{head}"
        f"</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _shade(counts: np.ndarray, right: int, guess: int, worst: int) -> str:
    return "0" if right == guess else f"{0.7 * counts[right, guess] / worst:.2f}"


def _changed(part: Slice, rows: np.ndarray) -> str:
    return _gallery(
        (
            part.x[row],
            f"{_name(int(part.y[row]))}: {_name(int(part.champion[row]))} → "
            f"{_name(int(part.challenger[row]))}",
        )
        for row in np.flatnonzero(rows)
    )


def _gallery(pictures: Iterable[tuple[np.ndarray, str]]) -> str:
    shown = list(pictures)
    figures = "".join(
        f'<figure style="margin:2px;text-align:center;font-size:11px"><img width="56" height="56" '
        f'style="image-rendering:pixelated" alt="{escape(name, quote=True)}" '
        f'src="{digit_image_uri(image)}"><figcaption>{escape(name)}</figcaption></figure>'
        for image, name in shown[:_SHOWN]
    )
    more = f"<p>and {len(shown) - _SHOWN} more</p>" if len(shown) > _SHOWN else ""
    return f'<div style="display:flex;flex-wrap:wrap">{figures}</div>{more}'


def _name(label: int) -> str:
    return "none" if label == NO_DIGIT else str(label)


def _paragraphs(lines: Iterable[str]) -> str:
    return "".join(f"<p>{line}</p>" for line in lines)
