"""What a model says of itself: the schema, written and read here alone.

The same JSON text stands in a training run's record and in the .onnx file's metadata.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from pocketlens.errors import ModelError
from pocketlens.metadata.conversion import Int8, Parity
from pocketlens.metadata.familiarity import Familiarity, Rejection
from pocketlens.metadata.measurements import Calibration, Metrics, Row
from pocketlens.metadata.provenance import Data, Training
from pocketlens.metadata.selftest_record import Selftest
from pocketlens.metadata.typed_json import read
from pocketlens.names import is_shown
from pocketlens.pictures.preprocessing import Preprocessing

SCHEMA_VERSION = 4
_LACKING = {1: {"decode": "full"}, 2: {"depth": "high_bits"}, 3: {"region": None}}
"""What preprocessing did not say up to a schema version, which knew no other way."""
KEY = "pocketlens"
"""The key of the JSON text among the .onnx file's metadata."""


@dataclass(frozen=True)
class Metadata:
    """The record that travels inside a model.

    Attributes:
        labels: Class names, in the order of the network's outputs.
        preprocessing: How pixels become the network's input.
        architecture: The name of the network, such as "tutorial".
        metrics: Figures on the test split: of the network in a run's record, of the file itself in
            an .onnx file.
        history: Per epoch: "loss", "accuracy", "val_loss", "val_accuracy".
        training: How the network was trained.
        data: The pictures it was trained on.
        versions: Of Python and the libraries that trained and exported the model.
        parity: How far the export is from Keras.
        calibration: The temperature and what it gave.
        familiarity: What a picture is compared with to reject it; None where the network cannot.
        int8: What quantization changed; None for a float file.
        selftest: What a self-test compares.
        about: Words of whoever exported the model: data, licences, limits.
    """

    labels: tuple[str, ...]
    preprocessing: Preprocessing
    architecture: str
    metrics: Metrics | None = None
    history: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    training: Training | None = None
    data: Data | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    parity: Parity | None = None
    calibration: Calibration | None = None
    familiarity: Familiarity | None = None
    int8: Int8 | None = None
    selftest: Selftest | None = None
    about: str = ""

    def __post_init__(self) -> None:
        """Refuses labels that cannot name the outputs, and a matrix that does not count them.

        Raises:
            ModelError: So it is.
        """
        labels = self.labels
        if len(labels) < 2 or not all(isinstance(label, str) and label for label in labels):
            raise ModelError(f"labels are {labels!r:.200}, expected two or more names")
        if not all(map(is_shown, labels)):
            raise ModelError(f"labels are {labels!r:.200}, expected printable names")
        if len(set(labels)) != len(labels):
            raise ModelError(f"labels are {labels!r:.200}, expected each name once")
        if isinstance(self.metrics, Metrics):
            matrix = self.metrics.confusion_matrix
            if {len(matrix), *map(len, matrix)} != {len(labels)}:
                raise ModelError(
                    f"its metadata has a confusion matrix of {len(matrix)} rows, expected "
                    f"{len(labels)} by {len(labels)}; export the model again"
                )
            if min(map(min, matrix)) < 0:
                raise ModelError(
                    "its metadata has a confusion matrix with a count below 0; export the model "
                    "again"
                )

    def parts(self) -> Iterator[tuple[str, Iterator[Row]]]:
        """Title and rows of label and value of each part that is there."""
        if self.metrics:
            yield "figures", self.metrics.rows(self.labels)
        for title, part in (
            ("calibration", self.calibration),
            ("rejection", self.familiarity),
            ("int8 against float", self.int8),
            ("parity", self.parity),
            ("data", self.data),
            ("training", self.training),
        ):
            if part:
                yield title, part.rows()

    @property
    def number_format(self) -> str:
        """Of the network's weights: "int8" or "float"."""
        taught = self.training and self.training.taught
        return "int8" if self.int8 or taught else "float"

    def accuracy_text(self) -> str:
        """The accuracy on the test split in words, with its interval; "" where it is unknown."""
        return self.metrics.accuracy_text() if self.metrics else ""

    def to_json(self) -> str:
        """The record as JSON text."""
        return json.dumps({"schema_version": SCHEMA_VERSION, **asdict(self)}, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "Metadata":
        """Reads what to_json wrote.

        Keys that this version does not know are passed over: within a schema version they only
        inform. Whatever changes an answer raises the schema version.

        Raises:
            ModelError: The text is no such record, or of another schema version.
        """
        try:
            content = json.loads(text)
            version = content["schema_version"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ModelError(
                f"its pocketlens metadata cannot be read ({error!r}); export the model again"
            ) from error
        if type(version) is not int or not 1 <= version <= SCHEMA_VERSION:
            raise ModelError(
                f"its metadata has schema version {version!r}, this pocketlens reads up to "
                f"{SCHEMA_VERSION}; install a matching pocketlens or export the model again"
            )
        _upgrade(content, version)
        return read(cls, content, "")


def _upgrade(content: dict[str, Any], version: int) -> None:
    """Makes the newest schema of an older one, in place."""
    preprocessing, familiarity = content.get("preprocessing"), content.get("familiarity")
    if isinstance(preprocessing, dict):
        for last, lacking in _LACKING.items():
            if version <= last:
                content["preprocessing"] = lacking | content["preprocessing"]
    if version < 3:
        absent = {key for key, value in content.items() if value == {}}
        content.update(dict.fromkeys(absent - {"history", "versions"}))
        if isinstance(familiarity, dict) and familiarity:
            names = {each.name for each in fields(Rejection)}
            measured = {key: familiarity.pop(key) for key in names & set(familiarity)}
            familiarity["rejection"] = measured or None
