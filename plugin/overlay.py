"""Error maps as pictures."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Every 15th colour of "inferno" (S. van der Walt and N. Smith, CC0): perceptually even, lightness rising steadily.
_ANCHORS: Final = [
    "000004",
    "0a0722",
    "1e0c45",
    "380962",
    "510e6c",
    "69166e",
    "801f6c",
    "982766",
    "b0315b",
    "c63d4d",
    "d94d3d",
    "e9612b",
    "f47918",
    "fa9407",
    "fcb014",
    "f8cd37",
    "f2ea69",
    "fcffa4",
]


def _palette() -> NDArray[np.uint8]:
    anchors = np.array([list(bytes.fromhex(anchor)) for anchor in _ANCHORS], dtype=np.float64)
    levels = np.arange(256)
    positions = np.linspace(0, 255, len(anchors))
    channels = [np.interp(levels, positions, channel) for channel in anchors.T]
    return np.stack(channels, axis=-1).round().astype(np.uint8)


PALETTE: Final = _palette()
"""The colour of each level, shape (256, 3), uint8 RGB; from near black to pale yellow."""


def colorize(error_map: NDArray[np.uint8]) -> Image.Image:
    """Paint an error map: the stronger the error, the brighter the colour.

    Args:
        error_map: levels, shape (H, W), uint8

    Returns:
        RGB image of the same size
    """
    return Image.fromarray(PALETTE[error_map])
