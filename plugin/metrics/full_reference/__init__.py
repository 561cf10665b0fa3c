"""Metrics that compare an image with its reference."""
