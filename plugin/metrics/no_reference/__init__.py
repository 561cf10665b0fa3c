"""Metrics that judge an image by itself."""
