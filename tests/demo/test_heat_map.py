from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

gradio = pytest.importorskip("gradio")
pytest.importorskip("onnxruntime")

import pocketlens
from builders import colors_model, encode, plain
from pocketlens.pictures.preprocessing import Preprocessing
from pocketlens_demo.tabs import photo


def test_only_what_the_network_saw_is_coloured(tmp_path: Path) -> None:
    settings = Preprocessing((8, 8), "rgb", crop_mode="center")
    file, picture = tmp_path / "cut.onnx", tmp_path / "photo.png"
    file.write_bytes(colors_model(preprocessing=settings.to_dict()))
    picture.write_bytes(encode(plain(200, 0, 0, (20, 60))))
    model = pocketlens.load_model(file)
    classify = photo._classify_with(lambda request: model, None)
    heat_map = classify({"path": str(picture)}, True, gradio.Request())[3]["value"]
    is_coloured = (heat_map != (200, 0, 0)).any(axis=2)
    np.testing.assert_array_equal(is_coloured.all(axis=0), [20 <= x < 40 for x in range(60)])
    assert not is_coloured[:, :20].any()
