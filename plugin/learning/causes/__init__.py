"""What a picture may look bad by: one of the synthetic distortions, told by the no-reference model's features."""
