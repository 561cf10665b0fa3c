"""Files to pixels by named policies. What needs PyTorch is in :mod:`.tensors`."""

from .decoding import MAX_PIXELS, MIN_SIDE, Decoded, decode, decode_scorable, require_scorable
from .formats import FORMATS
from .listing import NO_IMAGE, SUFFIXES, Listing, images_below, images_in, is_image, require_utf8
from .policies import DECODING, NATIVE, POLICIES, RESIZE_256, ImagePolicy, image_policy
from .remote import is_remote, remote_images

__all__ = [
    "DECODING",
    "FORMATS",
    "MAX_PIXELS",
    "MIN_SIDE",
    "NATIVE",
    "NO_IMAGE",
    "POLICIES",
    "RESIZE_256",
    "SUFFIXES",
    "Decoded",
    "ImagePolicy",
    "Listing",
    "decode",
    "decode_scorable",
    "image_policy",
    "images_below",
    "images_in",
    "is_image",
    "is_remote",
    "remote_images",
    "require_scorable",
    "require_utf8",
]
