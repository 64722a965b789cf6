"""The endpoints for programs: /predict and /predict_many."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio import events

from pocketlens.classifier import Classifier
from pocketlens.prediction import Prediction
from pocketlens_demo.bulk import answers
from pocketlens_demo.uploads import Upload
from pocketlens_demo.zips import named_pictures


def add_endpoints(
    model: Classifier, concurrency: dict[str, Any], many_concurrency: dict[str, Any]
) -> None:
    """Adds both endpoints to the page that is being built."""

    def predict(photo: gr.FileData) -> dict[str, Any]:
        """Say what a photo shows: label, score, scores, rejected, familiarity."""
        return model.predict(Upload(photo).read()).to_dict()

    def predict_many(photos: list[gr.FileData]) -> list[dict[str, Any]]:
        """Say what photos, or those in a zip file, show: as /predict, with "file" or "error"."""
        pictures = named_pictures(photos)
        return [
            {"file": picture.name}
            | (answer.to_dict() if isinstance(answer, Prediction) else {"error": str(answer)})
            for picture, answer in zip(pictures, answers(model, pictures), strict=True)
        ]

    events.api(predict, api_name="predict", **concurrency)
    events.api(predict_many, api_name="predict_many", **many_concurrency)
