"""A stand-in for a Classifier, of any labels: the first one is the most probable for any picture.

    python tests/stub_model.py METADATA

serves the page around one.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from pocketlens.cli import main
from pocketlens.metadata import Metadata
from pocketlens.prediction import Prediction


def stub_model(metadata: Metadata) -> Any:
    """What has the attributes of a Classifier that the page uses."""
    shares = range(len(metadata.labels), 0, -1)
    probabilities = [share / sum(shares) for share in shares]
    return SimpleNamespace(
        labels=metadata.labels,
        metadata=metadata,
        min_familiarity=None,
        can_explain=False,
        providers=("CPUExecutionProvider",),
        predict=lambda image, explain=False: Prediction.from_probabilities(
            metadata.labels, probabilities
        ),
    )


if __name__ == "__main__":

    def load(file: Path, **options: Any) -> Any:
        return stub_model(Metadata.from_json(file.read_text(encoding="utf-8")))

    with patch("pocketlens_demo.serving.load_model", load):
        sys.exit(main(["demo", "--model", sys.argv[1]]))
