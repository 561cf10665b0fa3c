"""The deep-feature paper's tables on miniatures: what is learnt, from what, and what the entries say."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from deepmse.plugin import reproduction
from deepmse.plugin.errors import UsageError
from deepmse.plugin.evaluation.splits import check_no_leakage, k_fold
from deepmse.plugin.learning.features.extraction import Extractor
from deepmse.plugin.learning.finetuned.training import Recipe, finetune
from deepmse.plugin.learning.recipes import FINETUNED
from deepmse.plugin.networks.taps import TAPS
from deepmse.plugin.reproduction import Context
from deepmse.plugin.reproduction.deep_features import data
from deepmse.plugin.reproduction.deep_features import (
    gpr as features_gpr,
)
from deepmse.plugin.reproduction.deep_features import (
    svr as features_svr,
)
from deepmse.plugin.reproduction.deep_features import (
    tables as features_tables,
)
from PIL import Image
from scipy import stats
from sklearn.svm import SVR
from torchvision.models import squeezenet1_1

from .....conftest import photo_like

REFERENCES, LEVELS = 4, 4
IMAGES = REFERENCES * LEVELS


def made_dataset(root: Path, name: str, seed: int) -> Path:
    """Four references with more and more noise, in the layout of TID2013 or TID2008, MOS falling with the noise."""
    folder = root / name
    lines = []
    for number in range(1, REFERENCES + 1):
        clean = photo_like(seed + number, 64, 48).astype(float)
        pictures = {f"reference_images/I{number:02}.BMP": clean}
        for level in range(1, LEVELS + 1):
            noise = np.random.default_rng([seed, number, level]).normal(0, 12 * level, clean.shape)
            pictures[f"distorted_images/i{number:02}_01_{level}.bmp"] = clean + noise
            lines.append(f"{7 - level + number / 10:.5f} i{number:02}_01_{level}.bmp")
        for path, picture in pictures.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(folder / path)
    (folder / "mos_with_names.txt").write_text("\n".join(lines))
    return folder


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    """Two miniatures, random SqueezeNet weights, and tables of two of its layers."""
    weights = tmp_path / "weights"
    weights.mkdir()
    torch.manual_seed(0)
    torch.save(squeezenet1_1().state_dict(), weights / "squeezenet1_1-b8a52dc0.pth")
    monkeypatch.setenv("DEEPMSE_WEIGHTS", str(weights))
    lines = tuple(line for line in features_tables.TABLE_1 if line.layer in ("fire6-concat", "fire8-concat"))
    monkeypatch.setattr(features_tables, "TABLE_1", lines)
    monkeypatch.setattr(features_tables, "TABLE_2", lines)
    method = features_gpr.Method("SqueezeNet", "squeezenet", ("fire8-concat",), "mean+std", False)
    monkeypatch.setattr(features_gpr, "METHODS", (features_gpr.PROPOSED, method))
    monkeypatch.setattr(features_gpr, "CROPS", 2)
    monkeypatch.setattr(features_gpr, "REGRESSOR", "gpr")
    roots = {
        "tid2013": made_dataset(tmp_path, "tid2013", 0),
        "tid2008": made_dataset(tmp_path, "tid2008", 100),
    }
    return Context(tmp_path / "out", roots, device="cpu")


def test_every_published_row_is_a_layer_that_can_be_read():
    layers = {(tap.backbone, tap.layer) for tap in TAPS}
    for table, count in ((features_tables.TABLE_1, 39), (features_tables.TABLE_2, 24), (features_tables.TABLE_10, 3)):
        assert len(table) == count
        assert {(line.backbone, line.layer) for line in table} <= layers
    shown = {(line.backbone, line.layer) for line in (*features_tables.TABLE_1, *features_tables.TABLE_2)}
    assert layers == shown


class TestSupportVectors:
    rng = np.random.default_rng(0)
    x = rng.normal(3, 2, (40, 9000)).astype(np.float32)
    y = x[:, :5].sum(1) / 5 + rng.normal(0, 0.1, 40)

    def test_products(self):
        assert np.allclose(features_svr.products(self.x), self.x.astype(np.float64) @ self.x.T.astype(np.float64))

    def test_predictions_are_those_of_support_vectors_on_the_features_themselves(self, monkeypatch):
        monkeypatch.setattr(features_svr, "PENALTIES", (1.0,))
        folds = k_fold(range(40), 4)
        found = features_svr.out_of_fold(features_svr.products(self.x), self.y, range(40), folds)
        for fold in folds:
            training, test = fold["training"], fold["test"]
            mean = self.x[training].astype(np.float64).mean(0)
            centred = self.x - mean
            scale = np.sqrt((centred[training] ** 2).sum(1).mean())
            expected = SVR(kernel="linear", C=1.0, epsilon=0.1).fit(centred[training] / scale, self.y[training])
            assert np.allclose(found[test], expected.predict(centred[test] / scale), atol=5e-3)

    def test_images_of_no_test_part_have_no_prediction(self):
        (fold, *_) = k_fold(range(40), 4)
        found = features_svr.out_of_fold(features_svr.products(self.x), self.y, [None] * 40, [fold])
        assert np.array_equal(np.flatnonzero(~np.isnan(found)), fold["test"])


class TestGaussianProcess:
    def test_predictions_are_averages_over_crops(self, monkeypatch):
        monkeypatch.setattr(features_gpr, "REGRESSOR", "gpr")
        rng = np.random.default_rng(0)
        x = rng.normal(size=(60, 6))
        y = np.sin(x[:, 0]) + 5
        predict = features_gpr.learn(x, y)
        crops = rng.normal(size=(20, 3, 6))
        single = [predict(crops[:, [crop]]) for crop in range(3)]
        assert np.allclose(predict(crops), np.mean(single, axis=0))
        assert np.corrcoef(predict(x[:, None]), y)[0, 1] > 0.9
        # Whatever unit a feature is in.
        scaled = features_gpr.learn(x * [1, 10, 100, 1, 1, 1], y)
        assert np.allclose(scaled(crops * [1, 10, 100, 1, 1, 1]), predict(crops), atol=1e-4)


class TestTables:
    def test_layers_of_pretrained_networks(self, context, monkeypatch):
        outcome = reproduction.reproduce("features-1", context)
        assert {entry.n for entry in outcome.entries} == {IMAGES}
        by_image = [entry for entry in outcome.entries if entry.column.endswith("TID2013, split by image")]
        by_reference = [entry for entry in outcome.entries if entry.column.endswith("TID2013, split by reference")]
        assert [entry.published for entry in by_image] == [
            value for line in features_tables.TABLE_1 for value in line.published
        ]
        assert {entry.verdict for entry in by_image if "SRCC" in entry.column} <= {"pass", "fail"}
        assert {entry.verdict for entry in by_reference} == {"not compared"}
        assert all(entry.published is None for entry in outcome.entries if "TID2008" in entry.column)
        assert any("CSIQ" in text for text in outcome.lacking)
        # Large features are not kept, and what is kept spares taking them again.
        assert not list(context.out.glob("*.npy"))
        monkeypatch.setattr(Extractor, "run", None)
        assert reproduction.reproduce("features-1", context).entries == outcome.entries

    def test_the_statistics_are_of_predictions_for_unseen_references(self, context):
        outcome = reproduction.reproduce("features-1", context)
        (entry,) = [
            entry
            for entry in outcome.entries
            if entry.row.endswith("fire8-concat") and entry.column == "SRCC, TID2013, split by reference"
        ]
        judged = data.Judged.of("tid2013", context)
        take = data.extractor("squeezenet", ["fire8-concat"], context)
        vectors = np.concatenate([found.vectors for found in take.run(judged.paths)]).astype(np.float64)
        folds = k_fold(judged.references, REFERENCES)
        for fold in folds:
            check_no_leakage(fold, judged.references)
        predictions = features_svr.out_of_fold(vectors @ vectors.T, judged.learnt, judged.references, folds)
        assert entry.measured == pytest.approx(stats.spearmanr(predictions, judged.opinions).statistic)

    def test_layers_of_finetuned_networks(self, context):
        lacking = reproduction.reproduce("features-2", context)
        assert {entry.verdict for entry in lacking.entries} == {"not measured"}
        assert any("takes a GPU, or tid2013.squeezenet.tuned.safetensors" in text for text in lacking.lacking)
        for name in context.roots:
            judged = data.Judged.of(name, context)
            tuned = context.out / f"{name}.squeezenet.tuned.safetensors"
            training = judged.labelled(judged.split()["training"])
            # The layers behind the last one that is read need not have been trained.
            finetune(
                training,
                Recipe("squeezenet", "fire8-concat", replace(FINETUNED, epochs=1)),
                tuned,
                device=torch.device("cpu"),
            )
        outcome = reproduction.reproduce("features-2", context)
        measured = [entry for entry in outcome.entries if entry.measured is not None]
        assert {entry.n for entry in measured} == {LEVELS}
        assert {entry.verdict for entry in measured} == {"not compared"}
        with pytest.raises(UsageError, match="fine-tuned on other images"):
            data.tuned_weights("squeezenet", "tid2013", judged.labelled(np.arange(3)), context)

    def test_within_datasets_with_figures(self, context):
        outcome = reproduction.reproduce("features-4", context)
        proposed = [entry for entry in outcome.entries if entry.row == features_gpr.PROPOSED.title]
        assert [entry.published for entry in proposed] == [
            value for values in features_gpr.TABLE_4.values() for value in values
        ]
        assert {entry.verdict for entry in proposed} == {"not measured"}
        srcc = {entry.column: entry.measured for entry in outcome.entries if entry.row == "SqueezeNet"}
        assert srcc["SRCC, TID2013"] > 0.5  # noise is easily seen
        assert {name.rpartition(".")[2] for name, _ in outcome.figures} == {
            "figure5",
            "figure6",
            "figure7",
            "figure8a",
            "figure8b",
        }

    def test_across_datasets(self, context, monkeypatch):
        crossing = features_gpr.Crossing(5, "TID2008", ("tid2008",), {"tid2013": (1.0, 0.9, 0.9, 0.8)})
        monkeypatch.setitem(features_gpr.CROSSINGS, 5, crossing)
        outcome = reproduction.reproduce("features-5", context)
        measured = [entry for entry in outcome.entries if entry.measured is not None]
        assert {entry.row for entry in measured} == {"SqueezeNet, trained on TID2008"}
        assert {entry.column.partition(", ")[2] for entry in measured} == {"TID2013"}
        assert {entry.published for entry in measured} == {None}
        (srcc,) = [entry.measured for entry in measured if entry.column.startswith("SRCC")]
        assert srcc > 0.5

    def test_comparison_of_methods(self, context, monkeypatch):
        monkeypatch.setattr("deepmse.plugin.reproduction.deep_features.tests.metric_names", lambda kind: ["piqe"])
        outcome = reproduction.reproduce("features-9", context)
        assert {entry.row for entry in outcome.entries} == {"SqueezeNet / PIQE"}
        assert {entry.column for entry in outcome.entries} == {"p, TID2013", "p, TID2008"}
        assert len(outcome.figures) == 2

    def test_without_data_everything_published_is_there_and_nothing_is_measured(self, tmp_path):
        names = {f"features-{number}": count for number, count in ((1, 39), (2, 24), (4, 5), (5, 3), (6, 4), (7, 3))}
        for name, rows in names.items():
            outcome = reproduction.reproduce(name, Context(tmp_path, device="cpu"))
            assert len(outcome.entries) == 4 * rows
            assert {entry.verdict for entry in outcome.entries} == {"not measured"}
            assert all(entry.published is not None and entry.reason for entry in outcome.entries)
