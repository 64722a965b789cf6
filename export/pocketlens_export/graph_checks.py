"""What an exported graph must be before anybody may run it.

tf2onnx only logs what it cannot convert, so a broken graph is found here or by a user.
"""

from __future__ import annotations

import onnx

from pocketlens.engine.session import INPUT_NAME
from pocketlens.errors import ExportError


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
