from __future__ import annotations

import argparse
from pathlib import Path

from pocketlens_train.cli import configure
from pocketlens_train.settings import Settings


def command(*options: str) -> str:
    parser = argparse.ArgumentParser()
    configure(parser)
    arguments = parser.parse_args(["photos", "--out", "run", *options])
    settings = Settings(**{name: getattr(arguments, name) for name in Settings.__annotations__})
    return settings.command(Path("photos"), Path("run"))


def test_command_makes_the_run_again() -> None:
    given = "--arch edge --seed 0 --test-split 0.2 --input-size 8x9 --keep-repeats"
    given += " --region .25,.5,.5,.5"
    assert command(*given.split(), "--resume") == (
        "pocketlens train photos --arch edge --input-size 8x9 --depth high_bits "
        "--crop-mode center --region 0.25,0.5,0.5,0.5 --test-split 0.2 --class-weights auto "
        "--seed 0 --keep-repeats --out run"
    )
    assert "--keep-repeats" not in command()
