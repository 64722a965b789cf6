"""What a self-test compares, as the file carries it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class SelftestPicture:
    """A picture that the file carries and what it gave on the exporting machine.

    Attributes:
        data: The picture file, base64.
        probabilities: One for each class.
        input: Some values of the network's input, 0 to 255.
    """

    data: str
    probabilities: tuple[float, ...]
    input: tuple[int, ...]


@dataclass(frozen=True)
class Selftest:
    """What a self-test compares.

    Attributes:
        sha256: Of all the rest of the file.
        atol: The difference of a probability that is allowed.
        pictures: By the name of the check.
    """

    sha256: str
    atol: float
    pictures: Mapping[str, SelftestPicture]
