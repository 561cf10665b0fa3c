"""Training on made features: what is learnt, kept, calibrated and refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from deepmse.plugin.errors import UsageError, WeightsError
from deepmse.plugin.learning.gaussian_process import files as nr_files
from deepmse.plugin.learning.gaussian_process import training as nr_training
from deepmse.plugin.learning.gaussian_process.card import card
from deepmse.plugin.learning.gaussian_process.design import Design, Recipe
from deepmse.plugin.learning.gaussian_process.search import search
from deepmse.plugin.learning.gaussian_process.training import Samples
from deepmse.plugin.weights import Weights
from scipy.stats import spearmanr
from sklearn.decomposition import PCA
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, DotProduct, Matern, WhiteKernel

SIZES = {"block0": 12, "block1": 20}
RECIPE = Recipe(linear=(("block0",), ("block1",)), curved=(("block0",), ("block1",)), components=4)


def made(n: int, seed: int = 0) -> Samples:
    """Features of which a few decide the opinion, by a curve and with noise."""
    rng = np.random.default_rng(seed)
    features = rng.normal(3, 1, (n, 32)) * np.random.default_rng(9).uniform(0.1, 5, 32)
    z = (features - features.mean(0)) / features.std(0)
    latent = z[:, 0] + 0.7 * z[:, 13] - 0.5 * z[:, 20] + 0.3 * z[:, 1] ** 2 + rng.normal(0, 0.4, n)
    opinions = 100 / (1 + np.exp(-latent))
    views = np.stack([features, features + rng.normal(0, 0.02, features.shape)], axis=1).astype(np.float32)
    return Samples(views, SIZES, opinions, "0" * 64, (None,) * n)


@pytest.fixture(scope="module")
def trained():
    return nr_training.train(made(300), RECIPE)


def test_a_model_knows_images_that_it_has_not_seen(trained):
    model, validation = trained
    new = made(200, seed=1)
    quality = model(new.features[:, 0])
    assert spearmanr(quality.scores, new.opinions).statistic > 0.85
    assert spearmanr(validation.scores, made(300).opinions).statistic > 0.85


def test_intervals_are_calibrated(trained):
    model, validation = trained
    assert 0.92 < validation.coverage < 0.98
    new = made(400, seed=2)
    quality = model(new.features[:, 0])
    assert 0.9 < np.mean(np.abs(quality.scores - new.opinions) < 1.96 * quality.deviations) < 0.99


def test_percentiles_are_among_the_training_images(trained):
    model, validation = trained
    quality = model(made(50, seed=3).features[:, 0])
    lower = [np.mean(validation.scores < score) * 100 for score in quality.scores]
    np.testing.assert_allclose(quality.percentiles, lower, atol=1.5)


def test_a_model_is_the_same_after_it_was_kept(trained, tmp_path):
    model, _ = trained
    path = tmp_path / "sub" / "model.safetensors"
    nr_files.save(model, path, {"data": "made"})
    features = made(20, seed=4).features[:, 0]
    before, after = model(features), nr_files.load(path)(features)
    for name in ("scores", "deviations", "percentiles"):
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name))
    assert path.with_suffix(".json").read_text() == '{\n  "data": "made"\n}\n'
    assert path.stat().st_mode == path.with_suffix(".json").stat().st_mode


def test_training_again_gives_the_same_scores(trained):
    again, _ = nr_training.train(made(300), RECIPE)
    features = made(20, seed=5).features[:, 0]
    np.testing.assert_array_equal(again(features).scores, trained[0](features).scores)


def test_a_model_agrees_with_scikit_learns_process_of_the_same_covariance():
    """The whole chain written out: standardise, principal components, one process of linear and Matérn terms."""
    samples = replace(made(120), features=np.repeat(made(120).features[:, :1], 2, axis=1))
    recipe = replace(RECIPE, whitening=1.0, target="values")
    model = nr_training.fit(samples, recipe)
    new = made(30, seed=6).features[:, 0].astype(float)

    x = samples.features[:, 0].astype(float)
    mean, deviation = x.mean(0), x.std(0)
    columns = [slice(0, 12), slice(12, 32)]
    axes = [
        PCA(4, whiten=True, svd_solver="randomized", random_state=0).fit(((x - mean) / deviation)[:, at])
        for at in columns
    ]

    def design(features: np.ndarray) -> np.ndarray:
        z = (features - mean) / deviation
        components = [pca.transform(z[:, at]) / 2 for pca, at in zip(axes, columns, strict=True)]
        return np.hstack([*components, z[:, :12] / 24**0.5, z[:, 12:] / 40**0.5])

    found = model.hyperparameters
    matern = ConstantKernel(found.matern) * Matern(found.length, nu=2.5)
    linear = ConstantKernel(found.linear) * DotProduct(0.0)
    theirs = GaussianProcessRegressor(_Sum(matern, linear) + WhiteKernel(found.noise), alpha=0, optimizer=None)
    y = (samples.opinions - samples.opinions.mean()) / samples.opinions.std()
    expected = theirs.fit(design(x), y).predict(design(new))
    # Components are kept in half precision.
    np.testing.assert_allclose(model.learnt(new)[0], expected, atol=5e-3)


class _Sum(ConstantKernel):
    """A Matérn covariance of the first four features, another of the next four, and a linear one of the rest."""

    def __init__(self, matern, linear):
        super().__init__(1.0, "fixed")
        self.matern, self.linear = matern, linear

    def __call__(self, X, Y=None, eval_gradient=False):
        Y = X if Y is None else Y
        curved = self.matern(X[:, :4], Y[:, :4]) + self.matern(X[:, 4:8], Y[:, 4:8])
        return curved + self.linear(X[:, 8:], Y[:, 8:])


def test_a_design_takes_features_that_never_vary():
    features = made(50).features[:, 0].astype(float)
    features[:, 3] = 7
    design = Design.fit(RECIPE, SIZES, features)
    changed = features.copy()
    changed[:, 3] = 1e6
    np.testing.assert_allclose(design.transform(changed), design.transform(features))


def test_no_reference_is_in_training_and_test(monkeypatch):
    samples = replace(made(60), references=tuple(str(index // 6) for index in range(60)))
    seen = []
    fit = nr_training.fit
    monkeypatch.setattr(nr_training, "fit", lambda part, *args, **kw: seen.append(part) or fit(part, *args, **kw))
    nr_training.cross_validate(samples, RECIPE)
    for part in seen:
        counts = [part.references.count(reference) for reference in set(part.references)]
        assert counts == [6] * len(counts)


def test_a_search_keeps_what_raises_the_correlation():
    recipe = replace(RECIPE, curved=(), target="values")
    told = []
    best, trials = search(made(60), recipe, alternatives={"target": {"ranks": "ranks"}}, tell=told.append)
    assert told == trials
    assert [trial.choice for trial in trials] == ["start", "target", "regressor", "regressor"]
    assert (best.target == "ranks") == (trials[1].srcc > trials[0].srcc) == trials[1].kept
    assert not any(trial.kept for trial in trials[2:])


@pytest.mark.parametrize(
    ("opinions", "reason"),
    [
        (np.zeros(0), "0 labelled images are too few"),
        (np.arange(19.0), "19 labelled images are too few"),
        (np.full(30, 50.0), "all 30 labels are 50; there is nothing to learn"),
    ],
)
def test_labels_that_teach_nothing_are_refused(opinions, reason):
    with pytest.raises(UsageError, match=reason):
        nr_training.train(
            Samples(np.zeros((len(opinions), 2, 32), np.float32), SIZES, opinions, "", (None,) * len(opinions)),
            RECIPE,
        )


def test_twenty_labels_are_enough():
    _, validation = nr_training.train(made(20), RECIPE)
    assert np.isfinite(validation.scores).all()


def test_copies_of_one_reference_cannot_validate():
    with pytest.raises(UsageError, match=r"copies of one\.png"):
        nr_training.train(replace(made(30), references=("one.png",) * 30), RECIPE)


def test_files_that_are_no_models_are_refused(tmp_path):
    from safetensors.numpy import save_file

    with pytest.raises(WeightsError, match="no such model file"):
        nr_files.load(tmp_path / "missing.safetensors")
    other = tmp_path / "other.safetensors"
    save_file({"x": np.zeros(3)}, other)
    with pytest.raises(WeightsError, match="no model that deepmse trained"):
        nr_files.load(other)
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(b"nothing")
    with pytest.raises(WeightsError, match=r"damaged\.safetensors"):
        nr_files.load(damaged)


def stars(n: int, seed: int, noise: float) -> Samples:
    """Made images with one to four stars, most of them four, that follow what decides the opinion but for noise."""
    samples, rng = made(n, seed), np.random.default_rng(seed)
    place = (samples.opinions / 100 + noise * rng.normal(size=n)).argsort().argsort() / n
    return replace(samples, opinions=np.select([place < 0.1, place < 0.25, place < 0.43], [0, 100 / 3, 200 / 3], 100))


def test_stars_are_learnt_as_they_are():
    samples = stars(120, 1, 0.1)
    ranks, values = (nr_training.fit(samples, replace(RECIPE, target=target)).scale for target in ("ranks", "values"))
    np.testing.assert_array_equal(ranks.learnt, values.learnt)
    np.testing.assert_array_equal(ranks.opinions, [0, 100])
    assert len(nr_training.fit(made(120), RECIPE).scale.opinions) > 10


def test_a_model_that_is_no_better_than_the_labels_mean_is_refused():
    samples = stars(60, 0, 1000)
    with pytest.raises(UsageError, match=r"no model: in cross-validation its scores miss the 60 labels by \d+\.\d"):
        nr_training.train(samples, RECIPE)


def test_the_card_says_how_much_better_than_the_mean_a_model_is(trained):
    model, validation = trained
    samples = made(300)
    weights = Weights("made", Path("made"), "0" * 64, {})
    results = card({}, samples, weights, model, validation, [], seed=0)["results"]
    missed = np.sqrt(np.mean((validation.scores - samples.opinions) ** 2))
    assert results["rmse_without_fit"] == pytest.approx(missed)
    assert results["rmse_of_mean"] == pytest.approx(samples.opinions.std())
    assert f"by {missed:.1f} of 100" in results["in_words"]
    assert f"{1 - missed / samples.opinions.std():.0%} less than the labels' mean" in results["in_words"]
