"""The head in the graph: a 1x1 convolution on the feature map, then the pooling."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.utils import Extractor

from pocketlens.engine.session import ACTIVATION_MAP, INPUT_NAME
from pocketlens.features.extractor import FEATURE_MAP, FEATURES
from pocketlens.learning.linear_head import LinearHead
from pocketlens_export.graph import LOGITS, PLACES


def put_head(body: onnx.ModelProto, head: LinearHead) -> onnx.ModelProto:
    """A network with the outputs of one that was trained: "logits", "places" and "features".

    The head is linear, so the mean of what it says of each place is what it says of the mean.

    Args:
        body: A network without a head; unchanged.
        head: Fitted on the means of its feature map.
    """
    model = onnx.ModelProto()
    model.CopyFrom(body)
    graph = model.graph
    kernel = np.ascontiguousarray(head.kernel.T[:, :, None, None])
    graph.initializer.extend(
        [
            numpy_helper.from_array(kernel, "head_kernel"),
            numpy_helper.from_array(head.bias, "head_bias"),
        ]
    )
    graph.node.extend(
        [
            helper.make_node("Conv", [FEATURE_MAP, "head_kernel", "head_bias"], ["by_channel"]),
            helper.make_node("Transpose", ["by_channel"], [PLACES], perm=[0, 2, 3, 1]),
            helper.make_node("GlobalAveragePool", ["by_channel"], ["pooled"]),
            helper.make_node("Flatten", ["pooled"], [LOGITS]),
        ]
    )
    outputs = {output.name: output for output in graph.output}
    batch, _, height, width = outputs[FEATURE_MAP].type.tensor_type.shape.dim
    shapes = {
        LOGITS: [batch.dim_param, len(head.bias)],
        PLACES: [batch.dim_param, height.dim_value, width.dim_value, len(head.bias)],
    }
    kept = [outputs[FEATURES]]
    kept += [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in shapes.items()]
    del graph.output[:]
    graph.output.extend(kept)
    return model


def take_body(taught: onnx.ModelProto) -> onnx.ModelProto:
    """The network without a head that a taught file stands on.

    Raises:
        KeyError: The graph has no such parts.
    """
    extractor = Extractor(taught)
    outputs = {output.name: output for output in taught.graph.output}
    batch, height, width, _ = outputs[ACTIVATION_MAP].type.tensor_type.shape.dim
    channels = extractor.initializers["head_kernel"].dims[1]
    size = extractor.initializers["whitening_codes"].dims[0]
    shapes = {
        FEATURE_MAP: [batch.dim_param, channels, height.dim_value, width.dim_value],
        FEATURES: [batch.dim_param, size],
    }
    for name, shape in shapes.items():
        info = helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        extractor.value_infos[name] = info
    return extractor.extract_model([INPUT_NAME], list(shapes))
