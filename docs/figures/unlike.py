"""Lists photographs, and pictures that are none: ``python docs/figures/unlike.py PHOTOGRAPHS.csv CLONES OUT.csv``.

PHOTOGRAPHS.csv is what ``deepmse load biq2021`` writes, and CLONES a folder with those of five projects on GitHub,
measured at these commits: has2k1/plotnine 6836b99d, SciTools/cartopy 437b0f79, jupyterlab/jupyterlab 6ef5a17a,
googlefonts/noto-emoji b3e3051a and muhammedtalo/COVID-19 ee3e2cff. OUT.csv has the images as ``dist`` and what they
are as ``kind``.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Final

from PIL import Image

EACH: Final = 60
SMALLEST: Final = 128  # pixels; below are icons and buttons
KINDS: Final = {
    "charts": "plotnine/tests/baseline_images/**/*.png",
    "maps": "cartopy/lib/cartopy/tests/mpl/baseline_images/**/*.png",
    "screens": "jupyterlab/galata/test/documentation/*-snapshots/*.png",
    "drawings": "noto-emoji/png/512/*.png",
    "X-rays": "COVID-19/X-Ray Image DataSet/*/*",
}


def is_large(path: Path) -> bool:
    """Whether both sides of a picture are long enough."""
    with Image.open(path) as image:
        return min(image.size) >= SMALLEST


def spread(paths: list[Path]) -> list[Path]:
    """As many as are wanted of a list, at equal distances from the first on."""
    return [paths[len(paths) * index // EACH] for index in range(EACH)]


if __name__ == "__main__":
    photographs, clones, out = map(Path, sys.argv[1:])
    with photographs.open(newline="") as file:
        test = [row["dist"] for row in csv.DictReader(file) if row["split"] == "test"]
    with out.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["dist", "kind"])
        writer.writerows([path, "photographs"] for path in test[::10])
        for kind, pattern in KINDS.items():
            found = sorted(filter(is_large, clones.glob(pattern)))
            writer.writerows([path.absolute(), kind] for path in spread(found))
