"""Jinja2 templates -> one HTML file that needs nothing else."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

from pocketlens import __version__
from pocketlens.extras import requires_extra
from pocketlens.names import counted, cut, printable
from pocketlens.replacing import replace_text

_TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, **context: Any) -> str:
    """A page as HTML; what stands in the context is text, never markup.

    Args:
        template: A file of templates/ that extends base.html.
        context: What it shows; `title` is the page's.

    Raises:
        MissingExtraError: Jinja2 is not installed.
    """
    jinja2 = require_jinja2()
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        shown=printable, cut=cut, counted=counted, percent=_percent, number=_number
    )
    page = environment.get_template(template)
    return str(page.render(version=__version__, **context))


def require_jinja2() -> ModuleType:
    """The template engine.

    Raises:
        MissingExtraError: It is not installed; the message has the pip line.
    """
    with requires_extra("report", "jinja2"):
        import jinja2
    return jinja2


def write_page(file: Path, template: str, **context: Any) -> None:
    """Writes a page, whole or not at all; see render().

    Raises:
        MissingExtraError: Jinja2 is not installed.
        FileError: It cannot be written; what was there is as it was.
    """
    replace_text(file, render(template, **context))


def _percent(share: float, digits: int = 1) -> str:
    return f"{share:.{digits}%}"


def _number(value: float) -> str:
    return f"{value:,}"
