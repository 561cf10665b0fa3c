"""ConvNeXt models: they learn real images, see whole pictures in their own shape, and are read back to the bit."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from deepmse.plugin.errors import UsageError, WeightsError
from deepmse.plugin.learning.convnext.examples import Photographs
from deepmse.plugin.learning.convnext.model import DECLARATION, at_working_size, load, started
from deepmse.plugin.learning.convnext.trainer import fit, parts, prepare
from deepmse.plugin.learning.files import read_model, write_model
from deepmse.plugin.learning.labels import LabelledImages
from deepmse.plugin.learning.learnt import learnt_from
from deepmse.plugin.learning.recipes import CONVNEXT
from deepmse.plugin.learning.settings import Settings
from deepmse.plugin.metrics import create, metric_info
from PIL import Image
from scipy import stats

from .....conftest import TEST_DATA, photo_like

CPU = torch.device("cpu")
DEPENDS_ON_DATA = True
LONGEST = 64


def photograph(index: int) -> Image.Image:
    """A real one where they are at hand."""
    real = TEST_DATA / "data" / "kodak24" / f"{index + 1:02}.png"
    picture = Image.open(real).convert("RGB") if real.is_file() else Image.fromarray(photo_like(index))
    return picture.resize((48, 36))


@pytest.fixture(scope="module")
def images(tmp_path_factory) -> LabelledImages:
    """Sixteen photographs, the more noise the lower their opinion."""
    folder = tmp_path_factory.mktemp("images")
    paths = []
    for index in range(16):
        noise = np.random.default_rng(index).normal(0, 6 * index, (36, 48, 3))
        paths.append(folder / f"{index}.png")
        Image.fromarray((np.asarray(photograph(index)) + noise).clip(0, 255).astype(np.uint8)).save(paths[-1])
    return LabelledImages(tuple(paths), np.linspace(90, 15, 16), (None,) * 16, {"name": "made"})


@pytest.fixture(scope="module")
def trained(images, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("model") / "mine.safetensors"
    settings = Settings(epochs=40, learning_rate=1e-3, batch_size=8, schedule="cosine")
    options = {"variant": "atto", "longest": LONGEST, "test": 0, "watched": 0, "scratch": True}
    fit(*prepare(images, settings=settings, **options), out, device=CPU).test(CPU)
    return out


def test_the_papers_recipe_is_the_default():
    assert (CONVNEXT.loss, CONVNEXT.best_by, CONVNEXT.schedule, CONVNEXT.patience) == ("mse", "loss", "constant", 5)


def test_it_learns_sixteen_images(run, trained, images, tmp_path):
    (tmp_path / "t.csv").write_text("dist\n" + "".join(f"{path}\n" for path in images.paths))
    result = run("score", tmp_path / "t.csv", "-m", trained)
    assert result.status == 0, result.err
    scores = [float(row["mine"]) for row in result.rows]
    assert stats.spearmanr(scores, images.opinions).statistic > 0.98
    info = metric_info(str(trained))
    assert (info.name, info.kind, info.lower_is_better, info.range) == ("mine", "NR", False, (0, 100))
    assert info.grades == DECLARATION.grades


def test_the_images_that_were_learnt_from_and_watched_are_known_those_of_the_test_are_not(images, tmp_path):
    out = tmp_path / "mine.safetensors"
    options = {"variant": "atto", "longest": LONGEST, "scratch": True}
    job, testing = prepare(images, settings=Settings(epochs=1, batch_size=8), test=0.3, watched=0.3, **options)
    fit(job, testing, out, device=CPU).test(CPU)
    known = learnt_from(str(out), images.paths)
    assert {path for path, is_known in zip(images.paths, known, strict=True) if not is_known} <= set(testing.paths)
    assert known.sum() >= len(images) - len(testing)


def test_a_model_is_read_back_to_the_bit_and_continues_as_pretrained_weights(trained, images):
    tensors, about = read_model(trained)
    model, standard = load(trained)
    assert (about["backbone"], about["longest"]) == ("timm:convnext_atto", LONGEST)
    assert standard.mean == pytest.approx(images.opinions.mean())
    again, from_random = started("atto", 256, trained)
    assert from_random is None
    for key, value in again.backbone.graph.state_dict().items():
        assert torch.equal(value, tensors[key])
        assert torch.equal(value, model.backbone.graph.state_dict()[key])
    assert torch.equal(model.first.weight, tensors["stem.0.weight"])


def test_pictures_keep_their_shape_and_a_batch_changes_nothing(trained):
    metric = create(str(trained))
    model, standard = load(trained)
    wide = torch.from_numpy(np.stack([photo_like(seed, 200, 100) for seed in range(2)])).permute(0, 3, 1, 2)
    seen = at_working_size(wide, LONGEST)
    assert seen.shape == (2, 3, 32, 64)
    with torch.inference_mode():
        together = metric.assess(wide).scores
        alone = torch.cat([metric.assess(image[None]).scores for image in wide])
        expected = standard.mean + standard.std * model(seen[:1])
    assert torch.equal(together, alone)
    assert float(together[0]) == pytest.approx(float(expected.clip(0, 100)), rel=1e-6)
    assert torch.equal(at_working_size(wide[..., :40, :60], LONGEST), wide[..., :40, :60])


def test_what_is_too_narrow_is_continued_by_mirroring():
    narrow = torch.from_numpy(photo_like(0, 400, 40)).permute(2, 0, 1)[None]
    seen = at_working_size(narrow, 100)
    assert seen.shape == (1, 3, 32, 100)
    assert torch.equal(seen[:, :, 10:20], seen[:, :, :10].flip(2))


def test_examples_are_flipped_or_not_and_watched_ones_never(images):
    examples = Photographs(images, images.opinions, LONGEST)
    image = torch.from_numpy(np.array(Image.open(images.paths[0]))).permute(2, 0, 1)
    found = [examples.load(0, str(number).encode())[0] for number in range(20)]
    flipped = [torch.equal(each, image.flip(-1)) for each in found]
    assert all(flip or torch.equal(each, image) for flip, each in zip(flipped, found, strict=True))
    assert 0 < sum(flipped) < 20
    assert torch.equal(examples.load(0, None)[0], image)
    cropped = replace(examples, crop=32)
    assert cropped.load(0, b"1")[0].shape == (3, 32, 32)
    assert torch.equal(cropped.load(0, None)[0], cropped.load(0, None)[0])


def test_the_datasets_own_split_is_taken_where_it_has_one(images):
    own = ("training",) * 8 + ("validation",) * 4 + ("test",) * 4
    split, how = parts(replace(images, parts=own), 0.3, 0.1, 0)
    assert {part: places.tolist() for part, places in split.items()} == {
        "training": [*range(8)],
        "validation": [*range(8, 12)],
        "test": [*range(12, 16)],
    }
    assert how == "the dataset's own"
    for labels in (("training",) * 16, ()):
        split, how = parts(replace(images, parts=labels), 0.3, 0.1, 0)
        assert [len(places) for places in split.values()] == [10, 1, 5]
        assert sorted(np.concatenate([*split.values()])) == [*range(16)]
        assert "at random" in how


def test_an_unknown_variant_names_the_nearest():
    with pytest.raises(UsageError, match=r"no ConvNeXt 'tinny'; the nearest is tiny; there are atto, .*, large"):
        started("tinny", 256)


def test_command_tests_on_unseen_images_and_says_that_it_started_from_scratch(run, images, tmp_path, monkeypatch):
    for variable in ("DEEPMSE_WEIGHTS", "TORCH_HOME", "HF_HOME", "HF_HUB_CACHE"):
        monkeypatch.setenv(variable, str(tmp_path / "nothing"))
    (tmp_path / "t.csv").write_text(
        "dist,mos\n"
        + "".join(f"{path},{opinion}\n" for path, opinion in zip(images.paths, images.opinions, strict=True))
    )
    out = tmp_path / "mine.safetensors"
    arguments = ["--variant", "atto", "--size", 64, "--crop", 32, "--epochs", 1, "--device", "cpu", "--json"]
    result = run("train", "convnext", tmp_path / "t.csv", "-o", out, *arguments)
    assert result.status == 0, result.err
    card = result.json
    assert {part: card["split"][part] for part in ("training", "validation", "test")} == {
        "training": 10,
        "validation": 1,
        "test": 5,
    }
    assert card["results"]["n"] == 5
    assert card["results"]["mae"] > 0
    assert card["pretrained"] is None
    assert "trained from random parameters: no weights for" in " ".join(result.err.split())
    assert "longer side has at most 64 pixels" in card["size"]
    with pytest.raises(WeightsError, match="no such weights file"):
        started("atto", 64, tmp_path / "none.safetensors")


def test_a_file_that_lacks_something_is_refused_in_words(trained, tmp_path):
    tensors, about = read_model(trained)
    path = tmp_path / "mine.safetensors"
    write_model(path, tensors, DECLARATION, {key: about[key] for key in ("backbone", "layer", "target")}, {})
    with pytest.raises(WeightsError, match=r"mine\.safetensors: not a model that `deepmse train convnext` wrote"):
        create(str(path))


def test_its_graph_scores_photographs_of_any_number_and_size_as_pytorch_does(trained):
    metric = create(str(trained))
    graph = metric.graph()
    running = onnxruntime.InferenceSession(graph.model.SerializeToString())
    for index, size in enumerate(((64, 48), (60, 200), (33, 35))):
        pictures = torch.stack(
            [torch.from_numpy(np.array(photograph(each).resize(size))).permute(2, 0, 1) for each in range(index + 1)]
        )
        with torch.inference_mode():
            expected = metric.assess(pictures).scores
        assert expected.shape == (index + 1,)
        np.testing.assert_allclose(running.run(["score"], graph.feed(pictures))[0], expected, rtol=1e-4)
    with pytest.raises(UsageError, match="native size"):
        create(str(trained), policy="resize-256").graph()
