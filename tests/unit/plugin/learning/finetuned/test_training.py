"""Fine-tuning: it learns, it resumes to the same bits, and what it writes serves as the network's weights."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from deepmse.plugin.errors import UsageError
from deepmse.plugin.learning.finetuned.training import Recipe, finetune
from deepmse.plugin.learning.labels import LabelledImages
from deepmse.plugin.learning.learnt import learnt_from
from deepmse.plugin.learning.recipes import FINETUNED
from deepmse.plugin.learning.regression import Regression
from deepmse.plugin.learning.settings import Epoch
from deepmse.plugin.networks.backbones import build
from PIL import Image
from safetensors.torch import load_file
from torchvision.models import get_model

from .....conftest import photo_like

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def images(tmp_path_factory) -> LabelledImages:
    """Eight pictures whose quality falls with their noise."""
    folder = tmp_path_factory.mktemp("images")
    paths, targets = [], []
    for index in range(8):
        sigma = 10 * (index % 4)
        noisy = photo_like(index, 64, 48) + np.random.default_rng(index).normal(0, sigma, (48, 64, 3))
        path = folder / f"{index}.png"
        Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(path)
        paths.append(path)
        targets.append(90 - sigma)
    return LabelledImages(tuple(paths), np.array(targets, dtype=np.float64), (None,) * 8, {})


def random_weights(folder: Path, name: str) -> Path:
    torch.manual_seed(0)
    path = folder / f"{name}.pth"
    torch.save(get_model(name).state_dict(), path)
    return path


@pytest.fixture(scope="module")
def mobilenet(tmp_path_factory) -> Path:
    """With batch normalisation and dropout, which have a state and chance of their own."""
    return random_weights(tmp_path_factory.mktemp("weights"), "mobilenet_v2")


@pytest.fixture(scope="module")
def squeezenet(tmp_path_factory) -> Path:
    return random_weights(tmp_path_factory.mktemp("weights"), "squeezenet1_1")


def epochs_of(card: dict) -> tuple[Epoch, ...]:
    return tuple(Epoch(**epoch) for epoch in card["epochs"])


def recipe(**settings: object) -> Recipe:
    return Recipe("squeezenet", "fire8-concat", replace(FINETUNED, **{"epochs": 2, "batch_size": 4, **settings}))


def test_the_papers_recipe_is_the_default():
    assert (FINETUNED.epochs, FINETUNED.learning_rate, FINETUNED.patience, FINETUNED.keeps_last) == (
        30,
        1e-4,
        None,
        True,
    )


def test_the_loss_falls(images, tmp_path):
    told = []
    out = tmp_path / "tuned.safetensors"
    history = epochs_of(
        finetune(
            images,
            Recipe("efficientnet-lite0", settings=replace(FINETUNED, epochs=4, batch_size=4)),
            out,
            device=CPU,
            report=told.append,
        )
    )
    assert told == list(history)
    assert [epoch.number for epoch in history] == [1, 2, 3, 4]
    assert history[-1].loss < 0.6 * history[0].loss
    tuned = build("efficientnet-lite0", ["head"], out)
    assert all(torch.equal(value, load_file(out)[key]) for key, value in tuned.graph.state_dict().items())
    assert out.stat().st_mode == out.with_suffix(".json").stat().st_mode


def test_an_interrupted_training_ends_at_the_same_bits(images, mobilenet, tmp_path):
    settings = Recipe("mobilenet-v2", settings=replace(FINETUNED, epochs=3, batch_size=4))
    whole, parted = tmp_path / "whole.safetensors", tmp_path / "parted.safetensors"
    expected = epochs_of(finetune(images, settings, whole, weights=mobilenet, device=CPU))

    class InterruptionError(Exception):
        pass

    def interrupt(epoch):
        if epoch.number == 2:
            raise InterruptionError

    with pytest.raises(InterruptionError):
        finetune(images, settings, parted, weights=mobilenet, device=CPU, report=interrupt)
    torch.manual_seed(99)
    assert not parted.exists()
    resumed = epochs_of(finetune(images, settings, parted, weights=mobilenet, device=CPU, resume=True))
    assert resumed == expected
    assert parted.read_bytes() == whole.read_bytes()


def test_another_training_is_not_resumed(images, squeezenet, tmp_path):
    out = tmp_path / "tuned.safetensors"
    finetune(images, recipe(epochs=1), out, weights=squeezenet, device=CPU)
    with pytest.raises(UsageError, match="another recipe"):
        finetune(images, recipe(epochs=1, seed=1), out, weights=squeezenet, device=CPU, resume=True)
    others = replace(images, opinions=images.opinions[::-1])
    with pytest.raises(UsageError, match="other images"):
        finetune(others, recipe(epochs=1), out, weights=squeezenet, device=CPU, resume=True)


def test_what_is_written_serves_as_weights(images, squeezenet, tmp_path):
    out = tmp_path / "tuned.safetensors"
    history = epochs_of(finetune(images, recipe(epochs=2), out, weights=squeezenet, device=CPU))
    tensors = load_file(out)
    before, after = (build("squeezenet", ["fire8-concat"], weights) for weights in (squeezenet, out))
    assert set(tensors) == {*before.graph.state_dict(), "quality.weight", "quality.bias"}
    model = Regression(after)
    model.quality.load_state_dict({key: tensors[f"quality.{key}"] for key in ("weight", "bias")})
    image = torch.randint(0, 256, (1, 3, 227, 227), dtype=torch.uint8)
    with torch.inference_mode():
        assert torch.isfinite(model.eval()(image)).all()
        assert not torch.equal(before(image)[0], after(image)[0])
    card = json.loads(out.with_suffix(".json").read_text())
    assert card["target"] == {"mean": 75.0, "std": pytest.approx(np.std(images.opinions))}
    assert card["kept_epoch"] == 2
    assert [epoch["loss"] for epoch in card["epochs"]] == [epoch.loss for epoch in history]
    assert learnt_from(str(out), [*images.paths, tmp_path / "nowhere.png"]).tolist() == [True] * 8 + [False]


def test_early_stopping_keeps_the_network_that_did_best(images, squeezenet, tmp_path):
    """With the targets of the watched images turned round, learning makes them worse."""
    turned = replace(images, opinions=150 - images.opinions)
    out = tmp_path / "tuned.safetensors"
    history = epochs_of(
        finetune(
            images,
            recipe(epochs=9, patience=2, learning_rate=3e-4),
            out,
            validation=turned,
            weights=squeezenet,
            device=CPU,
        )
    )
    best = min(history, key=lambda epoch: epoch.validation)
    assert len(history) == best.number + 2 < 9
    assert json.loads(out.with_suffix(".json").read_text())["kept_epoch"] == best.number
    again = tmp_path / "again.safetensors"
    finetune(images, recipe(epochs=best.number, learning_rate=3e-4), again, weights=squeezenet, device=CPU)
    assert all(torch.equal(value, load_file(out)[key]) for key, value in load_file(again).items())


def test_seeds_make_different_networks(images, squeezenet, tmp_path):
    runs = [
        finetune(
            images, recipe(epochs=1, seed=seed), tmp_path / f"{seed}.safetensors", weights=squeezenet, device=CPU
        )
        for seed in (0, 1)
    ]
    assert runs[0] != runs[1]


def test_what_cannot_be_learned_from_is_refused(images, squeezenet, tmp_path):
    out = tmp_path / "tuned.safetensors"
    common = {"weights": squeezenet, "device": CPU}
    with pytest.raises(UsageError, match="all 8 labels are 1; there is nothing to learn"):
        finetune(replace(images, opinions=np.ones(8)), recipe(), out, **common)
    with pytest.raises(UsageError, match="validation images"):
        finetune(images, recipe(patience=1), out, **common)
    with pytest.raises(UsageError, match=r"\.safetensors"):
        finetune(images, recipe(), tmp_path / "tuned.pt", **common)
    with pytest.raises(UsageError, match=r"no image can be used, .*none\.png: no such file"):
        finetune(replace(images, paths=(Path("none.png"),) * 8), recipe(), out, **common)


def test_an_image_that_cannot_be_used_is_left_out_and_named(images, squeezenet, tmp_path):
    out = tmp_path / "tuned.safetensors"
    lacking = replace(images, paths=(Path("none.png"), *images.paths[1:]))
    finetune(lacking, recipe(epochs=1), out, weights=squeezenet, device=CPU)
    card = json.loads(out.with_suffix(".json").read_text())
    assert card["skipped"] == ["none.png: no such file"]
    assert card["images"] == 7


def test_command(run, images, squeezenet, tmp_path):
    table = tmp_path / "images.csv"
    labelled = enumerate(zip(images.paths, images.opinions, strict=True))
    rows = [f"{path},{target},{index // 2}" for index, (path, target) in labelled]
    table.write_text("\n".join(["dist,mos,ref", *rows]))
    out = tmp_path / "tuned.safetensors"
    arguments = [
        table,
        "--target",
        "mos",
        "-b",
        "squeezenet",
        "-l",
        "fire8-concat",
        "--weights",
        squeezenet,
        "-o",
        out,
    ]
    result = run("finetune", *arguments, "--epochs", 1, "--validation", 0.25, "--device", "cpu", "--json")
    assert result.status == 0, result.err
    assert result.json["images"] == 6
    assert result.json["epochs"][0]["validation"] is not None
    assert out.exists()
    scored = run("score", table, "-m", out)
    assert scored.status == 0, scored.err
    assert all(0 <= float(row["tuned"]) <= 100 for row in scored.rows)
    assert run("finetune", *arguments, "--target", "none").status == 2
