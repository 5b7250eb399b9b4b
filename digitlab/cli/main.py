"""The command `digitlab` itself: its options, its error line, its list of commands."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import click

from digitlab import __version__
from digitlab.errors import DigitlabError, ParameterError
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
    """Loads a command's module when it is called: no command pays for another's libraries."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a DigitlabError becomes one line and exit code 1, 2 for a parameter."""
        try:
            return super().invoke(ctx)
        except DigitlabError as error:
            click.echo(f"digitlab: {error}", err=True)
            ctx.exit(2 if isinstance(error, ParameterError) else 1)


@click.command(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: digitlab predict digit.jpg",
)
@click.version_option(__version__, prog_name="digitlab")
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of feedback and models; else DIGITLAB_HOME, the checkout, or your data directory.",
)
@click.pass_context
def main(ctx: click.Context, home: Path | None) -> None:
    """Read handwritten digits, correct what was wrong, train and judge models."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a Windows console may not know every letter
            stream.reconfigure(errors="replace")
    ctx.obj = Settings.load(home)


def settings_of(ctx: click.Context, *, tell: bool = True) -> Settings:
    """The settings of a call; says on standard error which home it works in."""
    settings = ctx.find_object(Settings) or Settings.load()
    if tell:
        click.echo(f"home: {settings.home} ({settings.home_source})", err=True)
    return settings
