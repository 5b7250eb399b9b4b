"""`digitlab feedback`: add, import, export, list, review and retract verdicts."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from digitlab.cli.main import echo_not_kept, settings_of
from digitlab.cli.output import echo, echo_json, echo_result
from digitlab.errors import DataError
from digitlab.lab import Lab
from digitlab.labels import article
from digitlab.phrases import count_text, numbers_text
from digitlab.store import EXPORT_FORMATS, Entry, Receipt, ReviewState

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


IMPORT_EXAMPLE = """\b
Examples:
  digitlab feedback import my-pictures/
  digitlab feedback import exported.zip
"""


@feedback.command("import", epilog=IMPORT_EXAMPLE)
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--contributor",
    metavar="NAME",
    help="Who judges. Default: the contributors of an export; otherwise you.",
)
@as_json_option
@click.pass_context
def import_(ctx: click.Context, *, path: Path, contributor: str | None, as_json: bool) -> None:
    """Import the labelled pictures or the exported verdicts in PATH.

    PATH is an export of `digitlab feedback export`, a folder or .zip file of labelled pictures
    (in folders such as 7 or seven, with the older app's file names, or with a table of file
    names and labels), or a table of digits. The command names the rule that gave the labels and
    each file that it skips.
    """
    from digitlab.feedback_import import import_feedback
    from digitlab.picture_reader import limits_of
    from digitlab.store import open_import

    settings = settings_of(ctx)
    with open_import(path) as scan, Lab(settings, contributor=contributor) as lab:
        bar = tqdm(desc="pictures", unit="", disable=not sys.stderr.isatty())
        before = {entry.id for entry in lab.feedback.pending()}
        with bar:
            result = import_feedback(
                scan,
                lab.feedback,
                lab.reader(),
                limits=limits_of(settings),
                contributor=lab.contributor,
                override=contributor is not None,
                progress=partial(_show_progress, bar),
            )
        if result.added:
            lab.screen()
        held = [entry for entry in lab.feedback.pending() if entry.id not in before]
    skipped = [*((item.name, item.reason) for item in scan.skipped), *result.unreadable]
    if not result.added and not result.known:
        first = f"; the first, {skipped[0][0]}: {skipped[0][1].rstrip('.')}" if skipped else ""
        raise DataError(
            f"{path}: nothing is imported: {len(skipped)} skipped{first}.", path=str(path)
        )
    counts = {"added": result.added, "known": result.known, "held": len(held)}
    if as_json:
        rows = [{"name": name, "reason": reason} for name, reason in skipped]
        texts = {"labels_from": scan.rule, "contradictions": list(scan.contradictions)}
        echo_json(counts | texts | {"skipped": rows})
        return
    echo(f"labels from {scan.rule}")
    echo(*(f"the same picture under two labels: {text}" for text in scan.contradictions))
    echo(*(f"skipped {name}: {reason}" for name, reason in skipped))
    echo(f"{result.added} added, {result.known} already stored, {len(skipped)} skipped")
    if held:
        echo(f"{len(held)} wait for review: digitlab feedback list")


@feedback.command("export", epilog="Example: digitlab feedback export out.zip")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(EXPORT_FORMATS),
    default=EXPORT_FORMATS[0],
    show_default=True,
)
@as_json_option
@click.pass_context
def export_(ctx: click.Context, *, path: Path, form: Any, as_json: bool) -> None:
    """Write the accepted feedback to PATH: a folder, a file for csv, or a .zip file.

    `digitlab feedback import` restores all verdicts from it, with their pictures.
    """
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
        _echo_unread(lab)
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
        f"verdict no. {verdict_id} is rejected; verdict no. {entry.id} says that it is "
        f"{article(label)}",
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
        f"{count_text(len(numbers), 'verdict')} retracted: {numbers_text(numbers)}",
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
        f"{count_text(len(numbers), 'verdict')} {state}: {numbers_text(numbers)}",
        as_json=as_json,
    )


def _lab(ctx: click.Context, contributor: str | None = None) -> Lab:
    lab = Lab(settings_of(ctx), contributor=contributor)
    lab.warns = False  # what cannot be stored is an error here
    return lab


def _echo_unread(lab: Lab) -> None:
    """Say on standard error if the newest entries are missing."""
    problem = lab.feedback.database.check()
    if problem is not None and problem.unread and not lab.is_unread:
        echo_not_kept(problem.sentence)


def _show_progress(bar: Any, done: int, total: int) -> None:
    bar.total = total
    bar.update(done - bar.n)


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
            f"no. {entry.id:<5d}  {entry.time:%Y-%m-%d %H:%M}  {entry.contributor:12s}  "
            f"read {entry.predicted}  {verdict:14s}  {entry.state:9s}  {entry.name}  "
            f"{entry.comment}"
        )
        echo_result(entry.to_dict(), line, as_json=as_json)
