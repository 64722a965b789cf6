from __future__ import annotations

from pathlib import Path

from builders import COLORS
from pocketlens.metadata import Metadata
from pocketlens.run_folder import Run


def test_pictures_are_found_whatever_the_letters_of_the_disk(tmp_path: Path) -> None:
    """A label is composed, its folder may be decomposed; a record of old may be the other way."""
    composed, decomposed = "b\u00e9ret", "be\u0301ret"
    for label, folder in ((composed, decomposed), (decomposed, composed)):
        name = f"{folder}/0.jpg"
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
        metadata = Metadata((label, "hat"), COLORS.preprocessing, "colors")
        run = Run(tmp_path, metadata, tmp_path, tmp_path, {"test": [name]})
        paths, classes = run.pictures("test")
        assert paths == [tmp_path / name]
        assert classes.tolist() == [0]
