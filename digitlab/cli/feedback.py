"""`digitlab feedback`: give, bring in, hand out, list and retract verdicts."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from digitlab.cli.main import settings_of
from digitlab.errors import FeedbackError, ImageError
from digitlab.lab import Lab
from digitlab.store import EXPORT_FORMATS, Entry, Receipt, ReviewState, export, scan_import
from digitlab.store.feedback.relabel import relabel

as_json_option = click.option("--json", "as_json", is_flag=True, help="JSON instead of sentences.")
contributor_option = click.option("--contributor", metavar="NAME", help="Who judges; else you.")
ids_argument = click.argument(
    "ids", nargs=-1, required=True, type=click.IntRange(1, 2**63 - 1), metavar="ID..."
)
reason_option = click.option("--reason", default="", help="Kept with the decision.")


@click.group(epilog="Example: digitlab feedback add digit.jpg --label 7")
def feedback() -> None:
    """Verdicts: what people said of predictions."""


@feedback.command(epilog='Example: digitlab feedback add digit.jpg --label 7 --comment "my seven"')
@click.argument("picture", type=click.Path(dir_okay=False))
@click.option("--label", type=click.IntRange(0, 9), required=True, help="The right digit.")
@click.option("--comment", default="", help="Kept with the verdict.")
@contributor_option
@as_json_option
@click.pass_context
def add(
    ctx: click.Context,
    *,
    picture: str,
    label: int,
    comment: str,
    contributor: str | None,
    as_json: bool,
) -> None:
    """Say which digit PICTURE shows: a correction, or a confirmation if it was read so."""
    with _lab(ctx, contributor) as lab:
        prediction = lab.predict(picture)
        receipt = lab.correct(prediction, label, comment=comment)
    line = _receipt(receipt) | {"picture": picture, "predicted": prediction.digit, "label": label}
    click.echo(json.dumps(line) if as_json else f"{picture}: {receipt.message}")


@feedback.command("import", epilog="Example: digitlab feedback import incorrect_predictions/")
@click.argument("path", type=click.Path(path_type=Path))
@contributor_option
@as_json_option
@click.pass_context
def import_(ctx: click.Context, *, path: Path, contributor: str | None, as_json: bool) -> None:
    """Bring in labelled pictures below PATH.

    PATH is the older app's incorrect_predictions/ (right digit first in the name, split at
    underscores), or a folder of folders named 0 to 9. What is neither is skipped by name.
    """
    items, skipped = scan_import(path)
    added = known = 0
    waiting: set[int] = set()
    with Lab(settings_of(ctx), contributor=contributor, screening=False) as lab:
        for item in items:
            try:
                prediction = lab.predict(item.path, name=item.name)
                receipt = lab.correct(prediction, item.label, comment=_origin(item.predicted))
            except (ImageError, FeedbackError) as error:
                skipped.append((Path(os.path.relpath(item.path, path)).as_posix(), str(error)))
                continue
            added, known = added + receipt.added, known + (not receipt.added)
            if receipt.state == "held":
                waiting.add(receipt.id)
        waiting |= set(lab.screen()) if added else set()
        held = len(waiting)
    if as_json:
        rows = [{"name": name, "reason": reason} for name, reason in skipped]
        click.echo(json.dumps({"added": added, "known": known, "held": held, "skipped": rows}))
    else:
        for name, reason in skipped:
            click.echo(f"skipped {name}: {reason}")
        click.echo(f"{added} added, {known} known already, {len(skipped)} skipped")
        if held:
            click.echo(f"{held} wait for review: digitlab feedback list")


@feedback.command("export", epilog="Example: digitlab feedback export out/ --format imagefolder")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(EXPORT_FORMATS), required=True)
@as_json_option
@click.pass_context
def export_(ctx: click.Context, *, path: Path, form: Any, as_json: bool) -> None:
    """Write the accepted feedback to PATH: a folder, or a file for csv."""
    with _lab(ctx) as lab:
        n = export(lab.feedback, path, format=form)
    click.echo(
        json.dumps({"path": str(path), "format": form, "exported": n})
        if as_json
        else f"{n} written to {path}"
    )


@feedback.command("list", epilog="Example: digitlab feedback list --json")
@click.option("--all", "history", is_flag=True, help="Also what was undone, superseded, retracted.")
@as_json_option
@click.pass_context
def list_(ctx: click.Context, *, history: bool, as_json: bool) -> None:
    """List the verdicts in force, the oldest first."""
    with _lab(ctx) as lab:
        _echo_entries(lab.feedback.entries(history=history), as_json)


@feedback.command(epilog="Example: digitlab feedback accept 12 13")
@ids_argument
@reason_option
@as_json_option
@click.pass_context
def accept(ctx: click.Context, *, ids: tuple[int, ...], reason: str, as_json: bool) -> None:
    """Let held or rejected verdicts count: they are learned from at the next run."""
    _review(ctx, ids, "accepted", reason, as_json)


@feedback.command(epilog="Example: digitlab feedback reject 12 13 --reason scribbles")
@ids_argument
@reason_option
@as_json_option
@click.pass_context
def reject(ctx: click.Context, *, ids: tuple[int, ...], reason: str, as_json: bool) -> None:
    """Set verdicts aside: nothing is learned from them, nothing is deleted."""
    _review(ctx, ids, "rejected", reason, as_json)


@feedback.command("relabel", epilog="Example: digitlab feedback relabel 12 7")
@click.argument("verdict_id", type=click.IntRange(1, 2**63 - 1), metavar="ID")
@click.argument("digit", type=click.IntRange(0, 9))
@as_json_option
@click.pass_context
def relabel_(ctx: click.Context, *, verdict_id: int, digit: int, as_json: bool) -> None:
    """Say that verdict ID should have named DIGIT: yours takes its place."""
    with _lab(ctx) as lab:
        entry = relabel(lab.feedback, verdict_id, digit, by=lab.contributor)
    if as_json:
        click.echo(json.dumps({"relabelled": verdict_id, "verdict": entry.to_dict()}))
    else:
        click.echo(f"verdict {verdict_id} is set aside; verdict {entry.id} says {digit}")


@feedback.command(epilog="Example: digitlab feedback retract 12 13")
@click.argument("ids", nargs=-1, type=click.IntRange(1, 2**63 - 1), metavar="ID...")
@click.option("--contributor", metavar="NAME", help="Everything that NAME said.")
@click.option("--reason", default="", help="Kept with the retraction.")
@as_json_option
@click.pass_context
def retract(
    ctx: click.Context,
    *,
    ids: tuple[int, ...],
    contributor: str | None,
    reason: str,
    as_json: bool,
) -> None:
    """Take verdicts out of what is learned from; nothing is deleted."""
    if bool(ids) == bool(contributor):
        raise click.UsageError("Give either the numbers of verdicts or --contributor NAME.")
    with _lab(ctx) as lab:
        gone = lab.feedback.retract(
            ids or None, contributor=contributor, by=lab.contributor, reason=reason
        )
    if as_json:
        click.echo(json.dumps({"retracted": [entry.id for entry in gone]}))
    else:
        click.echo(f"{len(gone)} retracted: {', '.join(str(e.id) for e in gone) or 'none'}")


def _review(
    ctx: click.Context, ids: tuple[int, ...], state: ReviewState, reason: str, as_json: bool
) -> None:
    with _lab(ctx) as lab:
        entries = lab.feedback.review(ids, state, by=lab.contributor, reason=reason)
    if as_json:
        click.echo(json.dumps({state: [entry.id for entry in entries]}))
    else:
        click.echo(f"{len(entries)} {state}: {', '.join(str(e.id) for e in entries)}")


def _lab(ctx: click.Context, contributor: str | None = None) -> Lab:
    return Lab(settings_of(ctx), contributor=contributor)


def _origin(predicted: int | None) -> str:
    return "" if predicted is None else f"imported; was read as {predicted}"


def _receipt(receipt: Receipt) -> dict[str, Any]:
    return {
        "id": receipt.id,
        "added": receipt.added,
        "superseded": receipt.superseded,
        "state": receipt.state,
        "message": receipt.message,
    }


def _echo_entries(entries: Iterable[Entry], as_json: bool) -> None:
    for entry in entries:
        said = entry.verdict if entry.label is None else f"{entry.verdict}: {entry.label}"
        line = (
            f"{entry.id:5d}  {entry.time:%Y-%m-%d %H:%M}  {entry.contributor:12s}  "
            f"read {entry.predicted}  {said:14s}  {entry.state:9s}  {entry.name}  {entry.comment}"
        )
        # A visitor's words reach this terminal: no line of their own, no escape sequence.
        plain = "".join(letter if letter.isprintable() else "·" for letter in line)
        click.echo(json.dumps(entry.to_dict()) if as_json else plain)
