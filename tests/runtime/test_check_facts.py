"""What is told of one picture, and of labels by answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from builders import encode, plain
from pocketlens.checking.appearance import appearance
from pocketlens.checking.facts import PictureFacts, picture_facts
from pocketlens.checking.findings import Finding, Findings, worst_first
from pocketlens.checking.suspected_labels import suspected_labels
from pocketlens.errors import DatasetError, ImageError

Pixels = Any


def scene(seed: int = 0, size: tuple[int, int] = (120, 160)) -> Pixels:
    """A picture with edges and colours that no other seed has."""
    random = np.random.default_rng(seed)
    coarse = random.integers(20, 235, (5, 6, 3), np.uint8)
    picture = cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC)
    for _ in range(12):
        x, y = (int(random.integers(0, side)) for side in size[::-1])
        color = random.integers(0, 256, 3).tolist()
        cv2.rectangle(picture, (x, y), (x + 25, y + 18), color, -1)
    return picture


def resized(width: int, height: int) -> Pixels:
    return cv2.resize(scene(), (width, height), interpolation=cv2.INTER_LINEAR)


def kinds(file: str, data: bytes) -> set[str]:
    found, _ = appearance([file], [picture_facts(data)])
    return {each.kind for each in found}


def test_sound_picture_has_no_finding() -> None:
    assert kinds("a.jpg", encode(scene(), ".jpg")) == set()
    assert kinds("a", encode(scene(), ".png")) == set()


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        ("blank", np.full((60, 80, 3), 90, np.uint8)),
        ("dark", (scene() * 0.15).astype(np.uint8)),
        ("overexposed", (scene() * 0.3 + 178).astype(np.uint8)),
        ("blurred", cv2.GaussianBlur(scene(), (0, 0), 5)),
        ("tiny", cv2.resize(scene(), (20, 24), interpolation=cv2.INTER_AREA)),
        ("extreme-ratio", scene(size=(40, 400))),
    ],
)
def test_what_is_wrong_with_one_picture_is_named(kind: str, changed: Pixels) -> None:
    assert kind in kinds("a.jpg", encode(changed, ".jpg"))


def test_what_may_be_as_it_should_be_is_to_be_looked_at() -> None:
    for changed in (scene() * 0.15, scene() * 0.3 + 178, cv2.GaussianBlur(scene(), (0, 0), 5)):
        facts = picture_facts(encode(changed.astype(np.uint8), ".jpg"))
        found, _ = appearance(["a.jpg"], [facts])
        assert found
        assert all(each.look_at and not each.exclude for each in found)


def test_blur_is_seen_whatever_the_light() -> None:
    blurred = cv2.GaussianBlur(scene(), (0, 0), 5)
    assert "blurred" in kinds("a.jpg", encode((blurred * 0.5).astype(np.uint8), ".jpg"))
    assert "blurred" not in kinds("a.jpg", encode((scene() * 0.5).astype(np.uint8), ".jpg"))


def test_name_that_lies_and_exif_that_turns_are_named() -> None:
    png, jpeg = encode(scene(), ".png"), encode(scene(), ".jpg")
    assert kinds("a.JPG", png) == {"suffix"}
    turned = jpeg[:2] + (
        b"\xff\xe1\x00\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    )
    assert kinds("a.jpeg", turned + jpeg[2:]) == {"turned"}
    facts = picture_facts(turned + jpeg[2:])
    assert (facts.width, facts.height, facts.turned) == (120, 160, True)


def test_sixteen_bits_of_which_few_are_used_are_named() -> None:
    deep = scene()[..., 0].astype(np.uint16)
    assert kinds("a.png", cv2.imencode(".png", deep << 4)[1].tobytes()) == {"low-range-16-bit"}
    assert kinds("a.png", cv2.imencode(".png", deep << 8)[1].tobytes()) == set()


def test_facts_are_of_the_whole_picture_though_it_is_decoded_smaller() -> None:
    data = encode(resized(1600, 1200), ".jpg")
    facts = picture_facts(data)
    assert (facts.kind, facts.bytes, facts.width, facts.height) == ("JPEG", len(data), 1600, 1200)
    assert not facts.is_grey
    assert picture_facts(encode(plain(80, 80, 80), ".jpg")).is_grey
    with pytest.raises(ImageError):
        picture_facts(b"no picture")


def test_what_most_pictures_have_is_one_note() -> None:
    tiny = picture_facts(encode(resized(24, 24), ".png"))
    files = [f"{number}.png" for number in range(40)]
    found, [note] = appearance(files, [tiny] * 40)
    assert not found
    assert note.startswith("40 of 40 pictures: tiny; ")


def test_wrong_labels_come_surest_first() -> None:
    targets = np.array([0] * 5 + [1] * 5)
    probabilities = np.tile([0.9, 0.1], (10, 1))
    probabilities[5:] = [0.1, 0.9]
    probabilities[2], probabilities[7] = [0.1, 0.9], [0.99, 0.01]
    probabilities[8] = [0.55, 0.45]
    assert suspected_labels(targets, probabilities).tolist() == [7, 2]
    assert not len(suspected_labels(targets, np.eye(2)[targets]))


def test_findings_are_read_back_from_json() -> None:
    found = [
        Finding("turned", "a/1.jpg", "EXIF turns it", look_at=True),
        Finding("unreadable", "a/2.jpg", "empty", exclude=True, others=("a/1.jpg",)),
    ]
    findings = Findings("folder", 1, {"a": 1}, worst_first(found), ("a note",))
    assert [each.kind for each in findings.found] == ["unreadable", "turned"]
    assert Findings.from_dict(findings.to_dict()) == findings
    for broken in ({}, findings.to_dict() | {"format": 2}, findings.to_dict() | {"found": [1]}):
        with pytest.raises(DatasetError, match="check --out"):
            Findings.from_dict(broken)


def test_facts_have_a_ratio(tmp_path: Path) -> None:
    facts = picture_facts(encode(scene(size=(50, 100)), ".png"))
    assert isinstance(facts, PictureFacts)
    assert facts.ratio == 2
