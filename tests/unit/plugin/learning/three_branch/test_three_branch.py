"""The three-branch model: its equations, what stays frozen, what it sees, and that it learns real pairs."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from deepmse.plugin.errors import ImageError, UsageError, WeightsError
from deepmse.plugin.learning.files import read_model
from deepmse.plugin.learning.labels import LabelledImages
from deepmse.plugin.learning.learnt import learnt_from
from deepmse.plugin.learning.recipes import THREE_BRANCH
from deepmse.plugin.learning.settings import Settings
from deepmse.plugin.learning.three_branch.examples import Pairs, PooledPairs
from deepmse.plugin.learning.three_branch.model import FLOOR, Architecture, ThreeBranch, channels, save
from deepmse.plugin.learning.three_branch.trainer import fit
from deepmse.plugin.learning.trained import Standard
from deepmse.plugin.metrics import create, metric_info
from deepmse.plugin.networks.pyramids import pyramid
from deepmse.plugin.weights import sha256
from PIL import Image
from scipy import stats

from .....conftest import photo_like

CPU = torch.device("cpu")
SMALL = Architecture("squeezenet", "squeezenet", "squeezenet")


@pytest.fixture(scope="module")
def pairs(tmp_path_factory) -> LabelledImages:
    """Sixteen pairs of four references, noise or blur of two strengths each."""
    from PIL import ImageFilter

    folder = tmp_path_factory.mktemp("pairs")
    paths, opinions, references = [], [], []
    for scene in range(4):
        clean = Image.fromarray(photo_like(scene, 64, 64))
        ref = folder / f"ref{scene}.png"
        clean.save(ref)
        for number, strength in enumerate((1, 2, 1, 2)):
            if number < 2:
                copy = clean.filter(ImageFilter.GaussianBlur(strength))
            else:
                noise = np.random.default_rng(scene).normal(0, 25 * strength, (64, 64, 3))
                copy = Image.fromarray((np.asarray(clean) + noise).clip(0, 255).astype(np.uint8))
            path = folder / f"{scene}_{number}.png"
            copy.save(path)
            paths.append(path)
            opinions.append(100.0 - 25 * strength - 15 * (number > 1) - 2 * scene)
            references.append(str(ref))
    return LabelledImages(tuple(paths), np.array(opinions), tuple(references), {"name": "made"})


@pytest.fixture(scope="module")
def trained(pairs, squeezenet_file, tmp_path_factory) -> tuple[Path, dict]:
    out = tmp_path_factory.mktemp("model") / "mine.safetensors"
    settings = Settings(epochs=50, learning_rate=1e-3, batch_size=4)
    card = fit(pairs, out, architecture=SMALL, settings=settings, held_out=0, weights=squeezenet_file, device=CPU)
    return out, card


def test_the_papers_recipe_is_the_default():
    assert (
        THREE_BRANCH.learning_rate,
        THREE_BRANCH.final_learning_rate,
        THREE_BRANCH.batch_size,
        THREE_BRANCH.loss,
    ) == (1e-4, 1e-6, 8, "mse")
    assert THREE_BRANCH.rate(29, []) == pytest.approx(1e-6)
    assert Architecture() == Architecture("inception-v3", "inception-v3", "inception-v3")


@pytest.mark.parametrize(
    ("encoder", "expected"),
    [
        ("vgg16", [64, 128, 256, 512]),
        ("resnet50", [64, 256, 512, 1024]),
        ("inception-v3", [64, 192, 288, 768]),
        ("squeezenet", [64, 128, 256, 512]),
        ("alexnet", [64, 192, 384, 256]),
        ("efficientnet-lite0", [16, 24, 40, 112]),
        ("timm:mobilenetv3_small_050", [16, 8, 16, 24]),
    ],
)
def test_encoders_have_four_scales(encoder, expected):
    assert channels(encoder) == expected


@pytest.mark.parametrize("encoder", ["vgg16", "resnet50", "efficientnet-lite0"])
def test_scales_have_a_half_to_a_sixteenth_of_the_sides(encoder):
    from deepmse.plugin.networks.backbones import blank, shapes

    found = shapes(blank(encoder, pyramid(encoder)), 256)
    assert [shape[1:] for shape in found.values()] == [(side, side) for side in (128, 64, 32, 16)]


def test_features_are_those_of_the_equations(squeezenet_file):
    model = ThreeBranch(SMALL, squeezenet_file).eval()
    reference, distorted = (torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8) for _ in range(2))
    with torch.inference_mode():
        parts = []
        for branch in ("frp", "frnp"):
            ours, theirs = (model.branches[branch](images) for images in (distorted, reference))
            parts += [(q.double() - r.double()).abs().mean(dim=(2, 3)) for q, r in zip(ours, theirs, strict=True)]
        parts += [scale.double().mean(dim=(2, 3)) for scale in model.branches["nr"](distorted)]
        features = torch.cat(parts, dim=1)
        assert features.shape == (2, 3 * 960)
        expected = model.double().head(features)
        found = model.float()(reference, distorted)
    assert found.double().tolist() == pytest.approx(expected.tolist(), abs=1e-6)


def test_a_branch_is_there_or_not(squeezenet_file):
    alone = ThreeBranch(Architecture("squeezenet", None, None), squeezenet_file)
    assert list(alone.branches) == ["frp"]
    assert alone.head[0].in_features == 960
    assert not any(parameter.requires_grad for parameter in alone.branches.parameters())
    with pytest.raises(UsageError, match="at least one branch"):
        Architecture(None, None, None)
    with pytest.raises(UsageError, match="needs no reference"):
        Architecture(None, None, "squeezenet")


def test_the_no_reference_branch_is_blind_to_the_reference(squeezenet_file):
    model = ThreeBranch(SMALL, squeezenet_file).eval()
    calls = []
    model.branches["nr"].register_forward_pre_hook(lambda module, inputs: calls.append(inputs[0]))
    reference, distorted = (torch.randint(0, 256, (1, 3, 64, 64), dtype=torch.uint8) for _ in range(2))
    model(reference, distorted)
    assert len(calls) == 1
    assert calls[0] is distorted


def test_kept_features_are_the_networks_and_what_is_compared_is_their_logarithm(pairs, squeezenet_file, tmp_path):
    whole = replace(pairs, paths=(tmp_path / "lost.png", *pairs.paths[1:]))
    model, plain = (
        ThreeBranch(Architecture("squeezenet", None, None, log), squeezenet_file).eval() for log in (True, False)
    )
    kept = PooledPairs.of(Pairs(whole, whole.opinions), model, CPU, lambda done, total: None)
    with pytest.raises(ImageError, match=r"lost\.png"):
        kept.load(0, None)
    for index in (1, 15):
        reference, distorted = (image[None] for image in Pairs(whole, whole.opinions).load(index, None))
        with torch.inference_mode():
            averages = plain.features(plain.reference(reference), distorted)[0].double()
        (found,) = kept.load(index, b"any")
        assert found.double().tolist() == pytest.approx(torch.log(averages + FLOOR).tolist(), abs=5e-4)


@pytest.fixture(scope="module")
def quick(pairs, squeezenet_file, tmp_path_factory) -> tuple[Path, dict]:
    """Learnt from kept features of the frozen branch alone."""
    out = tmp_path_factory.mktemp("quick") / "quick.safetensors"
    settings = Settings(epochs=60, learning_rate=1e-3, batch_size=8)
    architecture = Architecture("squeezenet", None, None, log=True)
    card = fit(
        pairs, out, architecture=architecture, settings=settings, held_out=0, weights=squeezenet_file, device=CPU
    )
    return out, card


def test_kept_features_learn_sixteen_pairs_and_the_file_scores_as_it_learnt(quick, pairs):
    metric = create(str(quick[0]))
    scores = []
    for index in range(len(pairs)):
        reference, distorted = (image[None] for image in Pairs(pairs, pairs.opinions).load(index, None))
        with torch.inference_mode():
            scores.append(float(metric.compare([metric.prepare(reference)], distorted).scores))
    assert stats.spearmanr(scores, pairs.opinions).statistic > 0.98
    assert metric.describe()["branches"] == {"frp": "squeezenet", "frnp": None, "nr": None, "log": True}
    assert learnt_from(str(quick[0]), pairs.paths).all()


def test_training_goes_on_from_a_model_and_its_card_says_so(quick, pairs, tmp_path):
    out = tmp_path / "tuned.safetensors"
    card = fit(pairs, out, start=quick[0], settings=Settings(epochs=1), held_out=0, device=CPU)
    assert card["start"] == {"file": "quick.safetensors", "sha256": sha256(quick[0])}
    assert card["architecture"] == quick[1]["architecture"]
    # It begins where the other ended: at random it would be near 1.
    assert card["epochs"][0]["loss"] < 0.1
    before, after = (read_model(path)[0] for path in (quick[0], out))
    frozen = [name for name in before if name.startswith("branches.frp.")]
    assert frozen
    assert all(torch.equal(before[name], after[name]) for name in frozen)
    assert not torch.equal(before["head.1.weight"], after["head.1.weight"])
    with pytest.raises(UsageError, match="has its own branches"):
        fit(pairs, out, start=quick[0], architecture=SMALL, device=CPU)


def test_it_learns_sixteen_pairs(run, trained, pairs, tmp_path):
    out, _ = trained
    rows = [f"{path},{ref}" for path, ref in zip(pairs.paths, pairs.references, strict=True)]
    (tmp_path / "t.csv").write_text("\n".join(["dist,ref", *rows]) + "\n")
    result = run("score", tmp_path / "t.csv", "-m", out)
    assert result.status == 0, result.err
    scores = [float(row["mine"]) for row in result.rows]
    assert stats.spearmanr(scores, pairs.opinions).statistic > 0.98
    info = metric_info(str(out))
    assert (info.kind, info.lower_is_better, info.range) == ("FR", False, (0, 100))
    assert info.grades == (), "a metric that compares gives no word, and must not declare a column of them"


def test_the_frozen_branch_is_unchanged_to_the_bit_and_the_others_are_not(trained, squeezenet_file):
    torch.manual_seed(0)
    before = ThreeBranch(SMALL, squeezenet_file).state_dict()
    tensors, _ = read_model(trained[0])
    frozen = [name for name in before if name.startswith("branches.frp.")]
    assert frozen
    assert all(torch.equal(before[name], tensors[name]) for name in frozen)
    others = [name for name in before if name.startswith(("branches.frnp.", "branches.nr."))]
    assert all(not torch.equal(before[name], tensors[name]) for name in others if name.endswith("weight"))


def test_statistics_of_a_frozen_encoder_stay_as_they_are():
    model = ThreeBranch(Architecture("timm:mobilenetv3_small_050", None, None), pretrained=False)
    model.train()
    assert not any(module.training for module in model.branches["frp"].modules())
    assert model.head.training


def test_references_in_a_batch_and_alone_score_the_same(trained):
    metric = create(str(trained[0]))
    images = torch.from_numpy(np.stack([photo_like(seed, 64, 64) for seed in range(4)])).permute(0, 3, 1, 2)
    kept = [metric.prepare(image[None]) for image in images]
    together = metric.compare(kept, images.flip(-1)).scores
    alone = [
        float(metric.compare([one], image[None].flip(-1)).scores) for one, image in zip(kept, images, strict=True)
    ]
    assert together.tolist() == alone


def test_both_images_are_cropped_and_flipped_alike(pairs):
    same = replace(pairs, references=tuple(map(str, pairs.paths)))
    examples = Pairs(same, pairs.opinions, crop=32)
    seen = set()
    for number in range(40):
        reference, distorted = examples.load(0, str(number).encode())
        assert torch.equal(reference, distorted)
        assert reference.shape == (3, 32, 32)
        seen.add(reference.numpy().tobytes())
    assert len(seen) > 30
    whole = Pairs(same, pairs.opinions)
    image = torch.from_numpy(np.array(Image.open(pairs.paths[0]))).permute(2, 0, 1)
    flips = [image, image.flip(1), image.flip(2), image.flip(1, 2)]
    found = {
        index
        for number in range(40)
        for index, flip in enumerate(flips)
        if torch.equal(whole.load(0, str(number).encode())[0], flip)
    }
    assert found == {0, 1, 2, 3}
    assert torch.equal(whole.load(0, None)[0], image)


def test_references_are_on_one_side_of_the_split(run, pairs, squeezenet_file, tmp_path):
    rows = [
        f"{path},{ref},{opinion}"
        for path, ref, opinion in zip(pairs.paths, pairs.references, pairs.opinions, strict=True)
    ]
    (tmp_path / "t.csv").write_text("\n".join(["dist,ref,mos", *rows]) + "\n")
    encoders = ["--frp", "squeezenet", "--frnp", "none", "--nr", "none"]
    arguments = [tmp_path / "t.csv", "-o", tmp_path / "mine.safetensors", *encoders, "--epochs", 1]
    arguments += ["--weights", squeezenet_file, "--held-out", 0.25, "--device", "cpu", "--json"]
    result = run("train", "fr", *arguments)
    assert result.status == 0, result.err
    split = {"training": 12, "validation": 4}
    assert result.json["split"] == {"by": "reference", **split, "references_on_both_sides": 0}
    leaky = run("train", "fr", *arguments, "--split", "images")
    leaking = leaky.json["split"]["references_on_both_sides"]
    assert leaky.json["split"] == {"by": "image", **split, "references_on_both_sides": leaking}
    assert 1 <= leaking <= 4
    assert f"the split leaks: {leaking} references are on both sides" in leaky.err
    assert run("train", "fr", *arguments, "--split", "sideways").status == 2
    assert json.loads((tmp_path / "mine.json").read_text())["epochs"][0]["number"] == 1


def test_a_model_learns_metrics_where_there_are_no_opinions_and_then_opinions(run, pairs, squeezenet_file, tmp_path):
    (tmp_path / "photos").mkdir()
    for scene in range(3):
        Image.fromarray(photo_like(scene, 64, 64)).save(tmp_path / "photos" / f"{scene}.png")
    made = tmp_path / "made"
    kinds = ["--types", "gaussian_blur,white_noise", "--levels", "1,3", "--workers", 1]
    assert run("synth", tmp_path / "photos", made, *kinds).status == 0
    common = ["--epochs", 1, "--held-out", 0, "--device", "cpu", "--json"]
    weak = ["--labels", "metrics", "--metrics", "ssim,gmsd", *common]
    encoders = ["--frp", "squeezenet", "--frnp", "none", "--nr", "none", "--log", "--weights", squeezenet_file]
    first = run("train", "fr", made, "-o", tmp_path / "weak.safetensors", *weak, *encoders)
    assert first.status == 0, first.err
    data = first.json["data"]
    assert (data["labels"], data["metrics"], data["images"]) == ("metrics", ["ssim", "gmsd"], 3 * (4 + 1))
    table = tmp_path / "pairs.csv"
    rows = zip(pairs.paths, pairs.references, pairs.opinions, strict=True)
    table.write_text("dist,ref,mos\n" + "".join(f"{path},{ref},{opinion}\n" for path, ref, opinion in rows))
    second = ["train", "fr", table, "-o", tmp_path / "tuned.safetensors", "--from", tmp_path / "weak.safetensors"]
    tuned = run(*second, *common)
    assert tuned.status == 0, tuned.err
    assert tuned.json["start"]["file"] == "weak.safetensors"
    assert "labels" not in tuned.json["data"]
    assert "has its own branches" in run(*second, "--nr", "none", *common).err
    assert "name --work FOLDER" in run("train", "fr", tmp_path / "photos", *weak).err
    assert "nr compares nothing" in run("train", "fr", made, "--labels", "metrics", "--metrics", "nr").err


def test_what_is_wrong_with_pairs_is_said(pairs, squeezenet_file, tmp_path):
    common = {"architecture": Architecture("squeezenet", None, None), "weights": squeezenet_file, "device": CPU}
    out = tmp_path / "mine.safetensors"
    with pytest.raises(UsageError, match="has no reference, as 1 images; name it in the column ref"):
        fit(replace(pairs, references=(None, *pairs.references[1:])), out, **common)
    with pytest.raises(UsageError, match="all 16 labels are 5"):
        fit(replace(pairs, opinions=np.full(16, 5.0)), out, **common)
    with pytest.raises(UsageError, match="no encoder 'resnet7'"):
        fit(pairs, out, **{**common, "architecture": Architecture("resnet7")})
    Image.fromarray(photo_like(0, 48, 64)).save(tmp_path / "small.png")
    wrong = replace(pairs, paths=(tmp_path / "small.png", *pairs.paths[1:]))
    card = fit(wrong, out, **common, settings=Settings(epochs=1), held_out=0)
    assert len(card["skipped"]) == 1
    assert "small.png: of another size than its reference: 48×64, not 64×64" in card["skipped"][0]


def test_a_file_that_lacks_something_is_refused_in_words(trained, tmp_path):
    from deepmse.plugin.learning.files import write_model
    from deepmse.plugin.learning.three_branch.model import DECLARATION

    tensors, about = read_model(trained[0])
    path = tmp_path / "mine.safetensors"
    write_model(path, tensors, DECLARATION, {"target": about["target"]}, {})
    with pytest.raises(WeightsError, match=r"mine\.safetensors: not a model that `deepmse train fr` wrote"):
        create(str(path))


def test_its_graph_scores_pairs_of_any_number_and_size_as_pytorch_does(squeezenet_file, tmp_path):
    torch.manual_seed(0)
    architecture = Architecture("squeezenet", "squeezenet", "alexnet", log=True)
    model = ThreeBranch(architecture, squeezenet_file).eval()
    path = tmp_path / "three.safetensors"
    save(path, model.state_dict(), architecture, Standard(50.0, 30.0), {})
    metric = create(str(path))
    graph = metric.graph()
    running = onnxruntime.InferenceSession(graph.model.SerializeToString())
    for count, size in ((1, (64, 48)), (2, (97, 161)), (3, (128, 128))):
        rng = np.random.default_rng(count)
        reference, distorted = torch.from_numpy(rng.integers(0, 256, (2, count, 3, *size), dtype=np.uint8))
        with torch.inference_mode():
            apart = torch.cat(
                [
                    metric.compare([metric.prepare(a[None])], b[None]).scores
                    for a, b in zip(reference, distorted, strict=True)
                ]
            )
        (found,) = running.run(["score"], graph.feed(reference, distorted))
        assert apart.shape == (count,)
        np.testing.assert_allclose(found, apart, rtol=1e-4)
    with pytest.raises(UsageError, match="native size"):
        create(str(path), policy="resize-256").graph()
