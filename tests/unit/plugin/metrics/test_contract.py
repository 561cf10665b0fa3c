"""What every metric promises: its declarations hold, and its scores do not depend on what else is computed."""

import contextlib
import csv
import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from deepmse.app.commands.metrics import metrics
from deepmse.plugin.engine import loading
from deepmse.plugin.engine import scorer as scoring
from deepmse.plugin.engine.records import Item
from deepmse.plugin.engine.scorer import Scorer
from deepmse.plugin.errors import UsageError, WeightsError
from deepmse.plugin.images import MIN_SIDE, decode
from deepmse.plugin.metrics import create, metric_info, metric_names
from deepmse.plugin.metrics.base import AnyMetric, FullReferenceMetric
from deepmse.plugin.metrics.inventory import inventory, lack, networks
from deepmse.plugin.weights import ENVIRONMENT_VARIABLE
from PIL import Image
from scipy.stats import spearmanr

from ....conftest import photo_like
from ... import made_weights

#: Scores with the weights that are at hand.
DEPENDS_ON_DATA = True

pytest.importorskip("piq")
pytest.importorskip("torchmetrics")

ELEVEN = (
    *("deepmse", "psnr", "ssim", "ms-ssim", "fsimc", "vif"),
    *("vsi", "gmsd", "mdsi", "haarpsi", "lpips-alex"),
)
CPU = torch.device("cpu")

#: Metrics whose scores follow people's closely on LIVE's distortions; the others need weights that few machines have.
CLOSE_TO_PEOPLE = (
    *("psnr", "ssim", "ms-ssim", "iw-ssim", "vif", "fsim", "fsimc", "vsi", "gmsd", "mdsi", "haarpsi", "nlpd"),
    *("lpips-alex", "lpips-squeeze", "brisque", "niqe", "piqe"),
)


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """A folder with all files of parameters, made ones where the real ones are not here."""
    return made_weights.fill(tmp_path_factory.mktemp("weights"))


@pytest.fixture(autouse=True)
def weights_of_all_metrics(weights, monkeypatch):
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(weights))


def made(name: str) -> AnyMetric:
    return create(name, device=CPU)


def photos(n: int, width: int, height: int, seed: int = 0) -> torch.Tensor:
    images = np.stack([photo_like(seed + index, width, height) for index in range(n)])
    return torch.from_numpy(images).permute(0, 3, 1, 2)


def noisy(images: torch.Tensor) -> torch.Tensor:
    noise = 20 * torch.randn(images.shape, generator=torch.Generator().manual_seed(0))
    return (images + noise).clamp(0, 255).to(torch.uint8)


@torch.inference_mode()
def scores(metric: AnyMetric, references: torch.Tensor, images: torch.Tensor) -> list[float]:
    if not isinstance(metric, FullReferenceMetric):
        return metric.assess(images).scores.tolist()
    features = metric.prepare(references)
    each = [tuple(stage[index : index + 1] for stage in features) for index in range(len(images))]
    return metric.compare(each, images).scores.tolist()


@pytest.mark.parametrize("name", metric_names())
def test_a_score_is_the_same_in_any_batch(name):
    metric = made(name)
    side = max(metric.min_side, 64)
    references = photos(3, side + 5, side)
    images = noisy(references)
    together = scores(metric, references, images)
    alone = [scores(metric, references[i : i + 1], images[i : i + 1])[0] for i in (2, 0, 1)]
    assert together == pytest.approx([alone[1], alone[2], alone[0]], rel=1e-6)
    assert len(set(together)) == 3


@pytest.mark.parametrize("name", metric_names())
def test_scores_lie_in_the_declared_range_and_a_copy_is_best(name):
    metric = made(name)
    side = max(metric.min_side, MIN_SIDE)
    references = photos(3, side, side)
    images = noisy(references)
    low, high = metric.info.range
    found = scores(metric, references, images)
    assert all(low <= value <= high for value in found)
    if isinstance(metric, FullReferenceMetric):
        best = low if metric.info.lower_is_better else high
        expected = 1.0 if name == "vif" else best
        copies = scores(metric, references, references)
        # PieAPP's scale has no end, and where a copy is on it only its own parameters say.
        if math.isinf(expected) and name != "psnr":
            assert all(map(math.isfinite, copies))
        else:
            assert copies == pytest.approx([expected] * 3, abs=2e-3)
            assert all((value < expected) != metric.info.lower_is_better for value in found)


@pytest.mark.parametrize("name", [name for name in metric_names() if name != "deepmse"])
def test_the_smallest_side_is_enough_and_what_is_smaller_is_an_error_of_its_row(name, tmp_path):
    metric = made(name)
    smallest = max(metric.min_side, MIN_SIDE)
    for side in (smallest, smallest - 1):
        photo = photo_like(0, side, side + 40)
        for index, pixels in enumerate((photo // 2, photo)):
            Image.fromarray(pixels).save(tmp_path / f"{side}_{index}.png")
    items = [Item(side, tmp_path / f"{side}_0.png", tmp_path / f"{side}_1.png") for side in (smallest, smallest - 1)]
    enough, small = Scorer([name], device="cpu").run(items)
    assert math.isfinite(enough.measurements[name].value)
    assert f"too small: {smallest - 1}×{smallest + 39}" in small.error


@pytest.fixture(scope="module")
def agreement(ranked_pairs) -> dict[str, float]:
    """Rank correlation of badness by each metric with that by people; without their opinions, with the level."""
    names = []
    for name in CLOSE_TO_PEOPLE:
        with contextlib.suppress(WeightsError):
            create(name, device=CPU)
            names.append(name)
    items = [Item(pair.dmos, pair.dist, pair.ref) for pair in ranked_pairs[:: max(1, len(ranked_pairs) // 16)]]
    found = list(Scorer(names, device="cpu").run(items))
    dmos = [score.item.key for score in found]
    values = {name: np.array([score.measurements[name].value for score in found]) for name in names}
    turned = {name: each if metric_info(name).lower_is_better else -each for name, each in values.items()}
    return {name: float(spearmanr(each, dmos).statistic) for name, each in turned.items()}


def test_metrics_agree_with_people_in_the_declared_direction(agreement):
    assert {name for name in CLOSE_TO_PEOPLE if not metric_info(name).files} <= set(agreement)
    assert {name: srcc for name, srcc in agreement.items() if not srcc > 0.65} == {}


def test_eleven_metrics_decode_each_file_once(monkeypatch, tmp_path):
    calls: Counter[str] = Counter()

    def counting(path: str | Path, **settings: Any) -> Any:
        calls[Path(path).name] += 1
        return decode(path, **settings)

    monkeypatch.setattr(loading, "decode", counting)
    for index in range(2):
        Image.fromarray(photo_like(index, 200, 180)).save(tmp_path / f"ref{index}.png")
    for index in range(6):
        darker = photo_like(index % 2, 200, 180) * (0.9 - 0.1 * index)
        Image.fromarray(darker.astype(np.uint8)).save(tmp_path / f"dist{index}.png")
    for name in ELEVEN:
        made(name)
    items = [Item(index, tmp_path / f"dist{index}.png", tmp_path / f"ref{index % 2}.png") for index in range(6)]
    found = list(Scorer(ELEVEN, device="cpu").run(items))
    assert all(set(score.measurements) == set(ELEVEN) for score in found)
    assert calls == {f"ref{i}.png": 1 for i in range(2)} | {f"dist{i}.png": 1 for i in range(6)}


def test_identical_images_have_an_infinite_psnr_in_the_table(run, tmp_path):
    Image.fromarray(photo_like(0)).save(tmp_path / "a.png")
    (tmp_path / "pairs.csv").write_text("dist,ref\na.png,a.png\n")
    result = run("score", tmp_path / "pairs.csv", "-m", "psnr")
    assert (result.status, result.rows[0]["psnr"], result.rows[0]["error"]) == (0, "inf", "")


@pytest.mark.parametrize("name", ["iw-ssim", "brisque", "niqe"])
def test_an_image_without_content_is_an_error_of_its_row(name, tmp_path):
    made(name)
    Image.new("RGB", (200, 200), "grey").save(tmp_path / "flat.png")
    Image.fromarray(photo_like(0, 200, 200)).save(tmp_path / "photo.png")
    items = [Item(file, tmp_path / file, tmp_path / file) for file in ("photo.png", "flat.png")]
    photo, flat = Scorer([name], device="cpu", batch_size=2).run(items)
    assert photo.error == ""
    assert f"{metric_info(name).title} is not defined for" in flat.error


def test_an_unknown_metric_lists_all(run, tmp_path):
    (tmp_path / "pairs.csv").write_text("dist,ref\na.png,a.png\n")
    result = run("score", tmp_path / "pairs.csv", "-m", "best")
    assert result.status == 2
    assert f"no metric 'best'; there are {', '.join(metric_names())}" in result.err.replace("\n", "")


NEEDING_WEIGHTS = [name for name in metric_names() if metric_info(name).files]


@pytest.fixture
def nothing_here(monkeypatch, tmp_path):
    """No weights folder, an empty cache, no network and no packages with weights."""

    def no_network(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.delenv(ENVIRONMENT_VARIABLE, raising=False)
    monkeypatch.setattr("urllib.request.urlopen", no_network)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)


@pytest.mark.parametrize("name", NEEDING_WEIGHTS)
def test_missing_weights_are_one_error_with_what_was_tried_and_the_ways_out(
    name, nothing_here, monkeypatch, tmp_path
):
    with pytest.raises(WeightsError, match="no weights for") as raised:
        create(name, device=CPU)
    message = str(raised.value)
    assert "Tried:\n  - $DEEPMSE_WEIGHTS: not set\n  - torch hub" in message
    assert "ways out:\n" in message
    assert "pass --weights PATH to a copy of" in message
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(WeightsError, match=f"DEEPMSE_WEIGHTS: no .*{tmp_path.name}"):
        create(name, device=CPU)
    with pytest.raises(WeightsError, match=r"nowhere\.bin: no such weights file"):
        create(name, device=CPU, weights=tmp_path / "nowhere.bin")


@pytest.mark.parametrize("name", NEEDING_WEIGHTS)
def test_a_wrong_weights_file_is_refused(name, tmp_path):
    path = tmp_path / "wrong.pt"
    torch.save({"features.0.weight": torch.zeros(1), "x": torch.zeros(2)}, path)
    with pytest.raises(WeightsError, match=r"wrong\.pt"):
        create(name, device=CPU, weights=path)


def test_weights_list_shows_what_every_metric_needs(run, nothing_here):
    listed = run("weights", "list")
    assert listed.status == 0
    text = " ".join(listed.out.split())
    assert all(name in text for name in NEEDING_WEIGHTS)
    assert text.count("missing") == len(inventory())
    assert "https://download.pytorch.org/models/vgg16-397923af.pth" in text


def test_weights_are_fetched_by_the_networks_name(run, nothing_here, tmp_path):
    assert list(networks()) == ["squeezenet1_1", "alexnet", "vgg16", "vgg19"]
    assert run("weights", "fetch", tmp_path, "resnet").status == 2
    result = run("weights", "fetch", tmp_path, "alexnet")
    assert result.status == 1
    assert "alexnet-owt-7be5be79.pth cannot be had (no network)" in result.err.replace("\n", "")


def test_a_metric_whose_package_is_missing_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "piq", None)
    with pytest.raises(UsageError, match=r"SSIM needs the package piq: pip install 'fiftyone-deepmse\[metrics\]'"):
        create("ssim", device=CPU)


def test_everything_that_decides_a_score_is_recorded():
    for name in metric_names():
        try:
            described = scoring.Scorer([name], device="cpu").describe()["metrics"][name]
        except WeightsError:
            continue
        assert described.keys() & {"weights", "implementation"}
        assert described["policy"]["name"] == metric_info(name).policy


def test_the_papers_table_can_be_written_by_one_command(run, tmp_path):
    for name in ELEVEN:
        made(name)
    for index in range(3):
        Image.fromarray(photo_like(0, 180, 170) // (index + 1)).save(tmp_path / f"{index}.png")
    (tmp_path / "pairs.csv").write_text("dist,ref,mos\n1.png,0.png,1\n2.png,0.png,2\n")
    chosen = [argument for name in ELEVEN for argument in ("-m", name)]
    assert run("score", tmp_path / "pairs.csv", *chosen, "-o", tmp_path / "out.csv").status == 0
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [list(row)[3:14] for row in rows] == [[metric_info(name).field for name in ELEVEN]] * 2


def test_the_metrics_command_lists_what_every_metric_declares(capsys):
    metrics(as_json=True)
    declared = {each["name"]: each for each in json.loads(capsys.readouterr().out)}
    assert tuple(declared) == metric_names()
    assert (declared["psnr"]["kind"], declared["psnr"]["lower_is_better"]) == ("FR", False)
    assert declared["psnr"]["range"] == [0, None]
    assert all(each["installed"] and each["licence"] and each["citation"] for each in declared.values())
    metrics(as_json=False)
    text = capsys.readouterr().out
    assert all(name in text for name in metric_names())


def test_the_metrics_command_says_how_to_install_what_is_missing(monkeypatch, capsys):
    monkeypatch.setattr("deepmse.plugin.metrics.info.find_spec", lambda name: None)
    metrics(as_json=False)
    assert "ssim: packages are not installed: pip install 'fiftyone-deepmse[metrics]'" in capsys.readouterr().out


@pytest.mark.parametrize("name", NEEDING_WEIGHTS)
def test_a_metric_without_its_weights_lacks_them_until_they_are_named(name, monkeypatch, tmp_path):
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("deepmse.plugin.weights.search._packaged", lambda _: None)
    info = metric_info(name)
    missing = lack(info)
    assert missing is not None
    assert info.files[0].in_print in missing.reason
    assert "DEEPMSE_WEIGHTS" in missing.remedy
    assert lack(info, weights_given=True) is None


def test_the_metrics_command_says_which_weights_are_missing(nothing_here, run):
    declared = {each["name"]: each for each in run("metrics", "--json").json}
    assert "no weights of torchvision VGG-19" in declared["deepdc"]["lacks"]
    assert not declared["deepdc"]["here"]
    assert declared["psnr"]["here"]
    assert declared["psnr"]["lacks"] is None
