"""Writes photographs that packages ship, as PNG files: ``python docs/figures/photographs.py FOLDER NAME...``."""

from __future__ import annotations

import sys
from pathlib import Path

import skimage.data
from PIL import Image
from sklearn.datasets import load_sample_image

if __name__ == "__main__":
    folder, *names = sys.argv[1:]
    Path(folder).mkdir(exist_ok=True)
    for name in names:
        pixels = getattr(skimage.data, name)() if hasattr(skimage.data, name) else load_sample_image(f"{name}.jpg")
        Image.fromarray(pixels).save(Path(folder) / f"{name}.png")
