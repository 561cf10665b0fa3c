"""Shared data: real images and weights where they are at hand, made ones where they are not."""

import csv
import io
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data
import torch
from deepmse.app import cli
from PIL import Image
from safetensors.torch import save_file
from torchvision.models import squeezenet1_1

TEST_DATA = Path(os.environ.get("DEEPMSE_TEST_DATA", Path(__file__).parents[2] / "shared")).resolve()

# For every test and every process that tests start: torchvision's weights where they are, else the fallback.
if (TEST_DATA / "weights").is_dir():
    os.environ.setdefault("DEEPMSE_WEIGHTS", str(TEST_DATA / "weights"))


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real test data."""
    if not TEST_DATA.is_dir():
        pytest.skip(f"needs the test data folder {TEST_DATA}; set DEEPMSE_TEST_DATA to where it is")
    return TEST_DATA


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--with-data",
        action="store_true",
        help="run only the tests whose outcome depends on the real test data or on weights beside them",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With ``--with-data`` keep what asks for real data, and whole modules that say so by ``DEPENDS_ON_DATA``."""
    if config.getoption("--with-data"):
        kept = [item for item in items if depends_on_data(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept


def depends_on_data(item: pytest.Item) -> bool:
    asked_for = {"test_data", "live_pairs", "ranked_pairs", "squeezenet_file", "quality", "served"}
    asks = bool(asked_for & set(getattr(item, "fixturenames", ()))) or hasattr(item.module, "DEPENDS_ON_DATA")
    return asks and item.get_closest_marker("interface") is None


@dataclass(frozen=True)
class OpinionPair:
    ref: Path
    dist: Path
    distortion: str
    dmos: float


@pytest.fixture(scope="session")
def live_pairs(test_data: Path) -> list[OpinionPair]:
    """The 79 real LIVE pairs with their DMOS."""
    root = test_data / "data" / "live_subset"
    with (root / "dmos.csv").open(newline="") as file:
        return [
            OpinionPair(
                root / "ref" / row["ref_img"], root / "dist" / row["dist_img"], row["distortion"], float(row["dmos"])
            )
            for row in csv.DictReader(file)
        ]


@pytest.fixture(scope="session")
def squeezenet_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """torchvision's SqueezeNet weights where they are at hand, else random ones under the same names."""
    real = TEST_DATA / "weights" / "squeezenet1_1_features.safetensors"
    if real.is_file():
        return real
    path = tmp_path_factory.mktemp("weights") / real.name
    torch.manual_seed(0)
    state = squeezenet1_1(weights=None).features.state_dict()
    save_file({f"features.{key}": value for key, value in state.items()}, path)
    return path


@pytest.fixture(scope="session")
def ranked_pairs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[OpinionPair]:
    """The real LIVE pairs where they are at hand, else photographs under noise of rising levels, as if people's."""
    if TEST_DATA.is_dir():
        return request.getfixturevalue("live_pairs")
    folder, pairs = tmp_path_factory.mktemp("ranked"), []
    for photo in ("astronaut", "coffee", "chelsea", "rocket"):
        clean = Image.fromarray(getattr(skimage.data, photo)()).convert("RGB").resize((320, 240))
        clean.save(folder / f"{photo}.png")
        for level in range(1, 6):
            noise = np.random.default_rng(level).normal(0, 5 * 2 ** (level - 1), (240, 320, 3))
            path = folder / f"{photo}_{level}.png"
            Image.fromarray(np.clip(np.asarray(clean) + noise, 0, 255).astype(np.uint8)).save(path)
            pairs.append(OpinionPair(folder / f"{photo}.png", path, "white noise", float(level)))
    return pairs


def photo_like(seed: int, width: int = 96, height: int = 80) -> np.ndarray:
    """Smooth colour with some detail, uint8 (H, W, 3)."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC), dtype=float)
    return np.clip(smooth + rng.normal(0, 6, smooth.shape), 0, 255).astype(np.uint8)


@dataclass(frozen=True)
class MadePair:
    ref: Path
    dist: Path


@pytest.fixture
def made_pairs(tmp_path: Path) -> list[MadePair]:
    """Two references with three noisy copies each, from the least noise to the most."""
    pairs = []
    for index in range(2):
        clean = photo_like(index)
        ref = tmp_path / f"ref{index}.png"
        Image.fromarray(clean).save(ref)
        for level, sigma in enumerate((4, 16, 48), start=1):
            noise = np.random.default_rng(level).normal(0, sigma, clean.shape)
            dist = tmp_path / f"dist{index}_{level}.png"
            Image.fromarray(np.clip(clean + noise, 0, 255).astype(np.uint8)).save(dist)
            pairs.append(MadePair(ref, dist))
    return pairs


@dataclass
class Result:
    status: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.out)))

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Run ``deepmse`` with arguments, in this process."""

    def run(*arguments: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["deepmse", *map(str, arguments)])
        capsys.readouterr()
        status = 0
        try:
            cli.main()
        except SystemExit as end:
            status = int(end.code or 0)
        return Result(status, *capsys.readouterr())

    return run
