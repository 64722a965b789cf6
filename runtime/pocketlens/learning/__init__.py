"""What is learnt on frozen features; needs scikit-learn, which predicting does not."""
