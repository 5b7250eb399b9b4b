"""`digitlab predict`: read digits from files, folders or standard input."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from digitlab.cli.main import settings_of
from digitlab.datasets import PICTURE_SUFFIXES, list_pictures
from digitlab.errors import ImageError
from digitlab.lab import Lab
from digitlab.model.prediction import Prediction
from digitlab.settings import Settings

EXAMPLE = """\b
Examples:
  digitlab predict digit.jpg
  digitlab predict scans/ --json
  cat digit.png | digitlab predict -
"""


@click.command(epilog=EXAMPLE)
@click.argument("pictures", nargs=-1, required=True, metavar="PICTURE...")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line and picture.")
@click.pass_context
def predict(ctx: click.Context, pictures: tuple[str, ...], as_json: bool) -> None:
    """Say which digit is in each PICTURE.

    PICTURE is a file, a folder (its pictures by their ending, sorted) or - for one on
    standard input. The exit code is 0 when all were read, 1 when some were not.
    """
    settings = settings_of(ctx)
    failed = False
    with Lab(settings) as lab:
        for name in expand(pictures):
            try:
                line = _line(name, lab.model, lab.predict(_source(name, settings)), None)
            except ImageError as error:
                failed = True
                line = _line(name, lab.model, None, error)
            click.echo(json.dumps(line) if as_json else _sentence(line))
    ctx.exit(1 if failed else 0)


def expand(names: tuple[str, ...]) -> Iterator[str]:
    """The files behind the names: a folder with pictures gives these, all else itself."""
    for name in names:
        path = Path(name)
        found = list_pictures(path) if name != "-" and path.is_dir() else []
        yield from [str(picture) for picture in found] or [name]


def _source(name: str, settings: Settings) -> str | bytes:
    if name == "-":
        return sys.stdin.buffer.read(settings.max_bytes + 1)
    if Path(name).is_dir():
        raise ImageError(
            f"{name} holds no picture; expected files ending in "
            f"{', '.join(sorted(PICTURE_SUFFIXES))}.",
            code="not-found",
        )
    return name


def _line(
    name: str, model: str, prediction: Prediction | None, error: ImageError | None
) -> dict[str, Any]:
    return {
        "picture": name,
        "model": model,
        "digits": [] if prediction is None else [prediction.to_dict()],
        "error": None if error is None else {"code": error.code, "message": str(error)},
    }


def _sentence(line: dict[str, Any]) -> str:
    if line["error"]:
        return f"{line['picture']}: not read: {line['error']['message']}"
    digit = line["digits"][0]
    if digit["refused"]:
        return f"{line['picture']}: I see no digit here (best guess {digit['label']})"
    return f"{line['picture']}: {digit['label']} ({digit['confidence']:.1%})"
