"""Render the Jinja2 templates of `digitlab/html/templates` with autoescaping."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment


def render(template: str, /, **values: Any) -> str:
    """Render a template to HTML or SVG; text values are escaped.

    Args:
        template: file name in `digitlab/html/templates`, for example "run.html.j2".
        values: the template's variables. A variable that the template names and that is
            missing is an error. Pass markup that is already HTML as `markupsafe.Markup`.

    Raises:
        jinja2.TemplateNotFound: there is no such template.
        jinja2.UndefinedError: a variable is missing.
    """
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    # Loaded at the first use: a page's process renders no template and saves 2 MB.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from digitlab.settings import PACKAGE

    return Environment(
        loader=FileSystemLoader(PACKAGE / "html" / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
