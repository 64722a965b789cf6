"""What an exported graph must be before anybody may run it.

tf2onnx only logs what it cannot convert, so a broken graph is found here or by a user.
"""

from __future__ import annotations

import onnx

from pocketlens.errors import ExportError
from pocketlens.session import INPUT_NAME, OUTPUT_NAME


def check_graph(model: onnx.ModelProto) -> None:
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
        ("outputs", [node.name for node in model.graph.output], [OUTPUT_NAME]),
        ("operators", _foreign_operators(model), []),
    ):
        if got != expected:
            raise ExportError(f"check '{check}' failed: got {got}, expected {expected}")


def _foreign_operators(model: onnx.ModelProto) -> list[str]:
    opset = next(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))
    return sorted(
        {
            f"{node.domain}:{node.op_type}"
            for node in model.graph.node
            if node.domain not in ("", "ai.onnx")
            or not onnx.defs.has(node.op_type, max_inclusive_version=opset)
        }
    )
