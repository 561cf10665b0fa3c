"""What metrics give where there is nothing to see: a value that the formula has, or a reason."""

import math
from pathlib import Path

import numpy as np
import pytest
from deepmse.plugin.engine.records import Item
from deepmse.plugin.engine.scorer import Scorer
from deepmse.plugin.metrics import metric_info
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.ndimage import correlate, correlate1d

from ....conftest import photo_like

SIDE = 192
WITHOUT_WEIGHTS = (
    *("psnr", "ssim", "ms-ssim", "iw-ssim", "vif", "fsim", "fsimc", "vsi", "gmsd", "mdsi", "haarpsi", "nlpd", "piqe"),
)
DOCUMENTED = Path(__file__).parents[4] / "docs" / "flat-images.md"


def flat(level: int) -> np.ndarray:
    return np.full((SIDE, SIDE, 3), level, np.uint8)


def noisy(image: np.ndarray, sigma: float = 20) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, sigma, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


PHOTO = photo_like(0, SIDE, SIDE)
DOT = flat(100)
DOT[90, 90] = 101
PAIRS = {
    "a photograph and itself": (PHOTO, PHOTO),
    "black and black": (flat(0), flat(0)),
    "white and white": (flat(255), flat(255)),
    "one grey and another": (flat(100), flat(140)),
    "grey and grey with a dot": (flat(100), DOT),
    "black and a photograph": (flat(0), PHOTO),
    "grey and noise": (flat(128), noisy(flat(128))),
    "a photograph and black": (PHOTO, flat(0)),
    "a photograph and white": (PHOTO, flat(255)),
    "a photograph and its negative": (PHOTO, 255 - PHOTO),
}
#: The values that the formulas have, whatever the picture; None where they have none.
FLAT_PAIRS = ("black and black", "white and white", "one grey and another")
FLAT_REFERENCES = (*FLAT_PAIRS, "grey and grey with a dot", "black and a photograph", "grey and noise")
EXPECTED: dict[str, dict[str, float | None]] = {
    "psnr": {
        "a photograph and itself": math.inf,
        "black and black": math.inf,
        "white and white": math.inf,
        "one grey and another": 10 * math.log10(255**2 / 40**2),
    },
    "ssim": {
        "a photograph and itself": 1,
        "black and black": 1,
        "white and white": 1,
        "one grey and another": (2 * 100 * 140 + 2.55**2) / (100**2 + 140**2 + 2.55**2),
    },
    "ms-ssim": {"a photograph and itself": 1, "black and black": 1, "a photograph and its negative": None},
    "iw-ssim": {"a photograph and itself": 1, **dict.fromkeys(FLAT_REFERENCES)},
    "vif": {"a photograph and itself": 1, "a photograph and black": 0, **dict.fromkeys(FLAT_REFERENCES)},
    "fsim": {"a photograph and itself": 1, **dict.fromkeys(FLAT_PAIRS)},
    "fsimc": {"a photograph and itself": 1, **dict.fromkeys(FLAT_PAIRS)},
    "vsi": {"a photograph and itself": 1, **dict.fromkeys(FLAT_PAIRS)},
    "haarpsi": {"a photograph and itself": 1, **dict.fromkeys(FLAT_PAIRS)},
    "gmsd": {"a photograph and itself": 0, "black and black": 0, "white and white": 0},
    "mdsi": {"a photograph and itself": 0, "black and black": 0, "white and white": 0},
    "nlpd": {"a photograph and itself": 0, "black and black": 0, "white and white": 0},
    # No block is active: (0 + 1) / (0 + 1) of 100.
    "piqe": {"black and black": 100, "white and white": 100, "a photograph and black": 100},
}


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> dict[str, dict[str, float | str]]:
    """By metric and pair, the score or the reason."""
    folder = tmp_path_factory.mktemp("flat")
    items = []
    for index, (name, (reference, distorted)) in enumerate(PAIRS.items()):
        for role, pixels in (("ref", reference), ("dist", distorted)):
            Image.fromarray(pixels).save(folder / f"{role}{index}.png")
        items.append(Item(name, folder / f"dist{index}.png", folder / f"ref{index}.png"))
    scores = list(Scorer(WITHOUT_WEIGHTS, device="cpu", batch_size=4).run(items))
    return {
        metric: {
            score.item.key: score.measurements[metric].value if metric in score.measurements else score.errors[metric]
            for score in scores
        }
        for metric in WITHOUT_WEIGHTS
    }


@pytest.mark.parametrize("metric", WITHOUT_WEIGHTS)
def test_a_score_is_what_the_formula_has_or_a_reason(found, metric):
    for pair, result in found[metric].items():
        if isinstance(result, str):
            assert f"{metric_info(metric).title} is not defined for" in result, (pair, result)
        else:
            assert math.isfinite(result) or metric == "psnr", pair
    for pair, value in EXPECTED[metric].items():
        result = found[metric][pair]
        if value is None:
            assert isinstance(result, str), (pair, result)
        else:
            assert result == pytest.approx(value, rel=5e-4, abs=1e-6), pair
    undefined = {pair for pair, value in EXPECTED[metric].items() if value is None}
    assert {pair for pair, result in found[metric].items() if isinstance(result, str)} == undefined


def test_an_image_without_a_score_leaves_the_others_of_its_batch_as_they_are(found, tmp_path):
    Image.fromarray(PHOTO).save(tmp_path / "ref.png")
    Image.fromarray(255 - PHOTO).save(tmp_path / "dist.png")
    alone = next(Scorer(["vif", "mdsi"], device="cpu").run([Item(0, tmp_path / "dist.png", tmp_path / "ref.png")]))
    for metric in ("vif", "mdsi"):
        assert alone.measurements[metric].value == found[metric]["a photograph and its negative"]


def table(found: dict[str, dict[str, float | str]]) -> str:
    def cell(result: float | str) -> str:
        if isinstance(result, str):
            return "not defined"
        return "∞" if math.isinf(result) else f"{result + 0.0:.3f}".replace("-0.000", "0.000")

    names = {metric: metric_info(metric).title for metric in found}
    lines = [f"| reference and image | {' | '.join(names.values())} |", f"|---{'|---:' * len(names)}|"]
    lines += [f"| {pair} | {' | '.join(cell(found[metric][pair]) for metric in names)} |" for pair in PAIRS]
    return "\n".join(lines)


def test_the_documented_table_is_what_comes_out(found):
    assert table(found) in DOCUMENTED.read_text(encoding="utf-8")


def naive_ms_ssim(x: np.ndarray, y: np.ndarray) -> float | None:
    """Wang, Simoncelli and Bovik 2003 as their code has it, in float64; None where it gives a complex number."""
    taps = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    taps /= taps.sum()

    def smooth(image: np.ndarray) -> np.ndarray:
        return correlate1d(correlate1d(image, taps, 0), taps, 1)[5:-5, 5:-5]

    weights = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    product = 1.0
    for scale, weight in enumerate(weights):
        mx, my = smooth(x), smooth(y)
        vx, vy, vxy = smooth(x * x) - mx * mx, smooth(y * y) - my * my, smooth(x * y) - mx * my
        structure = (2 * vxy + c2) / (vx + vy + c2)
        if scale == 4:
            structure = structure * (2 * mx * my + c1) / (mx * mx + my * my + c1)
        if structure.mean() < 0:
            return None
        product *= structure.mean() ** weight
        halves = np.full((2, 2), 0.25)
        x, y = (correlate(image, halves, mode="reflect", origin=-1)[::2, ::2] for image in (x, y))
    return product


@pytest.mark.parametrize("kind", ["noise", "white patch", "white", "negative", "half negative", "shuffled"])
def test_ms_ssim_is_the_authors_or_not_defined(kind, tmp_path):
    rng = np.random.default_rng(1)
    reference = photo_like(3, 256, 256)[..., 0]
    distorted = reference.copy()
    if kind == "noise":
        distorted = np.clip(reference + rng.normal(0, 30, reference.shape), 0, 255).astype(np.uint8)
    elif kind == "white patch":
        distorted[40:200, 30:220] = 255
    elif kind == "white":
        distorted[:] = 255
    elif kind == "negative":
        distorted = 255 - reference
    elif kind == "half negative":
        distorted[:, :200] = 255 - reference[:, :200]
    else:
        distorted = rng.permutation(reference.ravel()).reshape(reference.shape)
    Image.fromarray(reference).save(tmp_path / "ref.png")
    Image.fromarray(distorted).save(tmp_path / "dist.png")
    (score,) = Scorer(["ms-ssim"], device="cpu").run([Item(0, tmp_path / "dist.png", tmp_path / "ref.png")])
    expected = naive_ms_ssim(reference.astype(float), distorted.astype(float))
    if expected is None:
        assert "MS-SSIM is not defined for images whose structure" in score.errors["ms-ssim"]
    else:
        assert score.measurements["ms-ssim"].value == pytest.approx(expected, abs=5e-3)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(1, 3))
def test_pictures_of_few_tones_have_a_finite_score_or_a_reason(tmp_path_factory, seed, tones, other):
    rng, folder = np.random.default_rng(seed), tmp_path_factory.getbasetemp()
    for name, count in (("few_ref", tones), ("few_dist", other)):
        levels = rng.integers(0, 256, (count, 3), dtype=np.uint8)
        blocks = rng.integers(0, count, (6, 6)).repeat(32, 0).repeat(32, 1)
        Image.fromarray(levels[blocks]).save(folder / f"{name}.png")
    (score,) = Scorer(WITHOUT_WEIGHTS, device="cpu").run([Item(0, folder / "few_dist.png", folder / "few_ref.png")])
    for metric in WITHOUT_WEIGHTS:
        if metric in score.measurements:
            value = score.measurements[metric].value
            assert math.isfinite(value) or (metric == "psnr" and value == math.inf)
        else:
            assert "is not defined for" in score.errors[metric]
