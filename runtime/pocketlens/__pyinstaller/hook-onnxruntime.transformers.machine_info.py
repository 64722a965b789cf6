"""onnxruntime only asks for their versions; where they are installed, that would bring 2 GB."""

excludedimports = ["tensorflow", "torch"]
