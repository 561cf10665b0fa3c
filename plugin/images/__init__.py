"""Files to pixels by named policies. What needs PyTorch is in :mod:`.tensors`."""

from .decoding import MAX_PIXELS, MIN_SIDE, Decoded, decode
from .formats import FORMATS
from .policies import NATIVE, POLICIES, RESIZE_256, ImagePolicy, image_policy

__all__ = [
    "FORMATS",
    "MAX_PIXELS",
    "MIN_SIDE",
    "NATIVE",
    "POLICIES",
    "RESIZE_256",
    "Decoded",
    "ImagePolicy",
    "decode",
    "image_policy",
]
