from __future__ import annotations

import errno
import tempfile
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from builders import encode, plain

pytest.importorskip("sklearn")
pytest.importorskip("tqdm")

from pocketlens.errors import FileError
from pocketlens.pictures.listing import list_files
from pocketlens.pictures.preprocessing import Preprocessing, preprocess
from pocketlens_train.pixel_cache import Pictures, load_pictures

RECIPE = Preprocessing((8, 8), "grayscale")


def load(folder: Path) -> Pictures:
    return load_pictures(list_files(folder), RECIPE, folder.with_suffix(".npy"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    for label, red in (("dark", 0), ("light", 200)):
        (folder / label).mkdir(parents=True)
        for number in range(40):
            picture = encode(plain(red + number, 0, 0))
            (folder / label / f"{number:02}.png").write_bytes(picture)
    return folder


def test_inputs_are_the_runtimes_own(folder: Path) -> None:
    pictures = load(folder)
    assert len(pictures.files) == 80
    assert pictures.left_out == ()
    assert isinstance(pictures.inputs, np.memmap)
    assert pictures.targets == (0,) * 40 + (1,) * 40
    np.testing.assert_array_equal(pictures.inputs[5], preprocess(plain(5, 0, 0), RECIPE))
    np.testing.assert_array_equal(pictures.inputs[45], preprocess(plain(205, 0, 0), RECIPE))


def test_bad_files_are_named_and_kept(folder: Path) -> None:
    (folder / "dark" / "00.png").write_bytes(b"")
    (folder / "dark" / "notes.txt").write_bytes(b"no picture")
    (folder / "light" / "gone.png").symlink_to("nowhere")
    (folder / "light" / "39.png").write_bytes((folder / "light" / "38.png").read_bytes())
    pictures = load(folder)
    assert len(pictures.files) == 78
    reasons = dict(pictures.left_out)
    assert set(reasons) == {"dark/00.png", "dark/notes.txt", "light/39.png", "light/gone.png"}
    assert "empty" in reasons["dark/00.png"]
    assert "not a picture" in reasons["dark/notes.txt"]
    assert "no such file" in reasons["light/gone.png"]
    assert reasons["light/39.png"] == "has the same bytes as light/38.png"
    assert (folder / "dark" / "notes.txt").exists()
    np.testing.assert_array_equal(pictures.inputs[0], preprocess(plain(1, 0, 0), RECIPE))


def test_fingerprint_is_of_names_and_contents(folder: Path) -> None:
    before = load(folder).fingerprint
    assert load(folder).fingerprint == before
    (folder / "dark" / "00.png").rename(folder / "dark" / "renamed.png")
    renamed = load(folder).fingerprint
    (folder / "dark" / "01.png").write_bytes(encode(plain(7, 7, 7)))
    assert len({before, renamed, load(folder).fingerprint}) == 3


def test_fingerprint_is_the_same_on_another_system(folder: Path) -> None:
    fingerprints = set()
    for form in ("NFC", "NFD"):
        named = folder.with_name(form)
        folder.rename(named)
        for old, new in (("dark", "d\u00fcster"), ("light", "licht")):
            pictures = named / old
            if pictures.exists():
                pictures.rename(named / unicodedata.normalize(form, new))
        loaded = load(named)
        assert any(form == "NFC" or "u\u0308" in file for file in loaded.files)
        fingerprints.add(loaded.fingerprint)
        (named / unicodedata.normalize(form, "d\u00fcster")).rename(named / "dark")
        named.rename(folder)
    assert len(fingerprints) == 1


@pytest.fixture(params=[errno.ENODEV, errno.EINVAL])
def network_share(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Files can be written there, but not mapped."""

    def no_map(file: Path, **arguments: Any) -> None:
        file.write_bytes(b"header")
        raise OSError(request.param, "No such device")

    monkeypatch.setattr(np.lib.format, "open_memmap", no_map)


@pytest.mark.usefixtures("network_share")
def test_network_share(folder: Path) -> None:
    pictures = load(folder)
    np.testing.assert_array_equal(pictures.inputs[5], preprocess(plain(5, 0, 0), RECIPE))
    assert not folder.with_suffix(".npy").exists()


@pytest.mark.usefixtures("network_share")
def test_network_share_and_no_temporary_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    with pytest.raises(FileError, match=r"cannot be mapped into memory .* --out or as TMPDIR"):
        load(folder)


def test_disk_that_is_full(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "pocketlens_train.pixel_cache.disk_usage", lambda _: type("U", (), {"free": 9})
    )
    with pytest.raises(FileError, match=r"need \d\.\d MB, .* choose another --out or a smaller"):
        load(folder)
