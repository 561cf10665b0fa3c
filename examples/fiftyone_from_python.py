"""Score a FiftyOne dataset from Python, and open what is worst.

``python examples/fiftyone_from_python.py``, after ``deepmse plugin link``; the photographs come with scikit-learn.
"""

import sys
import tempfile
from pathlib import Path

import fiftyone as fo
import fiftyone.operators as foo
from PIL import Image, ImageFilter
from sklearn.datasets import load_sample_image

folder = Path(tempfile.mkdtemp(prefix="deepmse-example-"))
dataset = fo.Dataset()
for name in ("china", "flower"):
    photo = Image.fromarray(load_sample_image(f"{name}.jpg"))
    photo.save(folder / f"{name}.png")
    for radius in (1, 2, 4):
        blurred = folder / f"{name}-{radius}.png"
        photo.filter(ImageFilter.GaussianBlur(radius)).save(blurred)
        dataset.add_sample(fo.Sample(filepath=str(blurred), ref_path=str(folder / f"{name}.png"), radius=radius))

# Operators are called like functions; long runs are better requested with request_delegation=True.
foo.get_operator("@deepmse/image-quality/compute_full_reference")(dataset, ["deepmse", "psnr"])
foo.get_operator("@deepmse/image-quality/compute_no_reference")(dataset)

worst = dataset.sort_by("deepmse", reverse=True)
for sample in worst:
    scores = f"DeepMSE {sample.deepmse:.3f}, PSNR {sample.psnr:.1f} dB, nr {sample.nr:.1f} ({sample.nr_grade})"
    print(f"{Path(sample.filepath).name}: {scores}")
print("runs:", ", ".join(dataset.list_runs()))

if "--app" in sys.argv:
    fo.launch_app(worst).wait(-1)
