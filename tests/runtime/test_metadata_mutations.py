"""What the runtime does with every mutation of a file's metadata."""

from __future__ import annotations

from argparse import Namespace
from types import SimpleNamespace

import pytest

pytest.importorskip("onnxruntime")

import metadata_mutations
from pocketlens.cli import info
from pocketlens.errors import ModelError
from pocketlens.loading import BUNDLED_MODEL, load_model
from pocketlens.metadata import Metadata
from pocketlens.tools.card import render, summary


def test_every_mutation_is_refused_or_left_out() -> None:
    """load_model(), and what `card` and the Model tab print."""
    found = metadata_mutations.mutations()
    assert len({path for path, _, _ in found}) > 100
    loaded = refused = 0
    for path, _, metadata in found:
        if isinstance(metadata, ModelError):
            refused += 1
            assert "\n" not in str(metadata), path
            continue
        loaded += 1
        assert render("odd.onnx", 1, metadata).count("\n") > 20, path
        assert list(summary(1, metadata))
        assert [row for _, rows in metadata.parts() for row in rows]
    assert refused > 500
    assert loaded > 50


def test_info_leaves_out_what_a_mutation_has_lost(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def labels(metadata: Metadata) -> list[str]:
        model = SimpleNamespace(metadata=metadata, providers=("CPUExecutionProvider",))
        monkeypatch.setattr(info, "load_model", lambda path: model)
        assert info.run(Namespace(model=BUNDLED_MODEL)) == 0
        return [line[:26].strip() for line in capsys.readouterr().out.splitlines()]

    usual = labels(load_model().metadata)
    assert len(usual) > 20
    for path, value, metadata in metadata_mutations.mutations():
        if isinstance(metadata, Metadata):
            assert metadata_mutations.is_part(labels(metadata), usual), (path, value)
