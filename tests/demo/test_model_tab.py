"""The Model tab of every mutation of a file's metadata."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, TypeAlias

import pytest

gr = pytest.importorskip("gradio")

import metadata_mutations
from pocketlens.loading import load_model
from pocketlens.metadata import Metadata
from pocketlens_demo.tabs import model

Build: TypeAlias = Callable[[Metadata], list[tuple[str, Any]]]


@pytest.fixture
def build() -> Iterator[Build]:
    """The tab's components in their order, each by its kind and label."""

    def _build(metadata: Metadata) -> list[tuple[str, Any]]:
        page.blocks.clear()
        model.build(SimpleNamespace(metadata=metadata), "odd.onnx", 1)  # type: ignore[arg-type]
        found = page.blocks.values()
        return [(each.get_block_name(), getattr(each, "label", None)) for each in found]

    with warnings.catch_warnings():
        # Gradio leaves event loops behind.
        warnings.simplefilter("ignore", ResourceWarning)
        with gr.Blocks(analytics_enabled=False) as page:
            yield _build
        gc.collect()


def test_every_mutation_has_a_tab_without_that_part(build: Build) -> None:
    usual = build(load_model().metadata)
    assert len(usual) > 10
    loaded = {
        str(result): (path, value, result)
        for path, value, result in metadata_mutations.mutations()
        if isinstance(result, Metadata)
    }
    assert len(loaded) > 50
    for path, value, metadata in loaded.values():
        assert metadata_mutations.is_part(build(metadata), usual), (path, value)
