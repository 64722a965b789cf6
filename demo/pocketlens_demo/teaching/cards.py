"""The classes as cards: a name, a button to hold, and pictures; what a visitor does with them."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pocketlens.errors import InputTypeError
from pocketlens.names import cut
from pocketlens.pictures.folders import SUFFIXES
from pocketlens_demo.checked_blocks import is_upload
from pocketlens_demo.teaching.pictures import Pictures
from pocketlens_demo.uploads import Upload
from pocketlens_demo.zips import NamedPicture, named_pictures

SCRIPT = (Path(__file__).parent / "cards.js").read_text(encoding="utf-8")
"""For gr.HTML: it triggers "burst", "files", "strike" and "dismiss"."""
_FILES = ",".join((*sorted(SUFFIXES), ".zip"))


def draw(classes: dict[str, list[Path]], said: str = "") -> str:
    """HTML for SCRIPT.

    Args:
        classes: The pictures of each.
        said: What has happened, as text; "": what is to be done next.
    """
    drawn = "".join(_card(label, paths) for label, paths in classes.items())
    return (
        f"<p class='said' role='status'>{escape(said or _next_step(classes))}</p>{drawn}"
        f"<label class='way'>Or a zip file with one folder for each class{_input('a zip file')}"
        "</label>"
    )


def add_burst(pictures: Pictures, label: str, frames: list[str], lost: bool = False) -> str:
    """Adds frames of the camera, data URLs, to a class; says what became of them."""
    uploads = [Upload({"url": str(frame)}) for frame in frames]
    said = pictures.add_all(label, [NamedPicture("a frame", upload.read) for upload in uploads])
    return f"{said} The camera was taken away; turn it on again." if lost else said


def add_files(pictures: Pictures, label: str | None, files: list[dict[str, Any]]) -> str:
    """Adds uploads to a class, or without a label those of zip files by their folders."""
    if not all(map(is_upload, files)):
        raise InputTypeError("Expected uploaded files: upload them again.")
    return pictures.add_all(label or None, named_pictures(files))


def add_photo(pictures: Pictures, photo: dict[str, Any], label: str) -> str:
    """Adds one upload to a class."""
    return pictures.add_all(label, [NamedPicture("the photo", Upload(photo).read)])


def remove_picture(pictures: Pictures, label: str, name: str) -> str:
    """Removes a picture."""
    pictures.remove(label, name)
    return ""


def remove_class(pictures: Pictures, label: str) -> str:
    """Removes a class."""
    pictures.remove_class(label)
    return ""


def _next_step(classes: dict[str, list[Path]]) -> str:
    if len(classes) < 2:
        return "Name two things or more to tell apart, such as cup and hand."
    if not all(classes.values()):
        return "Give each class about 20 pictures: hold its button, or add files."
    return "A click on a picture removes it."


def _card(label: str, paths: list[Path]) -> str:
    short = escape(cut(label))
    count = "1 picture" if len(paths) == 1 else f"{len(paths):,} pictures"
    thumbnails = "".join(
        f"<button class='picture' data-name='{path.name}' aria-label='Remove picture {number} of "
        f"{short}'><img src='gradio_api/file={quote(str(path))}' alt='' loading='lazy'></button>"
        for number, path in enumerate(paths, 1)
    )
    return (
        f"<section data-label='{escape(label)}' aria-label='{short}'>"
        f"<h3>{short} <span>{count}</span></h3>"
        f"<button class='dismiss' aria-label='Remove the class {short}'>&times;</button>"
        f"<div class='ways'><button class='way hold' aria-label='Hold to record {short}'>"
        f"Hold to record</button><label class='way'>Add files{_input(f'files to {short}')}</label>"
        f"</div><div class='pictures'>{thumbnails}</div></section>"
    )


def _input(what: str) -> str:
    return f"<input type='file' multiple accept='{_FILES}' aria-label='Add {what}'>"
