"""`digitlab feedback`: add, import, export, list, review and retract verdicts."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from digitlab.cli.main import settings_of
from digitlab.cli.output import echo, echo_json, echo_result
from digitlab.errors import FeedbackError, ImageError
from digitlab.lab import Lab
from digitlab.store import EXPORT_FORMATS, Entry, Receipt, ReviewState, scan_import

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
contributor_option = click.option("--contributor", metavar="NAME", help="Who judges. Default: you.")
ids_argument = click.argument(
    "ids", nargs=-1, required=True, type=click.IntRange(1, 2**63 - 1), metavar="ID..."
)
reason_option = click.option("--reason", default="", help="Stored with the review.")


@click.group(epilog="Example: digitlab feedback add digit.jpg --label 7")
def feedback() -> None:
    """Manage people's verdicts on predictions."""


@feedback.command(epilog='Example: digitlab feedback add digit.jpg --label 7 --comment "my seven"')
@click.argument("picture", type=click.Path(dir_okay=False))
@click.option("--label", type=click.IntRange(0, 9), required=True, help="The true digit.")
@click.option("--comment", default="", help="Stored with the verdict.")
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
    """Store the true digit of PICTURE: a correction, or a confirmation of the prediction."""
    with _lab(ctx, contributor) as lab:
        prediction = lab.predict(picture)
        receipt = lab.correct(prediction, label, comment=comment)
    row = _receipt(receipt) | {"picture": picture, "predicted": prediction.digit, "label": label}
    echo_result(row, f"{picture}: {receipt.message}", as_json=as_json)


@feedback.command("import", epilog="Example: digitlab feedback import incorrect_predictions/")
@click.argument("path", type=click.Path(path_type=Path))
@contributor_option
@as_json_option
@click.pass_context
def import_(ctx: click.Context, *, path: Path, contributor: str | None, as_json: bool) -> None:
    """Import labelled pictures from the folder PATH.

    PATH is the older app's incorrect_predictions/ (file names such as 7_x_y_1_photo.png, with
    the true digit first), or a folder with folders named 0 to 9. The command names each file
    that it skips.
    """
    items, skipped = scan_import(path)
    added = known = 0
    held: set[int] = set()
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
                held.add(receipt.id)
        held |= set(lab.screen()) if added else set()
    if as_json:
        rows = [{"name": name, "reason": reason} for name, reason in skipped]
        echo_json({"added": added, "known": known, "held": len(held), "skipped": rows})
    else:
        for name, reason in skipped:
            echo(f"skipped {name}: {reason}")
        echo(f"{added} added, {known} already stored, {len(skipped)} skipped")
        if held:
            echo(f"{len(held)} wait for review: digitlab feedback list")


@feedback.command("export", epilog="Example: digitlab feedback export out/ --format imagefolder")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(EXPORT_FORMATS), required=True)
@as_json_option
@click.pass_context
def export_(ctx: click.Context, *, path: Path, form: Any, as_json: bool) -> None:
    """Write the accepted feedback to PATH: a folder, or a file for csv."""
    with _lab(ctx) as lab:
        n = lab.feedback.export(path, form)
    result = {"path": str(path), "format": form, "exported": n}
    echo_result(result, f"{n} written to {path}", as_json=as_json)


@feedback.command("list", epilog="Example: digitlab feedback list --json")
@click.option(
    "--all", "history", is_flag=True, help="Include undone, superseded and retracted verdicts."
)
@as_json_option
@click.pass_context
def list_(ctx: click.Context, *, history: bool, as_json: bool) -> None:
    """List the verdicts in force, oldest first."""
    with _lab(ctx) as lab:
        _echo_entries(lab.feedback.entries(history=history), as_json)


@feedback.command(epilog="Example: digitlab feedback accept 12 13")
@ids_argument
@reason_option
@as_json_option
@click.pass_context
def accept(ctx: click.Context, *, ids: tuple[int, ...], reason: str, as_json: bool) -> None:
    """Accept held or rejected verdicts: the next fine-tune learns from them."""
    _review(ctx, ids, "accepted", reason, as_json)


@feedback.command(epilog="Example: digitlab feedback reject 12 13 --reason scribbles")
@ids_argument
@reason_option
@as_json_option
@click.pass_context
def reject(ctx: click.Context, *, ids: tuple[int, ...], reason: str, as_json: bool) -> None:
    """Reject verdicts: no fine-tune learns from them. They are not deleted."""
    _review(ctx, ids, "rejected", reason, as_json)


@feedback.command("relabel", epilog="Example: digitlab feedback relabel 12 7")
@click.argument("verdict_id", type=click.IntRange(1, 2**63 - 1), metavar="ID")
@click.argument("label", type=click.IntRange(0, 9))
@as_json_option
@click.pass_context
def relabel_(ctx: click.Context, *, verdict_id: int, label: int, as_json: bool) -> None:
    """Replace verdict ID with your own verdict, whose true digit is LABEL."""
    with _lab(ctx) as lab:
        entry = lab.feedback.relabel(verdict_id, label, by=lab.contributor)
    echo_result(
        {"relabelled": verdict_id, "verdict": entry.to_dict()},
        f"verdict {verdict_id} is rejected; verdict {entry.id} says {label}",
        as_json=as_json,
    )


@feedback.command(epilog="Example: digitlab feedback retract 12 13")
@click.argument("ids", nargs=-1, type=click.IntRange(1, 2**63 - 1), metavar="ID...")
@click.option("--contributor", metavar="NAME", help="Retract all verdicts of NAME.")
@click.option("--reason", default="", help="Stored with the retraction.")
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
    """Retract verdicts: no fine-tune learns from them. They are not deleted."""
    if bool(ids) == bool(contributor):
        raise click.UsageError("Give either the numbers of verdicts or --contributor NAME.")
    with _lab(ctx) as lab:
        retracted = lab.feedback.retract(
            ids or None, contributor=contributor, by=lab.contributor, reason=reason
        )
    numbers = [entry.id for entry in retracted]
    echo_result(
        {"retracted": numbers},
        f"{len(numbers)} retracted: {', '.join(map(str, numbers)) or 'none'}",
        as_json=as_json,
    )


def _review(
    ctx: click.Context, ids: tuple[int, ...], state: ReviewState, reason: str, as_json: bool
) -> None:
    with _lab(ctx) as lab:
        entries = lab.feedback.review(ids, state, by=lab.contributor, reason=reason)
    numbers = [entry.id for entry in entries]
    echo_result(
        {state: numbers},
        f"{len(numbers)} {state}: {', '.join(map(str, numbers))}",
        as_json=as_json,
    )


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
        verdict = entry.verdict if entry.label is None else f"{entry.verdict}: {entry.label}"
        line = (
            f"{entry.id:5d}  {entry.time:%Y-%m-%d %H:%M}  {entry.contributor:12s}  "
            f"read {entry.predicted}  {verdict:14s}  {entry.state:9s}  {entry.name}  "
            f"{entry.comment}"
        )
        echo_result(entry.to_dict(), line, as_json=as_json)
