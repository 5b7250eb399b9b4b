"""The command `digitlab`: its options, its list of commands and its error line."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from digitlab import __version__
from digitlab.cli.output import echo, printable
from digitlab.errors import DigitlabError, ParameterError, StoreError, is_storage_error
from digitlab.settings import Settings

COMMANDS = {
    "evaluate": "digitlab.cli.evaluate:evaluate",
    "feedback": "digitlab.cli.feedback:feedback",
    "fine-tune": "digitlab.cli.fine_tune:fine_tune",
    "models": "digitlab.cli.models:models",
    "predict": "digitlab.cli.predict:predict",
    "schedule": "digitlab.cli.schedule:schedule",
    "serve": "digitlab.cli.serve:serve",
    "train": "digitlab.cli.train:train",
}


class _LazyGroup(click.Group):
    """A group that imports the module of a command only when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Parse the options before the command; escape control characters in click's errors."""
        with _printable_usage_errors():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; print a DigitlabError as one line and exit with 1 (parameters: 2).

        A full disk, or one that cannot be written, is one line, too, wherever it shows up.
        """
        try:
            with _printable_usage_errors():
                return super().invoke(ctx)
        except DigitlabError as error:
            echo(f"digitlab: {error}", err=True)
            ctx.exit(2 if isinstance(error, ParameterError) else 1)
        except OSError as error:
            if not is_storage_error(error):
                raise
            place = error.filename2 or error.filename or "A file"
            echo(
                f"digitlab: {StoreError.from_os_error(f'{place} cannot be written', error)}",
                err=True,
            )
            ctx.exit(1)


@contextmanager
def _printable_usage_errors() -> Iterator[None]:
    """Escape control characters in the arguments that click quotes in its errors."""
    try:
        yield
    except click.MissingParameter:
        raise  # quotes no argument, and lists choices on lines
    except click.ClickException as error:
        error.message = printable(error.message)  # type: ignore[misc] # final, yet plain text
        raise


@click.command(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: digitlab predict digit.jpg",
)
@click.version_option(__version__, prog_name="digitlab")
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of feedback and models. Default: DIGITLAB_HOME, or the checkout or data folder.",
)
@click.pass_context
def main(ctx: click.Context, home: Path | None) -> None:
    """Read handwritten digits, correct wrong predictions, and train and compare models."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a Windows console cannot show every character
            stream.reconfigure(errors="replace")
    ctx.obj = Settings.load(home)


def echo_not_kept(sentence: str) -> None:
    """Say on standard error that nothing is kept, and why; say nothing if the reason is empty."""
    if sentence:
        echo(f"digitlab: {sentence}", err=True)


def settings_of(ctx: click.Context, *, echo_home: bool = True) -> Settings:
    """Return the settings of a call; name the home on standard error."""
    settings = ctx.find_object(Settings) or Settings.load()
    if echo_home:
        echo(f"home: {settings.home} ({settings.home_source})", err=True)
    return settings
