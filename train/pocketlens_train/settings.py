"""What can be asked of a training."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from pocketlens.pictures.cutting import Region, region_text
from pocketlens_train.recipe import Recipe, TailRecipe

AnyRecipe = TypeVar("AnyRecipe", Recipe, TailRecipe)


@dataclass(frozen=True)
class Settings:
    """What the command line can change; see `pocketlens train --help`. None: the network's own."""

    arch: str
    input_size: tuple[int, int] | None
    color_mode: str | None
    depth: str
    crop_mode: str
    region: Region | None
    epochs: int | None
    batch_size: int | None
    learning_rate: float | None
    validation: Path | None
    test: Path | None
    test_split: float | None
    validation_split: float | None
    folds: int | None
    groups: str | None
    class_weights: str
    seed: int
    teacher: Path | None
    unlabelled: Path | None
    outliers: Path | None
    exclude_list: Path | None
    keep_repeats: bool
    resume: bool

    def recipe(self, own: AnyRecipe) -> AnyRecipe:
        """The network's recipe, of either kind, with what was asked for."""
        names = ("epochs", "batch_size", "learning_rate")
        asked = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return replace(own, **asked)

    def command(self, folder: Path, out: Path) -> str:
        """The command line that makes the run again, with folders by their last name."""
        words = ["pocketlens", "train", folder.resolve().name]
        for name, value in vars(self).items():
            if name == "resume" or (name == "test_split" and self.test):
                continue
            if value is None or value is False:
                continue
            text = value.resolve().name if isinstance(value, Path) else str(value)
            if name == "input_size":
                text = "x".join(map(str, value))
            elif name == "region":
                text = region_text(value)
            words.append(f"--{name.replace('_', '-')}")
            words += [] if value is True else [text]
        return shlex.join([*words, "--out", out.resolve().name])
