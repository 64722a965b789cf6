"""The Model tab of every mutation of a file's metadata."""

from __future__ import annotations

import dataclasses

import pytest

pytest.importorskip("gradio")

import metadata_mutations
from pocketlens.loading import load_model
from pocketlens.metadata import Metadata
from pocketlens_demo.tabs.model import sections


def parts(metadata: Metadata) -> list[str]:
    return [name for name, html in sections(metadata, size=1) if html]


def test_every_mutation_has_a_tab_without_that_part() -> None:
    usual = parts(load_model().metadata)
    assert len(usual) > 8
    loaded = {
        str(result): (path, value, result)
        for path, value, result in metadata_mutations.mutations()
        if isinstance(result, Metadata)
    }
    assert len(loaded) > 50
    for path, value, metadata in loaded.values():
        assert metadata_mutations.is_part(parts(metadata), usual), (path, value)


@pytest.mark.parametrize(
    ("error", "before", "words"),
    [(0.01, 0.02, "can be trusted"), (0.04, 0.03, "are rough"), (0.2, 0.1, "mislead")],
)
def test_what_the_calibration_means(error: float, before: float, words: str) -> None:
    metadata = load_model().metadata
    assert metadata.metrics is not None
    assert metadata.calibration is not None
    calibration = dataclasses.replace(
        metadata.calibration,
        before=dataclasses.replace(metadata.calibration.before, calibration_error=before),
        after=dataclasses.replace(metadata.calibration.after, calibration_error=error),
    )
    metrics = dataclasses.replace(metadata.metrics, calibration_error=error)
    changed = dataclasses.replace(metadata, metrics=metrics, calibration=calibration)
    html = dict(sections(changed, size=1))["calibration"]
    assert f"The probabilities {words}" in html
    assert ("The calibration made this worse" in html) == (error > before)
