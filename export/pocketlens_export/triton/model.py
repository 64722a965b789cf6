"""Triton's Python backend for a pocketlens model: picture files in, answers out.

`pocketlens export FILE.onnx --triton DIR` copies this file; it needs pocketlens in Triton's Python.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils

import pocketlens


class TritonPythonModel:
    """Called by Triton."""

    def initialize(self, args: dict[str, str]) -> None:
        """Loads the model beside this file."""
        folder = Path(args["model_repository"], args["model_version"])
        self._model = pocketlens.load_model(folder / "model.onnx")

    def execute(self, requests: list[Any]) -> list[Any]:
        """Answers the pictures of all requests together, and each request by itself."""
        images = [
            [
                bytes(each)
                for each in pb_utils.get_input_tensor_by_name(request, "image").as_numpy().flat
            ]
            for request in requests
        ]
        answers = self._model.predict_many(image for each in images for image in each)
        return [self._response([next(answers) for _ in each]) for each in images]

    def _response(self, answers: list[Any]) -> Any:
        for index, answer in enumerate(answers):
            if isinstance(answer, pocketlens.PocketLensError):
                error = pb_utils.TritonError(f"picture {index}: {answer}")
                return pb_utils.InferenceResponse(output_tensors=[], error=error)
        columns: dict[str, Any] = {
            "label": np.array([[each.label.encode()] for each in answers], object),
            "score": np.array([[each.score] for each in answers], np.float32),
            "scores": np.array([list(each.scores.values()) for each in answers], np.float32),
            "rejected": np.array([[each.rejected] for each in answers]),
        }
        if self._model.min_familiarity is not None:
            columns["familiarity"] = np.array([[each.familiarity] for each in answers], np.float32)
        return pb_utils.InferenceResponse(
            output_tensors=[pb_utils.Tensor(name, column) for name, column in columns.items()]
        )
