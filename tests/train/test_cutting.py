"""Training on parts of pictures."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest

for library in ("keras", "sklearn", "matplotlib", "tqdm"):
    pytest.importorskip(library)

from pocketlens.cli import main
from pocketlens.errors import SettingError
from pocketlens.pictures.cutting import CROP_MODES
from pocketlens.pictures.listing import Listing
from pocketlens.pictures.preprocessing import Preprocessing, preprocess
from pocketlens_train import architectures
from pocketlens_train.checkpoint import SavedState
from pocketlens_train.cli import configure
from pocketlens_train.listing import Listings
from pocketlens_train.plan import make_plan
from pocketlens_train.settings import Settings

REGION = (0.5, 0.0, 0.5, 1.0)


@pytest.mark.parametrize("mode", CROP_MODES)
def test_pictures_kept_for_crops_are_cut_once(mode: str) -> None:
    recipe = architectures.load("edge").RECIPE
    final = Preprocessing((8, 8), "rgb", crop_mode=mode, region=REGION)
    source, crop = recipe.source(final), recipe.crop(final)
    assert (source.crop_mode, source.region) == (mode, REGION)
    assert (crop.crop_mode, crop.region) == ("squash", None)
    picture = np.random.default_rng(0).integers(0, 256, (40, 120, 3), np.uint8)
    kept = preprocess(picture, source)
    again = preprocess(kept, Preprocessing((8, 8), "rgb"))
    assert np.abs(again.astype(int) - preprocess(picture, final)).mean() < 20


def test_the_plan_says_how_pictures_are_cut() -> None:
    parser = argparse.ArgumentParser()
    configure(parser)
    command = [
        "photos",
        "--out",
        "run",
        "--arch",
        "edge",
        "--crop-mode",
        "center",
        "--region",
        "0.5,0,0.5,1",
    ]
    arguments = parser.parse_args(command)
    settings = Settings(**{name: getattr(arguments, name) for name in Settings.__annotations__})
    plan = make_plan(settings, Listings(Listing(Path(), ("a", "b"), (), (), ()), None, None))
    expected = Preprocessing((160, 160), "rgb", crop_mode="center", region=REGION)
    assert plan.preprocessing == expected
    assert plan.fixed()["region"] == [*REGION]


def test_a_training_does_not_go_on_with_another_cut(tmp_path: Path) -> None:
    state = SavedState(tmp_path / "file", {"settings": {"crop_mode": "squash"}}, {})
    state.check({"crop_mode": "squash", "region": None})
    with pytest.raises(SettingError, match="--crop-mode was squash, is center"):
        state.check({"crop_mode": "center"})
    with pytest.raises(SettingError, match="--region was None"):
        state.check({"region": [*REGION]})


@pytest.mark.parametrize("region", ["0,0,1", "0,0,0,1", "10,20,640,480", "nan,0,1,1", "a,b,c,d"])
def test_regions_that_cannot_be(region: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["train", "photos", "--out", "run", "--region", region])
    error = capsys.readouterr().err
    assert f"--region: got '{region}', expected x, y, width and height as shares" in error
