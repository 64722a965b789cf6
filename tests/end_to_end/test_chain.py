"""A folder of pictures -> train -> export -> predict -> a page that answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pocketlens.cli import main

pytest.importorskip("gradio")

from served_page import Page, predict


def test_folder_to_page(
    exported_model: Path, picture_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = sorted(picture_folder.glob("*/0*.jpg"))

    assert main(["predict", *map(str, photos), "--model", str(exported_model), "--json"]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    right = [
        answer["label"] == photo.parent.name for answer, photo in zip(answers, photos, strict=True)
    ]
    assert sum(right) > 0.7 * len(photos)

    page = Page("--model", str(exported_model))
    client = page.connect()
    try:
        for photo, answer in zip(photos[::7], answers[::7], strict=True):
            shown = predict(client, photo)
            assert shown["label"] == answer["label"]
            assert shown["scores"] == pytest.approx(answer["scores"], abs=1e-6)
    finally:
        client.close()
        page.close()
