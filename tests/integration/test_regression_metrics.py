"""SRCC, KRCC and PLCC through FiftyOne's own ``evaluate_regressions``."""

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from deepmse.plugin.evaluation import fit_curve
from scipy import stats

pytestmark = pytest.mark.integration

METRICS = [f"@deepmse/image-quality/{name}" for name in ("srcc", "krcc", "plcc")]
RNG = np.random.default_rng(2)
SCORES = RNG.uniform(0, 10, 60)
TARGETS = 5 / (1 + np.exp(SCORES - 5)) + RNG.normal(0, 0.3, 60)


@pytest.fixture
def dataset():
    dataset = fo.Dataset()
    dataset.add_samples(
        [
            fo.Sample(filepath=f"/nowhere/{n}.png", score=fo.Regression(value=score), mos=fo.Regression(value=target))
            for n, (score, target) in enumerate(zip(SCORES, TARGETS, strict=True))
        ],
        progress=False,
    )
    yield dataset
    dataset.delete()


def evaluate(dataset: fo.Dataset, **settings: bool):
    metrics = dict.fromkeys(METRICS, settings)
    return dataset.evaluate_regressions("score", gt_field="mos", eval_key="agreement", custom_metrics=metrics)


def test_correlations_are_those_of_scipy_turned_by_the_declared_directions(dataset):
    metrics = evaluate(dataset, lower_is_better=True).metrics()
    assert metrics["srcc"] == pytest.approx(-stats.spearmanr(SCORES, TARGETS).statistic)
    assert metrics["krcc"] == pytest.approx(-stats.kendalltau(SCORES, TARGETS).statistic)
    fitted = fit_curve(SCORES, TARGETS).predict(SCORES)
    assert metrics["plcc"] == pytest.approx(stats.pearsonr(fitted, TARGETS).statistic)
    undeclared = evaluate(dataset).metrics()
    assert [undeclared[name] for name in ("srcc", "krcc", "plcc")] == pytest.approx(
        [-metrics[name] for name in ("srcc", "krcc", "plcc")]
    )


def test_missing_pairs_are_left_out(dataset):
    values = [None if n < 10 else fo.Regression(value=score) for n, score in enumerate(SCORES)]
    dataset.set_values("score", values)
    srcc = evaluate(dataset).metrics()["srcc"]
    assert srcc == pytest.approx(stats.spearmanr(SCORES[10:], TARGETS[10:]).statistic)


def test_what_cannot_be_had_is_absent(dataset):
    dataset.set_values("score", [fo.Regression(value=1.0)] * 60)
    assert "srcc" not in evaluate(dataset).metrics()


def test_they_are_kept_with_the_evaluation_as_higher_is_better(dataset):
    evaluate(dataset)
    kept = dataset.load_evaluation_results("agreement", cache=False).custom_metrics
    assert [kept[name]["lower_is_better"] for name in METRICS] == [False] * 3
    assert [kept[name]["label"] for name in METRICS] == ["SRCC", "KRCC", "PLCC"]


def test_form_asks_for_both_directions(dataset):
    properties = foo.get_operator(METRICS[0]).resolve_input(None).type.properties
    assert set(properties) == {"lower_is_better", "target_lower_is_better"}
