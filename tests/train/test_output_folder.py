"""What is left of a training that ended early."""

from __future__ import annotations

from pathlib import Path

import pytest

for library in ("keras", "sklearn", "tqdm"):
    pytest.importorskip(library)

from pocketlens_train.output_folder import discard


def test_only_what_resume_needs_stays(tmp_path: Path) -> None:
    """Of a full disk, a file that is half written would be the largest part."""
    run = tmp_path / "run"
    run.mkdir()
    useless = ["partial.keras", "partial.npz", "record.json.partial", "pictures.npy", "crops-5.npy"]
    needed = ["checkpoint.npz", ".stage-0123456789ab-block-5-fold-0.npz"]
    for name in (*useless, *needed):
        (run / name).write_bytes(b"")
    discard(run)
    assert {file.name for file in run.iterdir()} == set(needed)
    for name in needed:
        (run / name).unlink()
    (run / "partial.keras").write_bytes(b"")
    discard(run)
    assert not run.exists()
