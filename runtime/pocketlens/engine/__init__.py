"""onnxruntime: the model file, its session, execution providers and threads."""
