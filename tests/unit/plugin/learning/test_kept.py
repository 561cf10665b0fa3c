"""Features that are kept: the same to the bit, known by pixels and network, within a limit, and never in the way."""

import logging

import numpy as np
import pytest
import torch
from deepmse.plugin.learning import kept
from deepmse.plugin.learning.gaussian_process.features import FeatureNetwork
from deepmse.plugin.learning.kept import KeptFeatures, forget, kept_file

from ....conftest import photo_like

SIZES = {"stem": 4, "block0": 6}


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def image(seed: int) -> np.ndarray:
    return photo_like(seed).transpose(2, 0, 1)


def features(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=10).astype(np.float32)


def store(network: str = "a", sizes: dict = SIZES, **settings) -> KeptFeatures:
    return KeptFeatures({"weights": network}, sizes, **settings)


def test_a_network_finds_what_it_computed_to_the_bit_and_computes_nothing_anew(monkeypatch):
    images = torch.from_numpy(np.stack([image(0), image(1), image(0)[..., ::-1]]))
    plain = FeatureNetwork(("stem", "pixels"), "mean+std")
    keeping = FeatureNetwork(("stem", "pixels"), "mean+std")
    keeping.keep()
    np.testing.assert_array_equal(keeping(images[:2]), plain(images[:2]))
    np.testing.assert_array_equal(keeping(images), plain(images))
    assert keeping.reused == 2
    fewer = FeatureNetwork(("stem",), "mean+std")
    fewer.keep()
    expected = FeatureNetwork(("stem",), "mean+std")(images)
    monkeypatch.setattr(fewer, "_compute", None)
    np.testing.assert_array_equal(fewer(images), expected)


def test_pictures_and_networks_are_told_apart():
    ours, key = store(), store().key(image(0))
    ours.put(key, features(0))
    np.testing.assert_array_equal(store().get(key), features(0))
    assert store("b").get(key) is None
    assert store(sizes={**SIZES, "head": 2}).get(key) is None
    changed = image(0).copy()
    changed[0, 0, 0] += 1
    turned = image(0).reshape(3, 96, 80)
    assert len({key, ours.key(changed), ours.key(turned), ours.key(image(0)[..., ::-1])}) == 4


def test_only_what_was_kept_on_earlier_days_makes_room(monkeypatch):
    limit = 60_000
    rows = [np.full(10, number, np.float32) for number in range(3000)]
    ours = store(limit=limit)
    keys = [f"{number:016}".encode() for number in range(3000)]
    for key, row in zip(keys, rows, strict=True):
        ours.put(key, row)
    found = [ours.get(key) is not None for key in keys]
    number = sum(found)
    assert 100 < number < 3000
    assert all(found[:number]), "the first ones stay, so that the next run finds them"
    monkeypatch.setattr(kept, "_today", lambda: 10**6)
    ours.put(keys[-1], rows[-1])
    assert ours.get(keys[-1]) is not None
    assert ours.get(keys[0]) is None


def test_all_is_forgotten_when_asked():
    ours, key = store(), store().key(image(0))
    ours.put(key, features(0))
    assert forget() > 0
    assert not kept_file().exists()
    assert store().get(key) is None


def test_a_damaged_file_is_told_and_passed_over(caplog):
    kept_file().parent.mkdir(parents=True)
    kept_file().write_bytes(b"no database" * 1000)
    with caplog.at_level(logging.WARNING):
        ours = store()
    ours.put(b"0", features(0))
    assert ours.get(b"0") is None
    assert "features.sqlite: features are not kept" in caplog.text
