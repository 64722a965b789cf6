"""Where a model comes from: its pictures and its training, as rows of label and value."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from pocketlens.metadata.measurements import Interval, Row
from pocketlens.names import counted, cut

VALIDATED = (
    "the figures are of the validation pictures, by which the network was chosen: of others "
    "(--test) it may be right for fewer"
)
_FEW = 20
"""Classes for which there is room, each with a name."""


@dataclass(frozen=True)
class Data:
    """The pictures of a training.

    Attributes:
        fingerprint: SHA-256 over names and contents of the training folder.
        images: Pictures of each class there.
        left_out: Number of files that were not used.
        split: The sizes of its parts.
        near_duplicates: Pictures to validate or test that nearly repeat another and do not count.
        test_fingerprint: As `fingerprint`, of a test folder of its own.
        validation_fingerprint: Likewise.
        unlabelled: Number of pictures without labels on which a teacher's answers were learnt.
    """

    fingerprint: str
    images: Mapping[str, int]
    left_out: int
    split: Mapping[str, int]
    near_duplicates: int = 0
    test_fingerprint: str | None = None
    validation_fingerprint: str | None = None
    unlabelled: int = 0

    def rows(self) -> Iterator[Row]:
        """Label and value of each fact."""
        yield "training folder", f"{self._images()}; {counted(self.left_out, 'file')} left out"
        if self.unlabelled:
            yield "unlabelled", f"{self.unlabelled:,} pictures, for the teacher's answers to them"
        parts = ", ".join(f"{part} {count:,}" for part, count in self.split.items())
        yield "split", parts if self.split.get("test", 1) else f"{parts}; {VALIDATED}"
        yield "near-duplicates", f"{self.near_duplicates} test pictures, which do not count"
        yield "fingerprint", f"{self.fingerprint} (SHA-256 of the training folder)"

    def _images(self) -> str:
        if len(self.images) <= _FEW:
            return ", ".join(f"{count:,} {cut(label)}" for label, count in self.images.items())
        ordered = sorted(self.images.items(), key=lambda item: item[1])
        (least, fewest), (most, largest) = ordered[0], ordered[-1]
        return (
            f"{sum(self.images.values()):,} of {len(ordered):,} classes, from {fewest:,} "
            f"{cut(least)} to {largest:,} {cut(most)}"
        )


@dataclass(frozen=True)
class Augmentation:
    """Random changes to training pictures; see the train package's recipe."""

    crop_scale: float
    min_area: float
    brightness: Interval
    grayscale: float
    mirror: bool = True


@dataclass(frozen=True)
class Teacher:
    """The larger network that a network has learnt from."""

    architecture: str
    input_size: tuple[int, int]
    accuracy: str
    command: str | None = None
    share: float | None = None
    temperature: float | None = None
    crops: int | None = None


@dataclass(frozen=True)
class HeadFirst:
    """A head on frozen features, then the last blocks, tested in folds or on what is held out.

    Attributes:
        folds: Each picture is tested once by a network that has not learnt from its fold; 1 if
            validation pictures were held out instead; 0 if all blocks were trained from the head.
        strength: The head's, scikit-learn's C.
        mirror: Whether mirror images are of the same class.
        class_weights: "auto", "balanced" or "none".
        tuned_share: Where the network lies between the frozen (0) and the fine-tuned one (1).
        first_block: The first that was fine-tuned; None if none was.
        grouped: Pictures that are in the fold of another because both belong together.
        teacher: A larger network whose head on frozen features was learnt from too.
        frozen_accuracy: Of the frozen network with its head, on the same pictures; where all blocks
            were trained, on those to validate; None where the head was not tested.
    """

    folds: int
    strength: float
    mirror: bool
    class_weights: str
    tuned_share: float
    first_block: int | None = None
    grouped: int = 0
    teacher: str | None = None
    frozen_accuracy: float | None = None


@dataclass(frozen=True)
class Taught:
    """A head on the features of a frozen network, by `pocketlens teach`.

    Attributes:
        features: The network's name.
        sha256: Of its file.
        kept: Of how many pictures the file carries features, to add others to them.
        earlier: The command lines of the files that it was added to, first to last.
    """

    features: str
    sha256: str
    kept: int
    earlier: tuple[str, ...] = ()

    def row(self) -> Row:
        """Label and value."""
        text = f"on the frozen features {self.features} (SHA-256 {self.sha256[:12]}...)"
        return "taught", f"{text}; carries those of {self.kept:,} pictures, to add others"


@dataclass(frozen=True)
class Training:
    """How the network was trained: what makes the run again.

    Attributes:
        command: The command line, with folders by their last name.
        seed: Of split, start weights, order and crops.
        device: Such as "CPU:0 (tensorflow backend)".
        finished: When, ISO 8601.
        outliers: Number of pictures of no class that were learnt from.
        teacher: What it has learnt from; None without one.
        head_first: How the head and the last blocks came; None where all was trained at once.
        export: The command line that made the .onnx file; "" in a run's record.
        taught: What a taught head stands on; None where a network was trained.
        seconds: How long it took; None where it was cut short and went on.

    The others are those of a training's recipe.
    """

    command: str
    seed: int
    device: str
    finished: str
    epochs: int
    batch_size: int
    learning_rate: float
    cosine: bool = False
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    ema_share: float = 0.0
    patience: int | None = None
    augmentation: Augmentation | None = None
    outliers: int = 0
    teacher: Teacher | None = None
    head_first: HeadFirst | None = None
    export: str = ""
    taught: Taught | None = None
    seconds: int | None = None

    def commands(self) -> list[str]:
        """The command lines that make the file again, in their order."""
        first = self.teacher.command if self.teacher else None
        earlier = self.taught.earlier if self.taught else ()
        return [line for line in (*earlier, first, self.command, self.export) if line]

    def rows(self) -> Iterator[Row]:
        """Label and value of each fact, without the command lines."""
        if teacher := self.teacher:
            height, width = teacher.input_size
            yield (
                "teacher",
                f"{teacher.architecture}, input {height}x{width}, right for {teacher.accuracy}",
            )
        if first := self.head_first:
            tuned = f"tuned share {first.tuned_share:g}, from block {first.first_block}"
            tuned += f", with {first.teacher}'s head as teacher" if first.teacher else ""
            if first.first_block is None:
                tuned = "all blocks trained from it" if first.tuned_share else "frozen features"
            grouped = f"{first.folds}; {first.grouped} pictures kept in the fold of another"
            none = "no picture was tested" if self.taught else "a part was held out"
            yield "folds", grouped if first.folds > 1 else f"none, {none}"
            if first.frozen_accuracy is not None and first.tuned_share:
                tuned += f" (of the head alone: {first.frozen_accuracy:.2%} right)"
            yield (
                "head first",
                f"{tuned}, strength {first.strength:g}, class weights {first.class_weights}",
            )
        if self.taught:
            yield self.taught.row()
            yield "settings", f"seed {self.seed}"
        else:
            yield "settings", ", ".join(f"{name} {value}" for name, value in self._settings())
        took = "" if self.seconds is None else f" in {self.seconds:,} s"
        yield "trained on", f"{self.device}{took}, finished {self.finished}"

    def _settings(self) -> Iterator[tuple[str, Any]]:
        told = (
            "command",
            "export",
            "teacher",
            "augmentation",
            "device",
            "finished",
            "head_first",
            "taught",
            "seconds",
        )
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name not in told and value is not None:
                yield each.name, value
