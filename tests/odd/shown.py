"""What a picture file looks like: to this project, to Pillow and to Chromium."""

from __future__ import annotations

import base64
import io
import shutil
import warnings
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from pocketlens.errors import ImageError
from pocketlens.pictures.decoding import decode

COLORS = {
    "R": (220, 40, 40),
    "G": (40, 180, 60),
    "B": (40, 60, 220),
    "Y": (230, 220, 60),
    "M": (200, 40, 200),
    "W": (255, 255, 255),
    "K": (0, 0, 0),
}
NOTHING = "-"
"""Shown for a file that is refused."""
_QUARTERS = (1, 1), (3, 1), (1, 3), (3, 3)
_SCRIPT = """async ([files, quarters]) => {
    const shown = []
    for (const file of files) {
        const bytes = Uint8Array.from(atob(file), letter => letter.charCodeAt(0))
        const image = new Image()
        image.src = URL.createObjectURL(new Blob([bytes]))
        try {
            await image.decode()
        } catch {
            shown.push(null)
            continue
        }
        const [width, height] = [image.naturalWidth, image.naturalHeight]
        const canvas = new OffscreenCanvas(width, height).getContext("2d")
        canvas.fillStyle = "white"
        canvas.fillRect(0, 0, width, height)
        canvas.drawImage(image, 0, 0)
        const middles = quarters.map(([x, y]) => Array.from(canvas.getImageData(
            Math.floor(x * width / 4), Math.floor(y * height / 4), 1, 1).data.slice(0, 3)))
        shown.push([width, height, middles])
    }
    return shown
}"""


def describe(pixels: Any) -> str:
    height, width = pixels.shape[:2]
    middles = [pixels[y * height // 4, x * width // 4] for x, y in _QUARTERS]
    return _words(width, height, middles)


def _words(width: int, height: int, middles: list[Any]) -> str:
    """Size, and the colour in the middle of each quarter: "48x32 RGBY"."""
    colors = np.array([*COLORS.values()])
    nearest = [np.abs(colors - middle).sum(axis=1).argmin() for middle in middles]
    letters = [list(COLORS)[index] for index in nearest]
    return f"{width}x{height} {''.join(letters)}"


def by_pocketlens(data: bytes) -> str:
    try:
        return describe(decode(data))
    except ImageError:
        return NOTHING


def by_pillow(data: bytes) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as image:
                upright = ImageOps.exif_transpose(image).convert("RGBA")
    except Exception:
        return NOTHING
    white = Image.new("RGBA", upright.size, "white")
    return describe(np.asarray(Image.alpha_composite(white, upright).convert("RGB")))


def by_chromium(files: dict[str, bytes]) -> dict[str, str]:
    """Chromium's own answer: a page with each as an <img>, drawn on a white canvas."""
    from playwright.sync_api import sync_playwright

    encoded = [base64.b64encode(data).decode() for data in files.values()]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        answers = browser.new_page().evaluate(_SCRIPT, [encoded, _QUARTERS])
        browser.close()
    return {
        name: _words(*answer) if answer else NOTHING
        for name, answer in zip(files, answers, strict=True)
    }
