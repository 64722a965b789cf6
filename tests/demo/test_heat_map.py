from __future__ import annotations

import base64
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("gradio")
pytest.importorskip("onnxruntime")

import pocketlens
from builders import colors_model, encode, plain
from pocketlens.pictures.preprocessing import Preprocessing
from pocketlens_demo.answering import answer


def test_only_what_the_network_saw_is_coloured(tmp_path: Path) -> None:
    settings = Preprocessing((8, 8), "rgb", crop_mode="center")
    file = tmp_path / "cut.onnx"
    file.write_bytes(colors_model(preprocessing=settings.to_dict()))
    picture = plain(200, 0, 0, (20, 60))
    picture[:, 30:] = 0, 0, 200
    layer = answer(pocketlens.load_model(file), encode(picture), explain=True)["map"]
    content = np.frombuffer(base64.b64decode(layer.partition(",")[2]), np.uint8)
    pixels = cv2.imdecode(content, cv2.IMREAD_UNCHANGED)
    assert pixels is not None
    assert pixels.shape == (20, 60, 4)
    opacity = pixels[..., 3]
    assert not opacity[:, :20].any()
    assert not opacity[:, 40:].any()
    assert opacity[:, 20:40].max() > 200
