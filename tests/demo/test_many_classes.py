from __future__ import annotations

import base64
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import stub_model
from builders import described, mistaken_for_the_next

pytest.importorskip("gradio")
httpx = pytest.importorskip("httpx")

from pocketlens_demo.confusion_table import confusion_matrix
from served_page import Page


def test_a_thousand_classes_are_a_page_of_the_usual_size(tmp_path: Path) -> None:
    file = tmp_path / "model.json"
    labels = tuple(f"species {number:04}" for number in range(1000))
    file.write_text(described(labels).to_json(), encoding="utf-8")
    page = Page(command=[sys.executable, stub_model.__file__, str(file)])
    try:
        config = httpx.get(f"{page.url}/config").text
    finally:
        page.close()
    assert len(config) < 300_000
    for words in (
        "species 0999",
        "994 more",
        "Which of 1,000 classes is it?",
        "most frequent mistakes",
    ):
        assert words in config


def test_a_matrix_of_many_classes_is_one_small_picture() -> None:
    for classes, side in ((31, 31), (250, 250), (251, 126), (1000, 250)):
        html = confusion_matrix(["<b>"] * classes, mistaken_for_the_next(classes))
        assert "&lt;b&gt;" in html
        assert "<b>" not in html
        content = base64.b64decode(html.partition("base64,")[2].partition("'")[0])
        assert len(content) < 50_000
        pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
        assert pixels is not None
        assert pixels.shape == (side, side, 4)
        red, green, opacity = pixels[..., 2].astype(int), pixels[..., 1].astype(int), pixels[..., 3]
        right = np.eye(side, dtype=bool)
        assert (green[right] > red[right]).all()
        wrong = (opacity > 0) & ~right
        assert (red[wrong] > green[wrong]).all()
        assert wrong.sum() == side
        assert opacity[right].min() > opacity[wrong].max()
