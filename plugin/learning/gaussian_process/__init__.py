"""Gaussian processes on pooled activations."""
