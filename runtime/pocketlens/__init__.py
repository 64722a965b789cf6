"""Classify pictures with one .onnx file: numpy, OpenCV and onnxruntime, nothing else.

Example:
    >>> import pocketlens
    >>> model = pocketlens.load_model()
    >>> model.predict("photo.jpg").label
    'dog'
"""

from pocketlens.engine import few_threads  # noqa: F401, before numpy and OpenCV

# isort: split
from pocketlens.classifier import Classifier
from pocketlens.errors import PocketLensError
from pocketlens.loading import load_model
from pocketlens.pictures.activation_overlay import overlay
from pocketlens.prediction import Prediction

__version__ = "0.1.0"

__all__ = ["Classifier", "PocketLensError", "Prediction", "__version__", "load_model", "overlay"]
