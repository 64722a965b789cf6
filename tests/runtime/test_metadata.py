from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest

from builders import COLORS, described, figures
from pocketlens.errors import ModelError
from pocketlens.metadata import Metadata
from pocketlens.metadata.familiarity import Familiarity
from pocketlens.metadata.measurements import Accuracy, Metrics

KNOWN: dict[str, Any] = {"levels": (0, 0.02, 1), "quantiles": (-3.0, 0.0, 9.5), "threshold": 0.02}


def test_json_round_trip() -> None:
    full = replace(
        COLORS,
        labels=("Kätzchen", "犬"),
        metrics=Metrics(
            accuracy=0.5,
            accuracy_interval=(0.1, 0.9),
            log_loss=0.7,
            calibration_error=0.02,
            images=4,
            confusion_matrix=((1, 1), (1, 1)),
            robustness={"grayscale": Accuracy(0.4, (0.1, 0.8))},
        ),
        history={"loss": (0.7, 0.6)},
        versions={"python": "3.11"},
        familiarity=Familiarity(**KNOWN),
        about="Pictures of our own.",
    )
    assert Metadata.from_json(full.to_json()) == full


def test_unknown_information_is_passed_over() -> None:
    content = json.loads(COLORS.to_json()) | {"remark": "hello"}
    assert Metadata.from_json(json.dumps(content)) == COLORS


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"schema_version": 5}, "schema version 5, this pocketlens reads up to 4"),
        ({"schema_version": "1"}, "schema version '1'"),
        ({"labels": ["cat"]}, "expected two or more"),
        ({"labels": ["cat", "cat"]}, "expected each name once"),
        ({"labels": ["cat", "\x1b[31mdog"]}, "expected printable names"),
        ({"metrics": {"accuracy": 1}}, "lacks 'metrics.accuracy_interval'"),
        ({"labels": "cat"}, "labels = 'cat', expected a list"),
        ({"labels": ["cat", 3]}, r"labels\[1\] = 3, expected a text"),
        ({"preprocessing": None}, "executes exactly"),
        ({"familiarity": {"levels": [0, 1]}}, "lacks 'familiarity.quantiles'"),
        ({"familiarity": KNOWN | {"quantiles": [2, 1, 3]}}, "expected ascending levels"),
        ({"familiarity": KNOWN | {"quantiles": [0, float("nan"), 1]}}, "nan, expected a number"),
        ({"familiarity": KNOWN | {"threshold": 2}}, "a threshold from 0 to 1"),
        ({"metrics": 0.8}, "metrics = 0.8, expected a JSON object"),
        ({"metrics": asdict(figures([[5, 0, 0], [0, 5, 0], [0, -1, 5]]))}, "a count below 0"),
        ({"history": []}, r"history = \[\], expected a JSON object"),
    ],
)
def test_content_that_is_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        Metadata.from_json(json.dumps(json.loads(COLORS.to_json()) | change))


@pytest.mark.parametrize("text", ["", "no json", "[]", "3", '{"labels": []}'])
def test_text_that_is_no_record(text: str) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        Metadata.from_json(text)


def test_missing_key_is_named() -> None:
    content = json.loads(COLORS.to_json())
    del content["labels"]
    with pytest.raises(ModelError, match="lacks 'labels'"):
        Metadata.from_json(json.dumps(content))


def test_figures_of_unequal_classes_stand_beside_the_accuracy() -> None:
    """They follow from the matrix: a file that was exported without them shows them too."""
    matrix = [[90, 0, 0], [3, 5, 0], [2, 0, 0]]
    metadata = replace(described(("a", "b", "c")), metrics=figures(matrix))
    assert "balance" not in json.loads(metadata.to_json())["metrics"]
    (rows,) = (dict(rows) for title, rows in metadata.parts() if title == "figures")
    assert rows["test accuracy"].startswith("95.00%")
    assert rows["balanced accuracy"].startswith("54.17% (95 % interval ")
    assert rows["majority's share"].startswith("90.00%")
    assert rows["never answered"] == "c"
    every = replace(metadata, metrics=figures([[5, 0, 0], [0, 5, 0], [0, 0, 5]]))
    (rows,) = (dict(rows) for title, rows in every.parts() if title == "figures")
    assert "never answered" not in rows
