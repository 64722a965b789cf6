"""Features of the pictures that a taught file carries, so that others can be added to them.

Pooled after a ReLU, half of them are 0. In two bits, by their square roots, a head learns as well
from them: 600 pictures take 120 kB.
"""

from __future__ import annotations

import io
import lzma
from dataclasses import dataclass, fields, replace
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from pocketlens.errors import ModelError
from pocketlens.learning.linear_head import Features, Indices

MOST = 4000
"""Pictures, which take about 800 kB; of more, the same number of each class where there are any."""
_NAME = "taught_features"
"""Of an initializer that no node reads."""
_HIGHEST = 3
_MOST_BYTES = 2**28


@dataclass(frozen=True)
class KeptFeatures:
    """Of N pictures.

    Attributes:
        codes: uint8, 0 to 3, D x N: alike ones side by side.
        scales: What the highest code stands for, D.
        targets: For each picture its class.
        groups: Which belong together.
        digests: The first eight bytes of each file's SHA-256.
        familiarity: Raw numbers, out of fold; NaN for a picture that was not tested.
    """

    codes: npt.NDArray[np.uint8]
    scales: npt.NDArray[np.float32]
    targets: Indices
    groups: Indices
    digests: npt.NDArray[np.uint64]
    familiarity: npt.NDArray[np.float32]

    @property
    def features(self) -> Features:
        """N x D, rounded."""
        return np.asarray(np.square(self.codes.T / _HIGHEST) * self.scales, np.float32)

    def put_into(self, model: onnx.ModelProto) -> None:
        """Adds them to a graph that has none."""
        stream = io.BytesIO()
        np.savez(stream, **vars(self) | {"codes": _pack(self.codes)})
        packed = np.frombuffer(lzma.compress(stream.getvalue()), np.uint8)
        model.graph.initializer.append(numpy_helper.from_array(packed, _NAME))


def scales_of(features: Features) -> npt.NDArray[np.float32]:
    """What the highest code is to stand for; few values are beyond."""
    return np.asarray(np.quantile(features, 0.999, axis=0) + 1e-3, np.float32)


def encode(features: Features, scales: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """The codes of N x D features, D x N."""
    roots = np.sqrt((features / scales).clip(0, 1))
    return np.ascontiguousarray(np.rint(roots * _HIGHEST).astype(np.uint8).T)


def digest_codes(digests: tuple[str, ...]) -> npt.NDArray[np.uint64]:
    """The first eight bytes of SHA-256 digests."""
    return np.array([int(digest[:16], 16) for digest in digests], np.uint64)


def even_sample(kept: KeptFeatures) -> KeptFeatures:
    """At most MOST pictures: all of the small classes, as many of each of the others."""
    if len(kept.targets) <= MOST:
        return kept
    counts = np.bincount(kept.targets)
    most = max(MOST, len(counts))
    limit = max(each for each in range(1, MOST + 1) if np.minimum(counts, each).sum() <= most)
    rows = []
    for target, count in enumerate(counts):
        own = np.flatnonzero(kept.targets == target)
        rows.append(own[np.linspace(0, count - 1, min(count, limit)).astype(int)])
    chosen = np.sort(np.concatenate(rows))
    per_picture = {"targets", "groups", "digests", "familiarity"}
    values = {name: getattr(kept, name)[chosen] for name in per_picture}
    return replace(kept, codes=np.ascontiguousarray(kept.codes[:, chosen]), **values)


def _pack(codes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Four to the byte, D x N / 4."""
    filled = np.pad(codes, ((0, 0), (0, -codes.shape[1] % 4)))
    return np.asarray(sum(filled[:, place::4] << 2 * place for place in range(4)), np.uint8)


def _unpack(packed: npt.NDArray[np.uint8], count: int) -> npt.NDArray[np.uint8]:
    codes = np.stack([packed >> 2 * place & _HIGHEST for place in range(4)], axis=2)
    return np.ascontiguousarray(codes.reshape(len(packed), -1)[:, :count])


def read_kept(model: onnx.ModelProto) -> KeptFeatures:
    """Those that a file carries.

    Raises:
        ModelError: It carries none, or they cannot be read.
    """
    packed = next((each for each in model.graph.initializer if each.name == _NAME), None)
    if packed is None:
        raise ModelError(
            "it was trained, not taught, and carries no features of its pictures: nothing can be "
            "added to it; put the new pictures into the folder that it was trained on, and run "
            "`pocketlens teach FOLDER --out FILE.onnx`, or train again"
        )
    try:
        unpacker = lzma.LZMADecompressor()
        content = unpacker.decompress(numpy_helper.to_array(packed).tobytes(), _MOST_BYTES)
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            found = {each.name: archive[each.name] for each in fields(KeptFeatures)}
        found["codes"] = _unpack(found["codes"], len(found["targets"]))
        return KeptFeatures(**found)
    except (lzma.LZMAError, BadZipFile, ValueError, KeyError, EOFError, OSError) as error:
        raise ModelError(
            f"the features that it carries cannot be read ({error}); copy the file again"
        ) from error
