"""Score a folder of pictures without references, and list the worst.

``python examples/score_a_folder.py [FOLDER]``; without a folder it makes one of the photographs that come with
scikit-learn.
"""

import sys
import tempfile
from pathlib import Path

import deepmse
from PIL import Image, ImageFilter
from sklearn.datasets import load_sample_image


def make(folder: Path) -> None:
    """Two photographs, each as it is, blurred, and saved as a poor JPEG; and a file that is no picture."""
    for name in ("china", "flower"):
        photo = Image.fromarray(load_sample_image(f"{name}.jpg"))
        photo.save(folder / f"{name}.png")
        photo.filter(ImageFilter.GaussianBlur(4)).save(folder / f"{name}-blurred.png")
        photo.save(folder / f"{name}-compressed.jpg", quality=8)
    (folder / "broken.jpg").write_bytes(b"not a picture")


with tempfile.TemporaryDirectory() as made:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else made)
    if folder == Path(made):
        make(folder)
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    scored = []
    for path, score in zip(paths, deepmse.score(paths, ["nr"]), strict=True):
        if score.error:
            print(f"{path.name}: no score: {score.error}")
        else:
            scored.append((score.measurements["nr"].value, path.name))
    print("worst first:")
    for value, name in sorted(scored)[:20]:
        print(f"{value:5.1f}  {name}")
