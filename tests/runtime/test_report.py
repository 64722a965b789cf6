"""The report: its words, its pictures, and names that hold markup."""

from __future__ import annotations

import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("jinja2")

from answered import answers, metadata_of, noisy_answers
from builders import encode, figures, mistaken_for_the_next, plain
from pocketlens.checking.findings import Finding, Findings
from pocketlens.errors import FileError, MissingExtraError
from pocketlens.labelled_answers import LabelledAnswers
from pocketlens.metrics import evaluate
from pocketlens.report.about import About
from pocketlens.report.grouping import grouped
from pocketlens.report.matrix import drawing
from pocketlens.report.report import write_report
from pocketlens.report.summary import big_number, headline, next_steps

EVIL = "<script>alert(1)</script>\"'\n\N{RIGHT-TO-LEFT OVERRIDE}\N{CAT FACE} &amp;"

PARTS = ["summary", "classes", "labels", "examples", "certainty", "training", "device", "check"]
PARTS += ["origin"]


class Page(HTMLParser):
    """The elements and the visible text of a page."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.source = file.read_text(encoding="utf-8")
        self.feed(self.source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def _write(
        labels: tuple[str, ...], tested: LabelledAnswers, about: About | None = None
    ) -> Page:
        file = tmp_path / "report.html"
        write_report(file, metadata_of(labels), tested, about or About("colors.onnx"))
        return Page(file)

    return _write


def said(
    matrix: list[list[int]], labels: tuple[str, ...] = (), learnt: bool | None = False
) -> list[str]:
    labels = labels or tuple("abcdefgh"[: len(matrix)])
    counts = np.array(matrix)
    targets = np.repeat(np.arange(len(labels)), counts.sum(axis=1))
    answered = np.concatenate([np.repeat(np.arange(len(labels)), row) for row in counts])
    rows = answers(targets, answered, len(labels))
    tested = LabelledAnswers(Path("pets"), [""] * len(targets), targets, rows, learnt=learnt)
    return list(headline(metadata_of(labels), evaluate(targets, rows), tested))


def test_words_of_an_ordinary_model() -> None:
    assert said([[40, 8, 2], [4, 45, 1], [0, 0, 50]], ("t-shirt", "longsleeve", "shoes")) == [
        "Right for 90 of 100 pictures that it has not seen (between 84 and 94).",
        "Always saying the same class would give 33 of 100.",
        "It confuses t-shirt with longsleeve most: 12 of its 15 mistakes.",
    ]


def test_words_where_nothing_is_wrong_are_careful() -> None:
    assert said([[300, 0], [0, 300]]) == [
        "Right for all 600 pictures that it has not seen.",
        "That does not mean that it never errs: up to 7 of 1,000 others may be wrong.",
        "Always saying the same class would give 50 of 100.",
    ]


def test_words_do_not_round_mistakes_away() -> None:
    matrix = [[499, 1], [1, 499]]
    assert big_number(figures(matrix)) == "998 of 1,000"
    assert "100 of 100" not in said(matrix)[0]


def test_words_of_few_pictures() -> None:
    first, *_ = said([[5, 1], [1, 5]])
    assert first == "Right for 10 of 12 pictures that it has not seen: too few to say more."


def test_words_of_two_classes_say_both_ways() -> None:
    assert "It takes cat for dog 6 times and dog for cat once." in said(
        [[44, 6], [1, 49]], ("cat", "dog")
    )


def test_words_of_unequal_classes() -> None:
    found = said([[90, 0], [8, 2]], ("sound", "broken"))
    assert "Always saying sound would give 90 of 100: it is not clearly better than that." in found
    assert any(each.startswith("The classes have unequal numbers") for each in found)
    assert "if each counts alike, it is right for 60 of 100" in " ".join(found)


def test_words_of_a_class_that_is_never_answered_and_of_one_without_pictures() -> None:
    found = said([[50, 0, 0], [40, 0, 0], [0, 0, 0]], ("a", "b", "c"))
    assert "It never answers b, though there are pictures of it." in found
    assert "There was no picture of c: nothing is known of it." in found


def test_words_of_one_class_alone() -> None:
    assert any("All of them are of one class, a" in each for each in said([[40, 0], [0, 0]]))


def test_words_of_pictures_that_were_learnt_from() -> None:
    assert "it has learnt from" in said([[40, 1], [1, 40]], learnt=True)[0]
    assert len(said([[40, 0], [0, 40]], learnt=True)) == 2


def test_words_of_pictures_that_may_have_been_learnt_from() -> None:
    first, second, *_ = said([[40, 1], [1, 40]], learnt=None)
    assert first.startswith("Right for 98 of 100 pictures of the folder pets (between ")
    assert second.startswith("If it has learnt from some of these pictures")


def test_next_steps_name_the_class_that_is_missed() -> None:
    matrix = [[20, 30, 0], [0, 50, 0], [1, 0, 49]]
    metrics = figures(matrix)
    gallery: Any = SimpleNamespace(suspects=0)
    tested: Any = SimpleNamespace(learnt=False)
    metadata = metadata_of(("a", "b", "c"))
    steps = list(next_steps(metadata, metrics, tested, gallery, [], About()))
    assert steps[0] == "Add pictures of a: of its 50 test pictures 20 were right."
    assert "a and b side by side" in steps[1]
    even = figures(mistaken_for_the_next(3, right=30))
    steps = list(next_steps(metadata, even, tested, gallery, [], About()))
    assert "No class is missed clearly" in " ".join(steps)


def test_names_run_nothing(tmp_path: Path, write: Any) -> None:
    """In file names, labels are checked by the metadata."""
    labels = ("<b>one</b>", "{{ 7 * 7 }}")
    (tmp_path / EVIL.replace("/", "")).write_bytes(encode(plain(9, 9, 9), ".jpg"))
    files = [EVIL.replace("/", ""), f"{EVIL}/gone.jpg", *["x.jpg"] * 20]
    targets = np.array([0, 1] + [0] * 20)
    tested = LabelledAnswers(tmp_path, files, targets, answers(targets, 1 - targets, 2))
    finding = Finding("dark", EVIL, EVIL, look_at=True)
    findings = Findings(EVIL, 2, {}, (finding,), (EVIL,))
    page = write(labels, tested, About(EVIL, findings=findings, left_out={EVIL: 3}))
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "b", "iframe", "object", "embed", "form"}
    attributes = {name for _, each in page.tags for name in each}
    assert not [name for name in attributes if name.startswith("on")]
    assert "alert(1)" in page.text
    assert "{{ 7 * 7 }}" in page.text
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in page.source
    for tag, each in page.tags:
        for name in ("href", "src"):
            if name in each:
                assert (each[name] or "").startswith(("data:", "#")), tag
    policy = next(each["content"] for _, each in page.tags if "http-equiv" in each)
    assert (policy or "").startswith("default-src 'none'")


def test_a_file_that_is_gone_is_a_placeholder(tmp_path: Path, write: Any) -> None:
    tested = noisy_answers(tmp_path, ("a", "b"), each=10)
    (tmp_path / "0.jpg").unlink()
    page = write(("a", "b"), tested)
    assert "cannot be read any more" in page.text
    assert any(tag == "img" for tag, _ in page.tags)


@pytest.mark.parametrize("count", [2, 200])
def test_size_and_pictures_for_any_number_of_classes(
    count: int, tmp_path: Path, write: Any
) -> None:
    """Noise is the picture that takes most."""
    labels = tuple(f"class {number}" for number in range(count))
    page = write(labels, noisy_answers(tmp_path, labels, each=4, wrong=3))
    assert len(page.source) < 3_000_000
    pictures = [each for tag, each in page.tags if tag == "img"]
    assert len(pictures) >= 10 + 100 * (count > 2)
    assert [str(each["id"]) for tag, each in page.tags if tag == "section"] == PARTS


def test_parts_that_are_left_out_say_why(tmp_path: Path, write: Any) -> None:
    tested = noisy_answers(tmp_path, ("a", "b"), each=3)
    page = write(("a", "b"), tested)
    assert "There is no curve" in page.text
    assert "was not checked for this report" in page.text
    assert "cannot tell that a picture is of none of its classes" in page.text
    assert "Not told: no kind" in page.text


def test_mistakes_of_which_no_label_is_suspected(tmp_path: Path, write: Any) -> None:
    tested = noisy_answers(tmp_path, ("a", "b"), each=10)
    rows = np.where(tested.probabilities > 0.5, 0.4, 0.6).astype(np.float32)
    text = write(("a", "b"), replace(tested, probabilities=rows)).text
    assert "None: of no picture another class is more than 5 times as probable" in text


def test_no_label_is_suspected_of_pictures_that_were_learnt_from(
    tmp_path: Path, write: Any
) -> None:
    tested = noisy_answers(tmp_path, ("a", "b"), each=10, wrong=2)
    text = write(("a", "b"), tested).text
    assert "more than 5 times as probable as the given one" in text
    learnt = replace(tested, learnt=True)
    assert "with them from their wrong labels" in write(("a", "b"), learnt).text


def test_only_the_surest_labels_are_suspected(tmp_path: Path, write: Any) -> None:
    tested = noisy_answers(tmp_path, ("a", "b"), each=60, wrong=60)
    page = write(("a", "b"), tested)
    assert "Look at the labels of 24 pictures in part 3" in page.text
    part = page.source[page.source.index('id="labels-title"') :]
    part = part[: part.index('id="examples-title"')]
    assert part.count(">suspected<") == 24


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    tested = noisy_answers(tmp_path, ("a", "b"), each=3)
    with pytest.raises(FileError, match="expected the name of a file in a folder that exists"):
        write_report(tmp_path / "none" / "report.html", metadata_of(("a", "b")), tested)
    assert sorted(each.suffix for each in tmp_path.iterdir()) == [".jpg"] * 6


def test_without_jinja2_the_pip_line_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MissingExtraError, match=r"jinja2 is not installed; run: pip install"):
        write_report(
            tmp_path / "report.html",
            metadata_of(("a", "b")),
            noisy_answers(tmp_path, ("a", "b"), each=3),
        )


def test_classes_that_are_confused_stand_together() -> None:
    """Three groups, shuffled."""
    order = np.random.default_rng(0).permutation(12)
    matrix = np.eye(12, dtype=int) * 50
    for group in range(3):
        members = order[4 * group : 4 * group + 4]
        matrix[np.ix_(members, members)] += 5
    found = grouped(matrix.tolist())
    expected = {frozenset(order[start : start + 4].tolist()) for start in (0, 4, 8)}
    assert {frozenset(group) for group in found} == expected


@pytest.mark.parametrize("count", [2, 10, 60, 61, 200, 1000])
def test_the_matrix_shows_every_class(count: int) -> None:
    labels = [str(number) for number in range(count)]
    drawn = drawing(labels, mistaken_for_the_next(count))
    assert sorted(drawn.labels) == sorted(labels)
    assert len(drawn.names) == (count if count <= 60 else 0)
    assert len(drawn.cells) == 2 * count
    assert drawn.margin + drawn.size < 1100
    assert max(len(group.labels) for group in drawn.groups) <= 24
