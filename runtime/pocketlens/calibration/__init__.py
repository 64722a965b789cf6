"""What is fitted on answers and features; needs scikit-learn, which predicting does not."""
