"""Distorted copies of good photographs."""
