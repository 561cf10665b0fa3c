"""Networks in bfloat16: what must stay exact does, what changes is small, and runs tell it."""

import pytest
import torch
from deepmse.plugin.engine.scorer import Scorer
from deepmse.plugin.errors import UsageError
from deepmse.plugin.metrics import create, precision
from deepmse.plugin.metrics.precision import dtype_of, name_of

from ....conftest import photo_like

CPU = torch.device("cpu")


@pytest.fixture
def capable(monkeypatch):
    """A processor that says that it has bfloat16; one that has it not computes the same, slowly."""
    monkeypatch.setattr(precision, "has_bfloat16", lambda device: True)


def images(*seeds: int) -> torch.Tensor:
    return torch.stack([torch.from_numpy(photo_like(seed, 256, 256)).permute(2, 0, 1) for seed in seeds])


def test_identical_images_score_zero_and_batches_change_nothing(capable, squeezenet_file):
    metric = create("deepmse", device="cpu", weights=squeezenet_file, precision="bfloat16")
    references, distorted = images(1, 2, 3), images(4, 2, 5)
    features = [metric.prepare(reference[None]) for reference in references]
    whole = metric.compare(features, distorted).scores
    alone = [metric.compare([features[place]], distorted[place : place + 1]).scores for place in range(3)]
    assert torch.equal(whole, torch.cat(alone))
    assert whole[1] == 0 < whole[0]
    exact = create("deepmse", device=CPU, weights=squeezenet_file)
    plain = exact.compare([exact.prepare(reference[None]) for reference in references], distorted).scores
    assert plain.tolist() == pytest.approx(whole.tolist(), rel=0.05)
    assert not torch.equal(plain, whole)


def test_nr_differs_little_and_is_the_same_in_any_batch(capable):
    metric, exact = create("nr", device=CPU, precision="bfloat16"), create("nr", device=CPU)
    photographs = images(1, 2)
    whole = metric.assess(photographs).scores
    assert torch.equal(whole, torch.cat([metric.assess(photographs[place : place + 1]).scores for place in (0, 1)]))
    assert whole.tolist() == pytest.approx(exact.assess(photographs).scores.tolist(), abs=5)


def test_auto_is_what_the_device_has_and_runs_tell_what_it_was(monkeypatch):
    for has, name in ((True, "bfloat16"), (False, "float32")):
        monkeypatch.setattr(precision, "has_bfloat16", lambda device, has=has: has)
        assert name_of(dtype_of("auto", CPU)) == name
        assert Scorer(["nr"], device="cpu", precision="auto").describe()["metrics"]["nr"]["precision"] == name
    assert Scorer(["nr"], device="cpu").describe()["metrics"]["nr"]["precision"] == "float32"


@pytest.mark.parametrize(
    ("wanted", "message"), [("half", "no precision 'half'; there are float32"), ("bfloat16", "AVX512-BF16 or AMX")]
)
def test_what_is_not_there_is_refused(monkeypatch, wanted, message):
    monkeypatch.setattr(precision, "has_bfloat16", lambda device: False)
    with pytest.raises(UsageError, match=message):
        dtype_of(wanted, CPU)
    with pytest.raises(UsageError, match="none of the metrics psnr takes precision"):
        Scorer(["psnr"], device="cpu", precision="auto")
