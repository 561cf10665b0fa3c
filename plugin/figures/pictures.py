"""Pictures side by side, each with a caption."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .common import Figure

#: Width that figures are laid out for, and the height of a caption, in pixels.
_WIDTH = 720
_CAPTION = 20
_GAP = 0.06


def picture_grid(pictures: Sequence[NDArray[np.uint8]], captions: Sequence[str], columns: int) -> Figure:
    """Pictures in rows of ``columns``, fitted into cells of one size, with captions below them.

    Args:
        pictures: RGB, (H, W, 3) each
        captions: one a picture; empty for none
        columns: pictures a row
    """
    rows = -(-len(pictures) // columns)
    caption = _CAPTION if any(captions) else 0
    tallest = max(picture.shape[0] / picture.shape[1] for picture in pictures)
    height = round(rows * (tallest * _WIDTH / columns + caption))
    share = caption * rows / height
    images, texts = [], []
    for index, (picture, text) in enumerate(zip(pictures, captions, strict=True)):
        row, column = divmod(index, columns)
        top, left = 1 - row / rows, column / columns
        images.append(
            {
                "source": f"data:image/png;base64,{b64encode(_png(picture)).decode()}",
                **{"xref": "paper", "yref": "paper", "x": left + _GAP / 2 / columns, "y": top},
                "sizex": (1 - _GAP) / columns,
                "sizey": (1 - _GAP - share) / rows,
                "sizing": "contain",
                "layer": "above",
            }
        )
        if text:
            texts.append(
                {
                    "text": text,
                    **{"xref": "paper", "yref": "paper", "x": left + 0.5 / columns, "y": top - (1 - share) / rows},
                    **{"xanchor": "center", "yanchor": "top", "showarrow": False, "font": {"size": 11}},
                }
            )
    axis = {"visible": False, "range": [0, 1], "fixedrange": True}
    layout = {
        "height": height,
        "margin": dict.fromkeys("trbl", 0),
        "images": images,
        "annotations": texts,
        "xaxis": axis,
        "yaxis": axis,
    }
    return Figure([], layout)


def _png(picture: NDArray[np.uint8]) -> bytes:
    stream = BytesIO()
    Image.fromarray(picture).save(stream, "PNG")
    return stream.getvalue()
