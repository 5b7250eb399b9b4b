"""`digitlab predict`: read digits from files, folders or standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from digitlab.cli.main import echo_not_kept, settings_of
from digitlab.cli.output import echo, echo_result
from digitlab.errors import ImageError, StoreError
from digitlab.lab import Lab
from digitlab.picture_reader import Reader
from digitlab.prediction import Prediction, several_text
from digitlab.reading import Reading
from digitlab.settings import Settings

EXAMPLE = """\b
Examples:
  digitlab predict digit.jpg
  digitlab predict scans/ --json
  digitlab predict --digit-images digits/ --json
  digitlab predict --split number.jpg
  digitlab predict scan.pdf --page 2
  digitlab predict digit.jpg --explain steps/
  cat digit.png | digitlab predict -
"""


@click.command(epilog=EXAMPLE)
@click.argument("pictures", nargs=-1, required=True, metavar="PICTURE...")
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object for each picture, one a line."
)
@click.option("--split", is_flag=True, help="Read all digits of each picture, in reading order.")
@click.option(
    "--digit-images",
    is_flag=True,
    help="Take every picture of 28x28 pixels as a ready digit image, of either polarity.",
)
@click.option(
    "--page",
    type=click.IntRange(min=1),
    default=1,
    metavar="N",
    help="Read page N of each TIFF or PDF; the first one by default.",
)
@click.option(
    "--explain",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write the steps from each picture to its digit into DIR as pictures.",
)
@click.option("--no-memory", is_flag=True, help="Ask the model alone, without stored corrections.")
@click.pass_context
def predict(
    ctx: click.Context,
    pictures: tuple[str, ...],
    *,
    as_json: bool,
    split: bool,
    digit_images: bool,
    page: int,
    explain: Path | None,
    no_memory: bool,
) -> None:
    """Read the digit in each PICTURE, or all its digits with --split.

    PICTURE is a file, a folder (all files with a picture's extension, sorted), or - for
    standard input. The exit code is 1 if a picture cannot be read, else 0. In a home that cannot
    be written the command answers, too, and says that nothing is kept. Ready digit images (28x28,
    in MNIST's form) are read several at once.
    """
    if split and digit_images:
        raise click.UsageError("--digit-images reads one digit of each picture: leave out --split.")
    settings = settings_of(ctx)
    failed, not_kept = False, ""
    with Lab(settings, memory=not no_memory) as lab:
        lab.warns = False  # said below, once
        sources = [(name, _source(name, settings)) for name in expand_folders(pictures)]
        readable = [source for _, source in sources if not isinstance(source, ImageError)]
        predictions: Iterator[Prediction | ImageError] = iter(())
        if not split:
            predictions = lab.predict_many(readable, page=page, digit_images=digit_images)
        for name, source in sources:
            hint = ""
            try:
                if isinstance(source, ImageError):
                    raise source
                if split:
                    reading = lab.predict_all(source, page=page)
                    row = _row(name, lab.champion, reading, None)
                    row["rows"] = [line.to_dict() for line in reading.rows]
                    row["rotation"] = reading.rotation
                    if not reading:
                        row["part"] = lab.reader().part_of(source, page=page)
                    lines = _reading_lines(reading, _title(row))
                else:
                    prediction = next(predictions)
                    if isinstance(prediction, ImageError):
                        raise prediction
                    row = _row(name, prediction.model, [prediction], None)
                    row["several"] = prediction.several
                    row["several_count"] = prediction.several_count
                    lines = [_prediction_line(prediction, _title(row))]
                    hint = several_text(prediction)
                if explain is not None:
                    _explain(lab.reader(), source, name, explain, page=page)
            except ImageError as error:
                failed = True
                row = _row(name, lab.champion, (), error)
                lines = [f"{name}: not read: {error}"]
            row["kept"] = not lab.not_kept
            if lab.not_kept != not_kept:
                not_kept = lab.not_kept
                echo_not_kept(not_kept)
            echo_result(row, *lines, as_json=as_json)
            if hint and not as_json:
                echo(f"{_title(row)}: {hint}. Read them all with --split.", err=True)
    ctx.exit(1 if failed else 0)


def expand_folders(names: tuple[str, ...]) -> Iterator[str]:
    """Yield the names, with each folder that holds pictures replaced by its pictures."""
    for name in names:
        pictures: list[Path] = []
        if name != "-" and os.path.isdir(name):
            from digitlab.datasets import list_pictures  # loaded for a folder alone

            pictures = list_pictures(Path(name))
        yield from [str(picture) for picture in pictures] or [name]


def _explain(reader: Reader, source: str | bytes, name: str, folder: Path, *, page: int) -> None:
    """Write NAME-1-grey.png, NAME-2-contrast.png and so on into a folder."""
    stem = "stdin" if name == "-" else Path(name).name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, (step, image) in enumerate(reader.explain(source, page=page).items(), 1):
            image.save(folder / f"{stem}-{number}-{step}.png")
    except OSError as error:
        raise StoreError(
            f"{folder} cannot be written: {error.strerror}.", place=str(folder)
        ) from error


def _source(name: str, settings: Settings) -> str | bytes | ImageError:
    """Return the path or the bytes to read; the error for a folder without pictures."""
    if name == "-":
        return sys.stdin.buffer.read(settings.max_bytes + 1)
    if os.path.isdir(name):  # a fifth of the time of a Path's
        from digitlab.datasets import PICTURE_SUFFIXES

        return ImageError(
            f"{name} contains no picture; expected files with the extension "
            f"{', '.join(sorted(PICTURE_SUFFIXES))}.",
            code="not-found",
        )
    return name


def _row(
    name: str, model: str, predictions: Sequence[Prediction], error: ImageError | None
) -> dict[str, Any]:
    return {
        "picture": name,
        "part": predictions[0].part if predictions else "",
        "model": model,
        "digits": [prediction.to_dict() for prediction in predictions],
        "error": None if error is None else {"code": error.code, "message": str(error)},
    }


def _title(row: dict[str, Any]) -> str:
    """Return the name of the picture with the part that was read."""
    return f"{row['picture']} ({row['part']})" if row["part"] else str(row["picture"])


def _reading_lines(reading: Reading, title: str) -> list[str]:
    """Return a line for each row of digits."""
    if len(reading) == 1 and len(reading.text) == 1:
        return [_prediction_line(reading[0], title)]
    lines = [f"{title}: {row.text} ({_confidences(row.digits)})" for row in reading.rows]
    return lines or [f"{title}: I see no digit here"]


def _prediction_line(prediction: Prediction, title: str) -> str:
    if prediction.refused:
        return f"{title}: I see no digit here (best guess {prediction.digit})"
    return f"{title}: {prediction.digit} ({_confidences([prediction])})"


def _confidences(predictions: Sequence[Prediction]) -> str:
    return ", ".join(f"{prediction.confidence:.1%}" for prediction in predictions)
