"""What an exported graph must be before anybody may run it.

tf2onnx only logs what it cannot convert, so a broken graph is found here or by a user.
"""

from __future__ import annotations

import onnx

from pocketlens.engine.session import INPUT_NAME
from pocketlens.errors import ExportError
from pocketlens.metadata.measurements import Int8

MAX_FLIPPED = 0.005
"""The largest share of labels that quantization may change."""


def check_graph(model: onnx.ModelProto, outputs: set[str]) -> None:
    """Runs onnx's checker and looks at names and operators.

    Raises:
        ExportError: A check failed; the message says which.
    """
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise ExportError(f"check 'onnx checker' failed: {error}") from error
    for check, got, expected in (
        ("inputs", [node.name for node in model.graph.input], [INPUT_NAME]),
        ("outputs", {node.name for node in model.graph.output}, outputs),
        ("operators", sorted({node.domain for node in model.graph.node} - {"", "ai.onnx"}), []),
        ("batch size", model.graph.input[0].type.tensor_type.shape.dim[0].dim_value, 0),
    ):
        if got != expected:
            raise ExportError(f"check '{check}' failed: got {got}, expected {expected}")


def check_int8(found: Int8) -> None:
    """Refuses an int8 model that is no good.

    Raises:
        ExportError: More than 0.5 % of the labels differ from the float model's, or it is not
            faster on this machine.
    """
    if found.labels_flipped > MAX_FLIPPED:
        raise ExportError(
            f"int8 is no good: it flips {found.labels_flipped:.2%} of the labels, "
            f"{found.labels_flipped * found.images:.0f} of {found.images} test pictures (at most "
            f"{MAX_FLIPPED:.1%} allowed, which takes 200 pictures to show); export without --int8"
        )
    if found.latency_ratio >= 1:
        raise ExportError(
            f"int8 is no good: on this machine it takes {found.latency_ratio:.2f} times as long as "
            "float; export without --int8, or on a machine like the one it is for"
        )
