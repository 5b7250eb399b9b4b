"""`digitlab models`: list, show, promote, roll back, import, export and prune versions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from digitlab.cli.main import settings_of
from digitlab.errors import ModelError
from digitlab.model.card import Card
from digitlab.settings import default_contributor
from digitlab.store import ModelRegistry, Promotion

as_json_option = click.option("--json", "as_json", is_flag=True, help="JSON instead of sentences.")
version_argument = click.argument("version", metavar="VERSION")


@click.group(epilog="Example: digitlab models list")
def models() -> None:
    """Model versions: which there are, and which one serves."""


@models.command("list", epilog="Example: digitlab models list --json")
@as_json_option
@click.pass_context
def list_(ctx: click.Context, *, as_json: bool) -> None:
    """List the versions, `base` first, then the oldest first."""
    with _registry(ctx) as registry:
        aliases = registry.aliases()
        rows = [_row(registry, version, aliases) for version in registry.versions()]
    if as_json:
        click.echo(json.dumps(rows))
        return
    for row in rows:
        accuracy = "" if row["accuracy"] is None else f"{row['accuracy']:.2%} of mnist:test"
        line = (
            f"{row['version']:8s}  {row['kind'] or 'damaged':10s}  {_day(row['created']):16s}  "
            f"{accuracy:21s}  {row['decision'] or '':9s}  {', '.join(row['aliases'])}"
        )
        click.echo(line.rstrip())


@models.command(epilog="Example: digitlab models show v0001")
@version_argument
@as_json_option
@click.pass_context
def show(ctx: click.Context, *, version: str, as_json: bool) -> None:
    """Say where VERSION comes from and what it can do."""
    with _registry(ctx) as registry:
        found = registry.show(version)
        card = registry.card(version)
    click.echo(json.dumps(found) if as_json else "\n".join(_story(found, card)))


@models.command(epilog='Example: digitlab models promote v0002 --force --why "my own hand"')
@version_argument
@click.option("--force", is_flag=True, help="Against the gate's verdict, or without one.")
@click.option("--why", default="", metavar="TEXT", help="Kept in the history; needed to force.")
@as_json_option
@click.pass_context
def promote(ctx: click.Context, *, version: str, force: bool, why: str, as_json: bool) -> None:
    """Let VERSION serve; open pages answer with it from their next picture on."""
    with _registry(ctx) as registry:
        done = registry.promote(version, by=default_contributor(), why=why, force=force)
        card = registry.card(version)
    if as_json:
        click.echo(_json(done))
        return
    click.echo(f"{done.champion} serves now, {_figures(card)}; before it did {done.previous}.")
    if card.is_base:
        click.echo("It is a base: later fine-tunes start from it.")
    click.echo("`digitlab models rollback` takes this back.")


@models.command(epilog="Example: digitlab models rollback")
@click.option("--why", default="", metavar="TEXT", help="Kept in the history.")
@as_json_option
@click.pass_context
def rollback(ctx: click.Context, *, why: str, as_json: bool) -> None:
    """Let the version serve again that served before; once more returns."""
    with _registry(ctx) as registry:
        done = registry.rollback(by=default_contributor(), why=why)
    click.echo(
        _json(done)
        if as_json
        else f"{done.champion} serves again; {done.previous} is the one to roll back to."
    )


@models.command("import", epilog="Example: digitlab models import model_1.h5")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@as_json_option
@click.pass_context
def import_(ctx: click.Context, *, file: Path, as_json: bool) -> None:
    """Take a digit model from FILE (.h5 or .keras), judge it and register it.

    Nothing in the file is ever run: it must be a plain Keras model of ordinary layers, with
    28x28 or 784 values in and the ten digits out.
    """
    with _registry(ctx) as registry:
        version = registry.import_file(file)
        card, folder = registry.card(version), registry.folder(version)
    if as_json:
        click.echo(json.dumps({"version": version, "metrics": card.metrics}))
        return
    click.echo(f"{version}: {_figures(card)}; {folder}")
    click.echo(f"It serves nobody before `digitlab models promote {version}`.")


@models.command(epilog="Example: digitlab models export v0001 v0001.zip")
@version_argument
@click.argument("path", type=click.Path(path_type=Path))
@as_json_option
@click.pass_context
def export(ctx: click.Context, *, version: str, path: Path, as_json: bool) -> None:
    """Copy VERSION to PATH: a new folder, or a file if it ends in .zip."""
    with _registry(ctx) as registry:
        place = registry.export(version, path)
    click.echo(
        json.dumps({"version": version, "path": str(place)})
        if as_json
        else f"{version} written to {place}"
    )


@models.command(epilog="Example: digitlab models prune --keep 5")
@click.option("--keep", type=click.IntRange(0), required=True, metavar="N", help="The newest stay.")
@as_json_option
@click.pass_context
def prune(ctx: click.Context, *, keep: int, as_json: bool) -> None:
    """Delete old versions, except the newest N and those that are needed.

    What serves, served before or was made last stays, and what a kept version started from.
    """
    with _registry(ctx) as registry:
        removed = registry.prune(keep)
    click.echo(
        json.dumps({"removed": removed})
        if as_json
        else f"{len(removed)} deleted: {', '.join(removed) or 'none'}"
    )


def _registry(ctx: click.Context) -> ModelRegistry:
    return ModelRegistry(settings_of(ctx))


def _json(done: Promotion) -> str:
    return json.dumps({name: getattr(done, name) for name in ("champion", "previous", "by", "why")})


def _row(registry: ModelRegistry, version: str, aliases: dict[str, str]) -> dict[str, Any]:
    try:
        card = registry.card(version)
    except ModelError:
        card = None  # the others are listed all the same
    test = {} if card is None else card.metrics.get("mnist:test", {})
    return {
        "version": version,
        "kind": card and card.kind,
        "aliases": [alias for alias, to in aliases.items() if to == version],
        "created": card and card.created,
        "accuracy": test.get("accuracy"),
        "parent": card and card.parent,
        "decision": card and card.decision,
    }


def _story(found: dict[str, Any], card: Card) -> list[str]:
    aliases = f" ({', '.join(found['aliases'])})" if found["aliases"] else ""
    lines = [f"{found['name']}{aliases}: {card.kind}, made {_day(card.created)}; {found['folder']}"]
    if card.source:
        lines.append(f"imported from {card.source}")
    if card.parent:
        lines.append(f"started from {card.parent}, learned from {len(card.feedback)} verdicts")
    if card.decision:
        beside = f" beside {card.champion}" if card.champion else ""
        lines.append(" ".join([f"{card.decision}{beside}.", *card.reasons]))
    lines += [
        f"{name}: {row['correct']:,} of {row['n']:,} right ({row['accuracy']:.2%})"
        for name, row in card.metrics.items()
        if isinstance(row, dict) and {"correct", "n", "accuracy"} <= row.keys()
    ]
    if found["notebook"]:
        lines.append(f"notebook: {found['notebook']}")
    return lines


def _figures(card: Card) -> str:
    known = {"mnist:test": "MNIST's test images", "photographs:validation": "photographs"}
    parts = [
        f"{card.metrics[name]['accuracy']:.2%} of {words} right"
        for name, words in known.items()
        if name in card.metrics
    ]
    return ", ".join(parts) or "without figures"


def _day(created: str | None) -> str:
    return (created or "")[:16].replace("T", " ")
