"""Turn a training run into one checked .onnx file."""
