import numpy as np
import pytest
from deepmse.app.web import examples as web_examples
from PIL import Image


def test_there_are_none_without_scikit_image(monkeypatch):
    monkeypatch.setattr(web_examples, "find_spec", lambda _: None)
    assert web_examples.available() == ()
    assert web_examples.pairs() == {}
    assert web_examples.singles() == {}
    assert web_examples.photographs() == {}


def test_each_pair_is_a_photograph_and_a_distorted_copy():
    pytest.importorskip("skimage")
    examples = web_examples.available()
    assert len(examples) == 3
    for example in examples:
        reference, distorted = (np.array(Image.open(path), dtype=float) for path in web_examples.make(example))
        np.testing.assert_array_equal(reference, np.array(Image.open(example.photo).convert("RGB")))
        assert distorted.shape == reference.shape
        correlation = np.corrcoef(reference.ravel(), distorted.ravel())[0, 1]
        assert 0.9 < correlation < 0.999


def test_single_pictures_are_a_photograph_and_the_same_blurred():
    pytest.importorskip("skimage")
    sharp, blurred = (np.array(Image.open(make()), dtype=float) for make in web_examples.singles().values())
    assert sharp.shape == blurred.shape
    assert np.abs(np.diff(blurred, axis=1)).mean() < 0.5 * np.abs(np.diff(sharp, axis=1)).mean()
