"""What visitors teach: their pictures, the command that learns them, and whose they are."""

from __future__ import annotations

import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock
from zlib import crc32

import numpy as np
import pytest

from builders import COLORS, encode, figures, plain
from pocketlens.cli import main
from pocketlens.errors import ModelError, SettingError
from pocketlens.loading import load_model
from pocketlens.metadata import Metadata

pytest.importorskip("gradio")
pytest.importorskip("onnxruntime")

from pocketlens_demo.teaching import cards, lesson, pictures, sessions
from pocketlens_demo.teaching.figure import figure
from pocketlens_demo.teaching.lesson import Lesson
from pocketlens_demo.teaching.pictures import Pictures
from pocketlens_demo.teaching.sessions import Session, Sessions
from pocketlens_demo.upload_folder import UploadFolder
from pocketlens_demo.zips import NamedPicture

COPY = """
import shutil, sys
print("6 of 6 pictures", flush=True)
shutil.copy(%r, sys.argv[3])
"""
FAIL = """
import sys
sys.exit(f"a warning\\npocketlens: error: {sys.argv[1]}/red/x.jpg: no picture")
"""
HANG = "import time; print('hangs', flush=True); time.sleep(60)"


def named(*names: str) -> list[NamedPicture]:
    """Pictures that differ by their names."""
    return [NamedPicture(name, lambda name=name: shade(crc32(name.encode()))) for name in names]  # type: ignore[misc]


def shade(number: int) -> bytes:
    red, green, blue = np.random.default_rng(number).integers(0, 256, 3).tolist()
    return encode(plain(red, green, blue))


def names(found: Pictures) -> dict[str, int]:
    return {label: len(paths) for label, paths in found.classes().items()}


@pytest.fixture
def two(tmp_path: Path) -> Pictures:
    """Two classes without pictures."""
    found = Pictures(tmp_path / "pictures")
    found.add_class("cup")
    found.add_class("hand")
    return found


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts a script in the place of the command."""

    def set_command(script: str) -> None:
        monkeypatch.setattr(lesson, "COMMAND", [sys.executable, "-I", "-S", "-c", script])

    return set_command


def test_folder_is_that_of_a_training(two: Pictures) -> None:
    assert two.add("cup", encode(plain(200, 0, 0, (900, 1200)))) is None
    [path] = two.classes()["cup"]
    assert path.parent == two.folder / "cup"
    assert path.read_bytes()[:2] == b"\xff\xd8"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "Type the name"),
        ("  ", "Type the name"),
        (" CUP ", "a class cup already"),
        ("a/b", "cannot be called a/b: it is a path"),
        ("..", "it is a path"),
        (".hidden", "passes such a folder over"),
        ("a\nb", "cannot be shown"),
        ("x" * 300, "longer than 255 bytes"),
    ],
)
def test_names_that_are_refused(two: Pictures, name: str, words: str) -> None:
    with pytest.raises(SettingError, match=words):
        two.add_class(name)
    assert names(two) == {"cup": 0, "hand": 0}


def test_what_nothing_can_be_learnt_from(tmp_path: Path) -> None:
    found = Pictures(tmp_path / "pictures")
    for label, words in (("cup", "two classes"), ("hand", "no pictures of cup, hand")):
        found.add_class(label)
        with pytest.raises(SettingError, match=words):
            found.check_enough()
    found.add("cup", shade(1))
    with pytest.raises(SettingError, match="no pictures of hand: add some"):
        found.check_enough()
    found.add("hand", shade(2))
    found.check_enough()


def test_one_picture_has_one_class(two: Pictures) -> None:
    said = two.add_all("cup", named("a.png", "b.png", "a.png"))
    assert said == "2 pictures of cup added. 1 picture there already."
    said = two.add_all("hand", named("a.png"))
    assert said == "1 picture of cup moved to hand: a picture has one class."
    assert names(two) == {"cup": 1, "hand": 1}


def test_folders_of_a_zip_file_are_classes(two: Pictures) -> None:
    said = two.add_all(None, named("all/cup/1.png", "all/CUP/2.png", "all/pen/deep/3.png"))
    assert names(two) == {"cup": 2, "hand": 0, "pen": 1}
    assert said == "2 pictures of cup added. 1 picture of pen added."
    said = two.add_all(None, named("lid/4.png", "5.png"))
    assert said.startswith("1 picture of lid added. 5.png lies in no folder")


def test_what_is_downloaded_can_be_uploaded(two: Pictures, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="no pictures yet"):
        two.as_zip(tmp_path / "pictures.zip")
    two.add_all("cup", named("1", "2"))
    two.add_all("hand", named("3"))
    two.as_zip(tmp_path / "pictures.zip")
    with zipfile.ZipFile(tmp_path / "pictures.zip") as archive:
        archive.extractall(tmp_path)
        members = [NamedPicture(n, lambda n=n: archive.read(n)) for n in archive.namelist()]  # type: ignore[misc]
        again = Pictures(tmp_path / "again")
        again.add_all(None, members)
    assert names(again) == names(two)


def test_room_for_so_many_pictures(two: Pictures, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_TAUGHT", 2)
    said = two.add_all("cup", named("1", "2", "3"))
    assert said.startswith("2 pictures of cup added. 2 pictures are here; there is no room")
    [first, _] = two.classes()["cup"]
    two.remove("cup", first.name)
    assert not first.exists()
    two.add("hand", shade(9))
    monkeypatch.setattr(pictures, "MAX_TAUGHT", 9)
    monkeypatch.setattr(pictures, "MAX_TAUGHT_BYTES", 1)
    with pytest.raises(SettingError, match="no room"):
        two.add("hand", shade(10))
    two.remove_class("cup")
    assert names(two) == {"hand": 1}
    assert not (two.folder / "cup").exists()


def test_room_for_so_many_classes(two: Pictures, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_TAUGHT_CLASSES", 2)
    assert two.add_all(None, named("pen/1.png")) == "At most 2 classes are taught here."


def test_unreadable_pictures_and_a_full_disk(
    two: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = NamedPicture("notes.jpg", lambda: b"text")
    said = two.add_all("cup", [text, *named("1"), text])
    assert said.startswith("1 picture of cup added. Not readable: notes.jpg (")
    assert said.endswith("and 1 more.")

    def full(path: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    said = two.add_all("hand", named("2", "3"))
    assert said == "The server cannot store more pictures (No space left on device)."
    assert names(two) == {"cup": 1, "hand": 0}
    assert list(two.folder.glob("hand/*")) == []


def test_frames_and_uploads_only(two: Pictures, tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(shade(1))
    with pytest.raises(TypeError, match="Expected uploaded files"):
        cards.add_files(two, "cup", [{"path": str(tmp_path / "secret.png")}])
    assert "Not readable" in cards.add_burst(two, "cup", ["/etc/passwd"])
    assert "no class pen any more" in cards.add_burst(two, "pen", ["data:,"], lost=False)


def test_names_are_text_in_the_page(two: Pictures) -> None:
    two.add_class("<img src=x onerror='x'>")
    two.add("cup", shade(1))
    drawn = cards.draw(two.classes(), "<b>")
    assert "<img src=x" not in drawn
    assert "<b>" not in drawn
    assert "data-label='&lt;img src=x onerror=&#x27;x&#x27;&gt;'" in drawn


def test_learning(tmp_path: Path, command: Any, colors_file: Path) -> None:
    command(COPY % str(colors_file))
    session = Session(tmp_path / "session")
    for label, number in (("red", 1), ("green", 2)):
        session.pictures.add_class(label)
        session.pictures.add(label, shade(number))
    for line in session.teach():
        assert line in ("", "6 of 6 pictures")
        with pytest.raises(SettingError, match="being learnt"):
            session.pictures.add("red", shade(3))
    assert session.model is not None
    assert session.model.labels == ("red", "green", "blue")
    session.pictures.add("red", shade(3))


def test_the_error_of_the_command_is_the_sentence(tmp_path: Path, command: Any) -> None:
    command(FAIL)
    with pytest.raises(ModelError, match=r"^red/x\.jpg: no picture$"):
        list(Lesson(tmp_path / "pictures", tmp_path / "taught.onnx").progress())


def test_a_command_that_the_system_ends(tmp_path: Path, command: Any) -> None:
    """What it has noted before is not why."""
    command("import os, sys; print('pocketlens: note: x', file=sys.stderr, flush=True); os.abort()")
    with pytest.raises(ModelError, match="as where memory is full: take fewer pictures"):
        list(Lesson(tmp_path / "pictures", tmp_path / "taught.onnx").progress())


def test_a_lesson_that_takes_too_long(
    tmp_path: Path, command: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    command(HANG)
    monkeypatch.setattr(lesson, "SECONDS_TO_TEACH", -1)
    running = Lesson(tmp_path / "pictures", tmp_path / "taught.onnx")
    with pytest.raises(ModelError, match="was stopped"):
        list(running.progress())
    assert running._process.returncode


def test_a_page_that_is_closed_in_a_lesson(
    tmp_path: Path, command: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    command(HANG)
    visitors = Sessions(tmp_path)
    session = visitors.of("a")
    for number, label in enumerate(("red", "green")):
        session.pictures.add_class(label)
        session.pictures.add(label, shade(number))
    progress = session.teach()
    next(progress)
    running = session._lesson
    assert running is not None
    monkeypatch.setattr(sessions, "SECONDS_AWAY", 0)
    visitors.leave("a")
    assert running._process.returncode
    with pytest.raises(ModelError, match="Stopped, because the page was away"):
        list(progress)
    for _ in range(200):
        if not list(tmp_path.iterdir()):
            break
        time.sleep(0.01)
    assert list(tmp_path.iterdir()) == []


def test_a_page_that_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    timer = MagicMock()
    monkeypatch.setattr(sessions, "Timer", timer)
    visitors = Sessions(tmp_path)
    session = visitors.of("a")
    visitors.leave("a")
    visitors.of("a")
    seconds, remove, values = timer.call_args.args
    assert seconds == sessions.SECONDS_AWAY
    remove(*values)
    assert visitors.of("a") is session
    visitors.leave("b")
    assert timer.call_count == 1


def test_visitors_do_not_see_each_other(
    tmp_path: Path, colors_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitors = Sessions(tmp_path)
    ann, ben = visitors.of("a"), visitors.of("b")
    assert visitors.of("a") is ann
    ann.pictures.add_class("cup")
    ann.switch()
    assert not ann.is_used, "there is no model yet"
    ann.model = load_model(colors_file)
    assert names(ben.pictures) == {}
    ann.switch()
    assert ann.is_used
    assert visitors.taught(ann.key) is ann.model
    assert ann.key != "a"
    assert visitors.taught(ben.key) is None
    assert visitors.taught("") is None
    visitors.close_all()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SettingError, match="being stopped"):
        visitors.of("b")


def test_room_for_so_many_visitors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MAX_TEACHERS", 1)
    visitors = Sessions(tmp_path)
    idle = visitors.of("a")
    with pytest.raises(SettingError, match="1 visitors are teaching already"):
        visitors.of("b")
    idle.used_at -= 4000
    visitors.of("b")


def test_pictures_of_a_session_are_no_old_uploads(tmp_path: Path) -> None:
    folder = UploadFolder(tmp_path)
    session = Sessions(folder.teaching).of("a")
    session.pictures.add_class("cup")
    session.pictures.add("cup", shade(1))
    folder.remove_old(time.time() + 10_000)
    assert session.pictures.classes()["cup"][0].is_file()
    assert folder.stored() > 0


def test_the_figure_in_words() -> None:
    about = Metadata(("cup", "<b>", "pen"), COLORS.preprocessing, "colors")
    assert "not known" in figure(about)
    few = replace(about, metrics=figures([[9, 1, 0], [2, 5, 0], [0, 0, 3]]))
    text = figure(few)
    assert "Right for 17 of 20" in text
    assert "expect 80 to 90 right" in text
    assert "more pictures of <em>&lt;b&gt;</em> would help most" in text
    assert "<b></" not in text
    perfect = replace(about, metrics=figures([[9, 0, 0], [0, 7, 0], [0, 0, 3]]))
    assert "would help" not in figure(perfect)
    untested = replace(about, metrics=figures([[9, 0, 0], [0, 7, 0], [0, 0, 0]]))
    assert "more pictures of <em>pen</em>" in figure(untested)


def test_a_public_page_takes_a_login(capsys: pytest.CaptureFixture[str]) -> None:
    for options in (["--host", "0.0.0.0"], ["--share"]):
        assert main(["demo", "--teach", *options]) == 1
        error = capsys.readouterr().err
        assert "it takes --auth USER:PASSWORD" in error
        assert error.count("\n") == 1


def test_what_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from pocketlens_demo.tabs import teach

    monkeypatch.setattr(lesson, "_LIBRARIES", ("json",))
    assert lesson.missing_line() == ""
    monkeypatch.setattr(lesson, "_LIBRARIES", ("json", "no_such_library"))
    said: list[str] = []
    monkeypatch.setattr("gradio.Markdown", said.append)
    nothing: Any = None
    teach.build(nothing, nothing, nothing, {})
    assert "[teach]" in said[0]
    assert "start it again" in said[0]
