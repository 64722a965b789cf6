"""What looks at a model or a machine: benchmark, card, doctor, self-test."""
