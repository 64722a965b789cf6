from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("onnxruntime")

import pocketlens
from builders import colors_model
from pocketlens.pictures.preprocessing import Preprocessing
from pocketlens.tools.selftest import selftest
from pocketlens_export.selftest import selftest_record


@pytest.mark.parametrize("region", [None, (0.4, 0.3, 0.2, 0.5)])
@pytest.mark.parametrize("mode", ["letterbox", "center"])
def test_the_selftest_cuts_its_pictures(mode: str, region: Any, tmp_path: Path) -> None:
    preprocessing = Preprocessing((8, 8), "rgb", crop_mode=mode, region=region).to_dict()
    file = tmp_path / "cut.onnx"
    plain = colors_model(preprocessing=preprocessing)
    file.write_bytes(plain)
    record = asdict(selftest_record(pocketlens.load_model(file), plain))
    content = colors_model(preprocessing=preprocessing, selftest=record)
    file.write_bytes(content)
    checks = selftest(pocketlens.load_model(file), content)
    assert all(check.passed for check in checks)
    squashed = colors_model(preprocessing=preprocessing | {"crop_mode": "squash"}, selftest=record)
    file.write_bytes(squashed)
    checks = selftest(pocketlens.load_model(file), squashed)
    assert not next(check for check in checks if check.name == "resize").passed
