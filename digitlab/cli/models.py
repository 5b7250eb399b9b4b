"""`digitlab models`: list, show, promote, roll back, import, export and prune versions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from digitlab.cli.main import settings_of
from digitlab.cli.output import echo, echo_json, echo_result
from digitlab.model.card import Card
from digitlab.phrases import count_text
from digitlab.settings import default_contributor
from digitlab.store import ModelRegistry, ModelVersion, Promotion

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
version_argument = click.argument("version", metavar="VERSION")


@click.group(epilog="Example: digitlab models list")
def models() -> None:
    """Manage model versions, and choose which one serves."""


@models.command("list", epilog="Example: digitlab models list --json")
@as_json_option
@click.pass_context
def list_(ctx: click.Context, *, as_json: bool) -> None:
    """List the versions: `base`, then the others, oldest first."""
    with _registry(ctx) as registry:
        rows = [_row(version) for version in registry.list()]
    if as_json:
        echo_json(rows)
        return
    for row in rows:
        accuracy = "" if row["accuracy"] is None else f"{row['accuracy']:.2%} of mnist:test"
        line = (
            f"{row['version']:8s}  {row['kind'] or 'damaged':10s}  {_day(row['created']):16s}  "
            f"{accuracy:21s}  {row['decision'] or '':9s}  {', '.join(row['aliases'])}"
        )
        echo(line.rstrip())


@models.command(epilog="Example: digitlab models show v0001")
@version_argument
@as_json_option
@click.pass_context
def show(ctx: click.Context, *, version: str, as_json: bool) -> None:
    """Show the origin and the metrics of VERSION."""
    with _registry(ctx) as registry:
        description = registry.describe(version)
        card = registry.card(version)
    echo_result(description, *_lines(description, card), as_json=as_json)


@models.command(epilog='Example: digitlab models promote v0002 --force --why "my own hand"')
@version_argument
@click.option(
    "--force",
    is_flag=True,
    help="Promote without the gate's decision, against it, or below the serving version.",
)
@click.option(
    "--why",
    default="",
    metavar="TEXT",
    help="Reason, stored in the history; required with --force.",
)
@as_json_option
@click.pass_context
def promote(ctx: click.Context, *, version: str, force: bool, why: str, as_json: bool) -> None:
    """Let VERSION serve; open pages use it within two seconds."""
    with _registry(ctx) as registry:
        promotion = registry.promote(version, by=default_contributor(), why=why, force=force)
        card = registry.card(version)
    if as_json:
        echo_json(_row_of_promotion(promotion))
        return
    echo(
        f"{promotion.champion} serves now, {_accuracy_text(card)}; "
        f"{promotion.previous} served before."
    )
    if card.is_base:
        echo("It is a base: the next fine-tunes start from it.")
    _echo_warning(card)
    echo("`digitlab models rollback` undoes this.")


@models.command(epilog="Example: digitlab models rollback")
@click.option("--why", default="", metavar="TEXT", help="Reason, stored in the history.")
@as_json_option
@click.pass_context
def rollback(ctx: click.Context, *, why: str, as_json: bool) -> None:
    """Let the previous version serve again; a second rollback returns."""
    with _registry(ctx) as registry:
        promotion = registry.rollback(by=default_contributor(), why=why)
    echo_result(
        _row_of_promotion(promotion),
        f"{promotion.champion} serves again; another rollback returns to {promotion.previous}.",
        as_json=as_json,
    )


@models.command("import", epilog="Example: digitlab models import model_1.h5")
@click.argument("file", type=click.Path(path_type=Path))
@as_json_option
@click.pass_context
def import_(ctx: click.Context, *, file: Path, as_json: bool) -> None:
    """Import a digit model from FILE (.keras, .h5 or a SavedModel folder) and measure it.

    digitlab runs no code from the file. It must be a plain Keras model of ordinary layers,
    with a square input and ten outputs. digitlab finds out how the network expects the pixels.
    """
    with _registry(ctx) as registry:
        version = registry.import_file(file)
        card, folder = registry.card(version), registry.folder(version)
        needs_force = bool(registry.reason_against_promotion(version))
    if as_json:
        row = {"preprocessing": card.preprocessing, "warning": card.warning or None}
        echo_json({"version": version, "metrics": card.metrics, **row})
        return
    echo(f"{version}: {_accuracy_text(card)}; {folder}")
    echo(f"Its network takes {card.preprocessing}.")
    _echo_warning(card)
    force = ' --force --why "..."' if needs_force else ""
    echo(f"It does not serve until `digitlab models promote {version}{force}`.")


@models.command(epilog="Example: digitlab models export v0001 v0001.zip")
@version_argument
@click.argument("path", type=click.Path(path_type=Path))
@as_json_option
@click.pass_context
def export(ctx: click.Context, *, version: str, path: Path, as_json: bool) -> None:
    """Copy VERSION to PATH: a new folder, or a file if PATH ends in .zip."""
    with _registry(ctx) as registry:
        place = registry.export(version, path)
    result = {"version": version, "path": str(place)}
    echo_result(result, f"{version} written to {place}", as_json=as_json)


@models.command(epilog="Example: digitlab models prune --keep 5")
@click.option(
    "--keep",
    type=click.IntRange(0),
    required=True,
    metavar="N",
    help="Number of newest versions to keep.",
)
@as_json_option
@click.pass_context
def prune(ctx: click.Context, *, keep: int, as_json: bool) -> None:
    """Delete old versions, except the newest N and those that are needed.

    The champion, the previous version and the challenger stay, and so does each version that
    a kept one started from.
    """
    with _registry(ctx) as registry:
        removed = registry.prune(keep)
    text = f"{len(removed)} deleted: {', '.join(removed) or 'none'}"
    echo_result({"removed": removed}, text, as_json=as_json)


def _registry(ctx: click.Context) -> ModelRegistry:
    return ModelRegistry(settings_of(ctx))


def _echo_warning(card: Card) -> None:
    if card.warning:
        echo(f"warning: {card.warning}", err=True)


def _row_of_promotion(promotion: Promotion) -> dict[str, Any]:
    return {name: getattr(promotion, name) for name in ("champion", "previous", "by", "why")}


def _row(version: ModelVersion) -> dict[str, Any]:
    card = version.card  # None for a damaged version
    return {
        "version": version.name,
        "kind": version.kind,
        "aliases": list(version.aliases),
        "created": card and card.created,
        "accuracy": version.test_accuracy,
        "parent": card and card.parent,
        "decision": card and card.decision,
    }


def _lines(description: dict[str, Any], card: Card) -> list[str]:
    name, folder = description["name"], description["folder"]
    aliases = f" ({', '.join(description['aliases'])})" if description["aliases"] else ""
    lines = [f"{name}{aliases}: {card.kind}, made {_day(card.created)}; {folder}"]
    if card.source:
        lines.append(f"imported from {card.source}")
    if card.preprocessing:
        lines.append(f"its network takes {card.preprocessing}")
    if card.warning:
        lines.append(card.warning)
    if card.parent:
        verdicts = count_text(len(card.feedback), "verdict")
        lines.append(f"started from {card.parent}, learned from {verdicts}")
    if card.decision:
        compared = f" against {card.champion}" if card.champion else ""
        lines.append(" ".join([f"{card.decision}{compared}.", *card.reasons]))
    lines += [
        f"{name}: {row['correct']:,} of {row['n']:,} right ({row['accuracy']:.2%})"
        for name, row in card.metrics.items()
        if isinstance(row, dict) and {"correct", "n", "accuracy"} <= row.keys()
    ]
    if description["notebook"]:
        lines.append(f"notebook: {description['notebook']}")
    return lines


def _accuracy_text(card: Card) -> str:
    names = {"mnist:test": "MNIST's test images", "photographs:validation": "photographs"}
    parts = [
        f"{card.metrics[name]['accuracy']:.2%} of {text} right"
        for name, text in names.items()
        if name in card.metrics
    ]
    return ", ".join(parts) or "without metrics"


def _day(created: str | None) -> str:
    return (created or "")[:16].replace("T", " ")
