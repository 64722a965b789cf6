"""Odd files, as Pillow and Chromium show them where those two agree."""

from __future__ import annotations

import io

import numpy as np
import pytest

from pocketlens.pictures.decoding import decode

pytest.importorskip("PIL")

from PIL import Image

from odd.shown import NOTHING, by_pillow, by_pocketlens
from odd_files import FILES, LEFT_TO_OTHERS, recorded

CHROMIUM = recorded()


def test_what_chromium_shows_is_known_of_every_file() -> None:
    assert list(CHROMIUM) == list(FILES)


@pytest.mark.parametrize("form", ["jpeg", "png", "webp", "gif", "bmp", "avif"])
def test_as_pillow_and_chromium_agree(form: str) -> None:
    names = [name for name in FILES if name.startswith(form)]
    agreed = {name: by_pillow(FILES[name]) for name in names}
    agreed = {name: shown for name, shown in agreed.items() if shown == CHROMIUM[name] != NOTHING}
    own = {name: by_pocketlens(FILES[name]) for name in agreed}
    differing = {name for name in agreed if own[name] != agreed[name]}
    assert len(agreed) > 20
    assert differing <= {name for name in LEFT_TO_OTHERS if own.get(name) == NOTHING}


@pytest.mark.parametrize("header", [40, 52, 56, 108, 124])
@pytest.mark.parametrize("masks", ["565", "555"])
def test_bmp_of_16_bits_has_the_colours_that_pillow_shows(masks: str, header: int) -> None:
    data = FILES[f"bmp: {masks}, header of {header}"]
    with Image.open(io.BytesIO(data)) as image:
        assert np.abs(decode(data).astype(int) - np.asarray(image)).max() <= 2
