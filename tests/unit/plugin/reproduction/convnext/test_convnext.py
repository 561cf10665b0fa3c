"""The ConvNeXt paper's table and figures: of a model at hand, and in words where there is none."""

import base64
import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from deepmse.plugin import reproduction
from deepmse.plugin.learning.convnext.trainer import fit, prepare
from deepmse.plugin.learning.labels import from_dataset
from deepmse.plugin.learning.settings import Settings
from deepmse.plugin.reproduction import Context
from deepmse.plugin.reproduction.convnext.figures import kernel_pictures
from PIL import Image

from .....conftest import photo_like

CPU = torch.device("cpu")
NAMES = ("convnext-1", "convnext-4", "convnext-5", "convnext-6")


@pytest.fixture(scope="module")
def context(tmp_path_factory) -> Context:
    """KonIQ-10k's layout with twelve pictures, and a model that was trained on it."""
    root = tmp_path_factory.mktemp("koniq10k")
    (root / "512x384").mkdir()
    lines = ["image_name,MOS,set"]
    for index in range(12):
        Image.fromarray(photo_like(index, 64, 48)).save(root / "512x384" / f"{index}.png")
        part = "training" if index < 6 else "validation" if index < 8 else "test"
        lines.append(f"{index}.png,{10 + 7 * index},{part}")
    (root / "koniq10k_distributions_sets.csv").write_text("\n".join(lines))
    out = tmp_path_factory.mktemp("out")
    labelled = from_dataset("koniq10k", root)
    settings = Settings(epochs=2, batch_size=6, best_by="loss")
    path = out / "koniq10k_convnext.safetensors"
    job, testing = prepare(labelled, variant="atto", longest=64, settings=settings, scratch=True)
    fit(job, testing, path, device=CPU).test(CPU)
    return Context(out, {"koniq10k": root}, device="cpu")


def test_the_table_has_published_beside_measured(context):
    outcome = reproduction.reproduce("convnext-1", context)
    entries = {(entry.row, entry.column): entry for entry in outcome.entries}
    published = entries["BRISQUE", "SRCC, KonIQ-10k"]
    assert (published.published, published.measured, published.verdict) == (0.701, None, "not measured")
    results = json.loads((context.out / "koniq10k_convnext.json").read_text())["results"]
    ours = entries["ConvNeXt-atto, from scratch", "SRCC, KonIQ-10k"]
    assert (ours.published, ours.measured, ours.n) == (0.94, results["srcc"], 4)
    error = entries["ConvNeXt-atto, from scratch", "MAE, KonIQ-10k"]
    assert error.verdict == "not compared"
    assert error.measured == pytest.approx(results["mae"] / 100)
    assert any("BIQ2021" in text for text in outcome.lacking)


def test_figures_are_of_the_model_at_hand(context):
    card = json.loads((context.out / "koniq10k_convnext.json").read_text())
    losses = reproduction.reproduce("convnext-4", context)
    (_, curves) = losses.figures[0]
    assert curves.data[0]["y"] == [epoch["loss"] for epoch in card["epochs"]]
    assert curves.data[1]["y"] == [epoch["validation"] for epoch in card["epochs"]]
    (_, kernels) = reproduction.reproduce("convnext-5", context).figures[0]
    assert len(kernels.layout["images"]) == 40
    (_, samples) = reproduction.reproduce("convnext-6", context).figures[0]
    captions = [each["text"] for each in samples.layout["annotations"]]
    assert [caption.partition(",")[0] for caption in captions] == [f"opinion {10 + 7 * i}" for i in (8, 9, 10, 11)]
    source = samples.layout["images"][0]["source"].partition("base64,")[2]
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(source))))
    assert np.array_equal(shown, photo_like(8, 64, 48))


def test_kernels_are_stretched_to_all_grey_levels():
    weights = np.linspace(-1, 3, 2 * 3 * 4 * 4, dtype=np.float32).reshape(2, 3, 4, 4)
    first, second = kernel_pictures(weights)
    assert first.shape == (48, 48, 3)
    assert (first.min(), first.max(), second.min(), second.max()) == (0, 255, 0, 255)
    assert np.array_equal(first[::12, ::12].transpose(2, 0, 1), (255 * np.arange(48) / 47).round().reshape(3, 4, 4))


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_measured_without_a_model(name, context, tmp_path: Path):
    outcome = reproduction.reproduce(name, Context(tmp_path, context.roots, device="cpu"))
    assert all(entry.measured is None for entry in outcome.entries)
    assert outcome.figures == ()
    assert any("takes a GPU, or koniq10k_convnext.safetensors" in text for text in outcome.lacking)
