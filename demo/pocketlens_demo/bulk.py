"""Many pictures -> predictions, on all cores."""

from __future__ import annotations

from collections.abc import Iterator

from pocketlens.classifier import Classifier
from pocketlens.engine.cores import usable_cores
from pocketlens.engine.parallel import map_in_order
from pocketlens.errors import PocketLensError
from pocketlens.prediction import Prediction
from pocketlens_demo.zips import NamedPicture


def answers(
    model: Classifier, pictures: list[NamedPicture]
) -> Iterator[Prediction | PocketLensError]:
    """The prediction for each picture, in their order, or the error that it raises."""

    def answer(picture: NamedPicture) -> Prediction | PocketLensError:
        try:
            return model.predict(picture.read())
        except PocketLensError as error:
            return error

    return map_in_order(answer, pictures, usable_cores())
