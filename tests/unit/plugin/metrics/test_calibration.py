"""Scores against values that the metrics' authors or their reference implementations publish.

The five TID2013 pairs of IQA-PyTorch's calibration come with its wheel; what the authors' own code gives for them is
in its repository (github.com/chaofengc/IQA-PyTorch, ResultsCalibra/results_official.csv). The test data folder has
the images as ``calibration``, or unpack them: ``pip download --no-deps pyiqa==0.1.16``, unzip ``ResultsCalibra`` and
set DEEPMSE_CALIBRATION to it.
"""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from deepmse.plugin.errors import WeightsError
from deepmse.plugin.images import decode
from deepmse.plugin.metrics import create
from deepmse.plugin.metrics.base import FullReferenceMetric

from ....conftest import TEST_DATA

#: Scores with the weights that are at hand.
DEPENDS_ON_DATA = True

CALIBRATION = Path(os.environ.get("DEEPMSE_CALIBRATION", TEST_DATA / "calibration"))
IMAGES = ("I03", "I04", "I06", "I08", "I19")

#: What the authors' code gives, and how far the scores here may be from it: half a unit of the last published digit
#: where they agree, else the measured departure, which the README states.
OFFICIAL = {
    "psnr": ((21.11, 20.99, 27.01, 23.30, 21.62), 0.005),
    "ms-ssim": ((0.6733, 0.9996, 0.9998, 0.9566, 0.8462), 0.0045),
    "fsimc": ((0.6890, 0.9702, 0.9927, 0.9575, 0.8220), 0.0001),
    "gmsd": (
        (0.220347639470143, 0.000522058505050, 0.000448281481001, 0.134631933046914, 0.204996493556054),
        2.3e-6,
    ),
    "vsi": ((0.9139, 0.9620, 0.9922, 0.9571, 0.9262), 0.0125),
    "nlpd": (
        (0.561610096893874, 0.019534798560102, 0.015915631543598, 0.302802106557736, 0.432604962261603),
        1e-12,
    ),
    "lpips-alex": ((0.7237, 0.2572, 0.05079, 0.05205, 0.4253), 5e-5),
    "dists": ((0.4742, 0.1424, 0.06825, 0.02867, 0.3123), 5e-4),
    "brisque": ((94.6421, -0.107618, 0.992889, 5.35827, 72.2617), 2.2),
    "niqe": ((15.7536293917814, 3.65492152353770, 3.23547743716998, 3.18403333858339, 8.63519663862637), 0.031),
    "piqe": ((100.00, 21.62, 35.86, 41.15, 76.95), 0.005),
}

#: A frame of 22×15 pixels, and what the authors' ssim.m gives in Octave for it and two altered copies
#: (github.com/tdistler/iqa, test/octave/ssim_test.m and test/src/test_ssim.c).
FRAME = """
27 25 83 56 139 147 119 153 147 132 113 147 160 163 169 151 148 120 113 149 132 145
0 0 25 25 73 49 148 145 126 127 113 110 116 102 99 118 161 149 149 129 114 137
136 154 0 0 24 29 76 63 143 137 114 117 116 117 147 142 119 98 163 139 147 137
114 117 141 147 0 0 23 23 66 51 144 144 102 95 104 130 147 161 129 125 85 131
97 111 119 107 132 144 0 0 24 26 36 104 135 147 110 136 101 163 170 172 150 124
122 135 118 85 116 120 136 147 0 0 24 21 30 51 148 151 120 33 66 79 164 95
50 132 130 76 117 142 120 130 137 143 0 0 25 24 48 50 147 150 145 43 120 147
170 136 169 155 105 132 43 118 120 143 141 153 0 0 23 23 44 46 144 158 135 149
110 94 122 114 149 136 74 57 92 104 99 149 166 166 0 0 25 27 61 46 143 163
137 151 132 64 163 174 145 74 205 91 101 88 94 95 97 95 0 0 21 26 150 39
149 75 89 108 111 98 19 21 80 229 26 94 100 102 106 94 110 101 0 0 21 24
161 38 99 110 95 112 126 94 89 63 108 228 119 111 102 99 97 105 83 99 0 0
24 21 155 81 112 93 71 104 111 95 111 235 64 228 105 110 113 108 98 105 112 112
0 0 23 20 61 92 91 69 74 107 97 98 99 117 66 92 104 104 106 106 101 74
86 83 0 0 21 88 83 92 95 86 94 93 86 111 98 106 86 118 110 108 113 107
"""


def score(name: str, reference: np.ndarray | None, image: np.ndarray) -> float:
    """Score arrays (H, W, 3), uint8."""
    metric = create(name, device=torch.device("cpu"))
    with torch.inference_mode():
        if isinstance(metric, FullReferenceMetric):
            return metric.compare([metric.prepare(tensor(reference))], tensor(image)).scores.item()
        return metric.assess(tensor(image)).scores.item()


def tensor(image: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(image.astype(np.uint8)).permute(2, 0, 1)[None]


def low_pass(frame: np.ndarray) -> np.ndarray:
    """Mean of a pixel and its neighbours above and to the left, rounded; borders mirrored."""
    padded = np.pad(frame, ((1, 0), (1, 0)), mode="symmetric")
    return (padded[1:, 1:] + padded[:-1, 1:] + padded[1:, :-1] + padded[:-1, :-1] + 2) // 4


@pytest.mark.parametrize("name", OFFICIAL if CALIBRATION.is_dir() else ["all"])
def test_agrees_with_the_authors_code_on_tid2013(name):
    if not CALIBRATION.is_dir():
        pytest.skip(f"needs the images of IQA-PyTorch's calibration in {CALIBRATION}; see this module's docstring")
    try:
        create(name, device=torch.device("cpu"))
    except WeightsError as error:
        pytest.skip(f"needs weights: {str(error).splitlines()[0]}")
    found = [
        score(name, *(decode(CALIBRATION / side / f"{image}.bmp").pixels for side in ("ref_dir", "dist_dir")))
        for image in IMAGES
    ]
    values, tolerance = OFFICIAL[name]
    np.testing.assert_allclose(found, values, rtol=0, atol=tolerance)


@pytest.mark.parametrize(
    ("alter", "official"),
    [
        (lambda frame: frame, 1.0),
        (lambda frame: frame + 7, 0.99668),
        (low_pass, 0.68944),
    ],
    ids=["identical", "mean shift", "low pass"],
)
def test_ssim_agrees_with_the_authors_code_in_octave(alter, official):
    frame = np.array([line.split() for line in FRAME.split("\n") if line], dtype=int)
    reference, altered = (np.repeat(image[..., None], 3, 2) for image in (frame, alter(frame)))
    assert score("ssim", reference, altered) == pytest.approx(official, abs=1e-5)
