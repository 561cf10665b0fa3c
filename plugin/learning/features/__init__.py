"""Activations of images, taken from networks and kept in files."""
