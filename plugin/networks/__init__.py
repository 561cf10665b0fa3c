"""Frozen networks: what is taken from them, and how it is pooled."""
