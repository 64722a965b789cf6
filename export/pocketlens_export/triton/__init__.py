"""A model repository for NVIDIA Triton from a finished .onnx file; needs no TensorFlow."""
