"""DeepMSE where there is no PyTorch: an ONNX graph, run with NumPy alone.

``python examples/onnx_without_torch.py``; the graph is made by ``deepmse export`` (extra ``export``), the photograph
comes with scikit-learn.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image
from sklearn.datasets import load_sample_images

with tempfile.TemporaryDirectory() as folder:
    graph = Path(folder) / "deepmse.onnx"
    # Once, on a machine that has PyTorch; then only this file travels.
    export = [str(Path(sys.executable).with_name("deepmse")), "export", "deepmse", str(graph)]
    subprocess.run(export, check=True, stdout=subprocess.DEVNULL)
    session = onnxruntime.InferenceSession(graph)

card = json.loads(session.get_modelmeta().custom_metadata_map["deepmse"])
photo = Image.fromarray(load_sample_images().images[1])
reference = np.asarray(photo).transpose(2, 0, 1)[None]
for factor in (1, 2, 4, 8):
    small = photo.resize((photo.width // factor, photo.height // factor))
    distorted = np.asarray(small.resize(photo.size)).transpose(2, 0, 1)[None]
    outputs = dict(
        zip(card["outputs"], session.run(None, {"reference": reference, "distorted": distorted}), strict=True)
    )
    print(f"reduced {factor} times: {card['title']} {outputs['score'][0]:.4f}")
print("PyTorch was loaded:", "torch" in sys.modules)
