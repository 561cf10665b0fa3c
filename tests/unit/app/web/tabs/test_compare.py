import json
import re
from dataclasses import replace
from html import escape

import numpy as np
import pytest
from deepmse import score_pairs
from deepmse.app.web import examples, view
from deepmse.app.web import metrics as web_metrics
from deepmse.app.web import uploads as web_uploads
from deepmse.app.web.answers import inspect
from deepmse.app.web.shapes import Shapes
from deepmse.app.web.tabs import compare as tab
from deepmse.app.web.tabs.base import Setup
from deepmse.app.web.tabs.compare import Comparison
from deepmse.plugin.engine import scorer as scoring
from deepmse.plugin.engine.standing import packaged
from deepmse.plugin.images import RESIZE_256, decode
from deepmse.plugin.images.tensors import to_tensor
from deepmse.plugin.metrics import info, metric_info, metric_names
from gradio.utils import get_upload_folder
from PIL import Image

from ..pictures import assert_no_number, photo, shown_files, shown_rows, shown_score, upload


@pytest.fixture(scope="module")
def compare() -> Comparison:
    return Comparison(Setup(get_upload_folder, device="cpu"))


@pytest.mark.parametrize("way", ["direct", "upwards", "link"])
def test_files_of_the_server_that_nobody_uploaded_are_not_opened(compare, reference, tmp_path_factory, way):
    private = tmp_path_factory.mktemp("private") / "private.png"
    photo(seed=1).save(private)
    path = {
        "direct": private,
        "upwards": reference.parent / ".." / private.relative_to(reference.parents[1]),
        "link": reference.parent / "link.png",
    }[way]
    if way == "link":
        path.symlink_to(private)
    assert path.is_file()
    assert_no_number(*compare(upload(reference), upload(path)), "distorted image", "no uploaded file")
    assert "96" not in inspect(get_upload_folder, "distorted", upload(path))


@pytest.mark.parametrize("sent", [{}, {"path": None, "url": "http://localhost/a.png"}, {"path": 1}])
def test_what_a_client_sends_without_a_file_is_refused_in_words(compare, reference, sent):
    assert_no_number(*compare(sent, upload(reference)), "reference image", "no uploaded file")


def test_identical_images_score_exactly_0(compare, reference):
    data, html = compare(upload(reference), upload(reference))
    assert data["score"] == 0
    assert set(data["stages"].values()) == {0}
    assert shown_score(html) == "0"
    assert "No difference" in html


def test_score_is_the_engines(compare, reference, distorted):
    [expected] = score_pairs([(reference, distorted)], device="cpu")
    data, html = compare(upload(reference), upload(distorted))
    assert data["score"] == expected.measurements["deepmse"].value > 0
    assert list(data["stages"].values()) == list(expected.measurements["deepmse"].stages)
    assert np.mean(list(data["stages"].values())) == pytest.approx(data["score"], rel=1e-6)
    assert float(shown_score(html).replace(",", "")) == pytest.approx(data["score"], rel=1e-3)
    for name, value in data["stages"].items():
        assert f"<dt>{name}</dt>" in html
        assert f"{value:g}" in html


def test_data_can_be_sent_as_json_and_says_how_it_was_computed(compare, reference, distorted):
    data, html = compare(upload(reference), upload(distorted))
    sent = json.loads(json.dumps(data))
    weights = sent["settings"]["metrics"]["deepmse"]["weights"]
    assert len(weights["sha256"]) == 64
    assert weights["name"] in html
    assert sent["settings"]["device"] == "cpu"


def test_notes_say_what_was_done_to_the_images(compare, reference, tmp_path):
    path = tmp_path / "see-through.png"
    image = photo((128, 128))
    image.putalpha(Image.linear_gradient("L").resize((128, 128)))
    image.save(path)
    data, html = compare(upload(reference), upload(path), [], "fit")
    assert any("alpha composited on white" in note for note in data["notes"])
    assert any("shapes differ" in note and "128×128" in note and "96×64" in note for note in data["notes"])
    assert all(note in html for note in data["notes"])


def test_weights_warning_is_shown(reference, distorted, monkeypatch):
    warning = "these are stand-in weights"
    monkeypatch.setattr(web_metrics.Scorer, "warnings", (warning,))
    _, html = Comparison(Setup(get_upload_folder, device="cpu"))(upload(reference), upload(distorted))
    assert f'<li class="dm-warning">{warning}</li>' in html


@pytest.mark.parametrize(("missing", "present"), [("reference", "distorted"), ("distorted", "reference")])
def test_missing_image_is_named(compare, reference, missing, present):
    images = {missing: None, present: upload(reference)}
    assert_no_number(*compare(images["reference"], images["distorted"]), f"no {missing} image")


def test_broken_file_is_named_by_role_and_by_the_visitors_own_name(compare, reference, tmp_path):
    stored = tmp_path / "0123abcd.png"
    stored.write_bytes(reference.read_bytes()[:200])
    data, html = compare(upload(reference), upload(stored, "holiday.png"))
    assert_no_number(data, html, "Distorted image", "holiday.png", "truncated")
    assert str(tmp_path) not in html


@pytest.mark.parametrize("content", [b"", b"hello", b"%PDF-1.7", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_image_is_said_to_be_none(compare, reference, tmp_path, content):
    path = tmp_path / "image.png"
    path.write_bytes(content)
    assert_no_number(*compare(upload(path), upload(reference)), "Reference image", "image.png")


def test_too_small_image_is_refused_by_the_visitors_own_name(compare, reference, tmp_path):
    path = tmp_path / "0123abcd.png"
    photo((30, 20)).save(path)
    data, html = compare(upload(path, "tiny.png"), upload(reference))
    assert_no_number(data, html, "“tiny.png”", "30×20", "too small")
    assert str(tmp_path) not in html


def test_too_many_pixels_are_refused(compare, reference, monkeypatch):
    monkeypatch.setattr(web_uploads, "MAX_PIXELS", 96 * 64 - 1)
    assert_no_number(*compare(upload(reference), upload(reference)), "96×64", "limit")
    assert "limit" in inspect(get_upload_folder, "reference", upload(reference))


def test_missing_weights_are_a_message(reference, distorted, tmp_path):
    compare = Comparison(Setup(get_upload_folder, tmp_path / "nowhere.safetensors", "cpu"))
    assert_no_number(*compare(upload(reference), upload(distorted)), "nowhere.safetensors")


def test_file_names_are_never_markup(compare, reference, tmp_path):
    name = "<img src=x onerror=alert(1)>.png"
    broken = tmp_path / "broken.png"
    broken.write_text("no image")
    small = tmp_path / "small.png"
    photo((40, 40)).save(small)
    for html in (
        inspect(get_upload_folder, "reference", upload(reference, name)),
        inspect(get_upload_folder, "reference", upload(broken, name)),
        compare(upload(broken, name), upload(reference))[1],
        compare(upload(reference), upload(small, name), ["gmsd"], "fit")[1],
    ):
        assert "&lt;img" in html
        assert "<img src=x" not in html


def test_no_other_metric_is_computed_unless_chosen(compare, reference, distorted):
    data, html = compare(upload(reference), upload(distorted))
    assert data["metrics"] == {}
    assert set(data["settings"]["metrics"]) == {"deepmse"}
    assert "dm-others" not in html


def test_other_metrics_have_the_engines_scores(compare, reference, distorted):
    pytest.importorskip("piq")
    chosen = ["nlpd", "psnr", "ssim", "gmsd"]
    [expected] = score_pairs([(reference, distorted)], [*chosen, "deepmse"], device="cpu")
    data, html = compare(upload(reference), upload(distorted), chosen)
    assert data["score"] == expected.measurements["deepmse"].value
    assert set(data["metrics"]) == set(data["settings"]["metrics"]) - {"deepmse"} == set(chosen)
    assert {name: each["score"] for name, each in data["metrics"].items()} == {
        name: expected.measurements[name].value for name in chosen
    }
    rows = shown_rows(html)
    assert list(rows) == ["PSNR", "SSIM", "GMSD", "NLPD"]
    assert float(rows["PSNR"][0]) == pytest.approx(expected.measurements["psnr"].value, rel=1e-3)
    assert rows["PSNR"][1] == "higher is better"
    assert rows["SSIM"][1] == "higher is better, −1 to 1"
    assert rows["GMSD"][1] == "lower is better, 0 to 1"
    assert data["metrics"]["gmsd"]["lower_is_better"] is True
    assert data["metrics"]["psnr"]["range"] == [0, None]


def test_each_picture_is_decoded_once_for_all_metrics(compare, reference, distorted, monkeypatch):
    decoded = []
    load = scoring.load
    monkeypatch.setattr(
        scoring, "load", lambda path, *rest, **more: decoded.append(path) or load(path, *rest, **more)
    )
    compare(upload(reference), upload(distorted), ["psnr", "nlpd"])
    assert sorted(decoded) == sorted([str(reference), str(distorted)])


def test_infinite_score_is_shown_and_sent_as_null(compare, reference):
    data, html = compare(upload(reference), upload(reference), ["psnr"])
    assert shown_rows(html)["PSNR"][0] == "∞"
    sent = json.loads(json.dumps(data, allow_nan=False))
    assert sent["metrics"]["psnr"]["score"] is None
    assert sent["metrics"]["psnr"]["reason"] == "infinite"


def test_a_metric_that_cannot_score_the_pair_says_why_and_the_others_do(compare, reference, tmp_path):
    pytest.importorskip("piq")
    stored = tmp_path / "0123abcd.png"
    photo((128, 96)).save(stored)
    data, html = compare(upload(reference), upload(stored, "wide.png"), ["psnr"], "fit")
    assert data["score"] > 0
    assert data["metrics"]["psnr"]["score"] is None
    for word in ("one size", "“wide.png”", "128 × 96", "“reference.png”", "96 × 64"):
        assert word in data["metrics"]["psnr"]["reason"]
        assert word in shown_rows(html)["PSNR"][0]

    data, html = compare(upload(reference), upload(reference), ["ms-ssim", "ssim"])
    assert "too small" in data["metrics"]["ms-ssim"]["reason"]
    assert "too small" in shown_rows(html)["MS-SSIM"][0]
    assert data["metrics"]["ssim"]["score"] == pytest.approx(1)
    assert str(tmp_path) not in json.dumps(data)


def test_pictures_of_different_shapes_get_no_number_but_a_choice(compare, reference, tmp_path):
    square, larger = tmp_path / "square.png", tmp_path / "larger.png"
    photo((64, 80), seed=1).save(square)
    photo((192, 128)).save(larger)
    pair = upload(reference), upload(square, "square.png")
    assert_no_number(*compare(*pair, ["psnr"]), "different shapes", "“square.png” 64 × 80 pixels", "96 × 64 pixels")
    assert_no_number(*compare(*pair, [], "stretch"), "ask, crop, fit")
    _, html = compare(upload(reference), upload(larger))
    assert "shapes differ" not in html
    assert shown_score(html)

    data, html = compare(*pair, ["psnr", "ssim"], "fit")
    [expected] = score_pairs([(reference, square)], device="cpu")
    assert data["score"] == expected.measurements["deepmse"].value
    assert "stretched to one square" in html
    assert html.count("compares pictures of one size only") == 1


def test_pictures_of_different_shapes_are_cropped_at_their_centres(compare, reference, tmp_path):
    tall = tmp_path / "tall.png"
    photo((64, 80), seed=1).save(tall)
    data, html = compare(upload(reference), upload(tall), ["psnr"], "crop")
    assert "both cropped at their centres to 64 × 64 pixels" in html

    middles = [tmp_path / "a.png", tmp_path / "b.png"]
    Image.open(reference).crop((16, 0, 80, 64)).save(middles[0])
    Image.open(tall).crop((0, 8, 64, 72)).save(middles[1])
    [expected] = score_pairs([middles], ["deepmse", "psnr"], device="cpu")
    assert data["score"] == expected.measurements["deepmse"].value
    assert data["metrics"]["psnr"]["score"] == expected.measurements["psnr"].value


def test_pictures_too_large_for_other_metrics_still_get_the_main_score(compare, reference, monkeypatch):
    monkeypatch.setattr(web_metrics, "MAX_PIXELS_OF_OTHERS", 96 * 64 - 1)
    data, html = compare(upload(reference), upload(reference), ["psnr"])
    assert data["score"] == 0
    assert data["metrics"]["psnr"]["score"] is None
    assert "too large" in shown_rows(html)["PSNR"][0]
    assert set(data["settings"]["metrics"]) == {"deepmse"}


@pytest.mark.parametrize(
    "chosen", [["no-such-metric"], ["deepmse"], ["piqe"], ["/etc/passwd"], "psnr", None, [["psnr"]], 3]
)
def test_only_offered_metrics_can_be_chosen(compare, reference, chosen):
    assert_no_number(*compare(upload(reference), upload(reference), chosen), "Choose other metrics", "psnr")


def test_offered_are_the_other_metrics_of_the_kind_that_can_run_here(compare, monkeypatch):
    offered = {metric.name for metric in compare.metrics.others}
    assert "psnr" in offered
    assert offered <= set(metric_names("FR")) - {"deepmse"}

    real = info.find_spec
    monkeypatch.setattr(info, "find_spec", lambda name: None if name == "piq" else real(name))
    without_piq = {metric.name for metric in Comparison(Setup(get_upload_folder)).metrics.others}
    assert "ssim" not in without_piq
    assert "psnr" in without_piq


def test_metrics_without_their_weights_are_not_offered(monkeypatch, tmp_path):
    monkeypatch.setenv("DEEPMSE_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    offered = {metric.name for metric in Comparison(Setup(get_upload_folder)).metrics.others}
    assert "lpips-alex" not in offered
    assert "nlpd" in offered


def test_weights_given_for_deepmse_are_not_tried_on_others(tmp_path):
    offered = Comparison(Setup(get_upload_folder, tmp_path)).metrics.others
    assert "psnr" in {metric.name for metric in offered}
    assert not any("weights" in metric.settings for metric in offered)


def test_metrics_are_loaded_once_and_only_the_last_few_sets_are_kept(reference, monkeypatch):
    made = []

    class Counted(scoring.Scorer):
        def __init__(self, metrics, **settings):
            made.append(metrics[1:])
            super().__init__(metrics, **settings)

    monkeypatch.setattr(web_metrics, "Scorer", Counted)
    monkeypatch.setattr(web_metrics, "KEPT_SCORERS", 2)
    compare = Comparison(Setup(get_upload_folder, device="cpu"))
    for chosen in (["psnr", "nlpd"], ["nlpd", "psnr"], [], ["psnr", "nlpd"], ["nlpd"], []):
        compare(upload(reference), upload(reference), chosen)
    assert made == [("psnr", "nlpd"), (), ("nlpd",), ()]


def test_both_pictures_are_shown_over_each_other_as_they_were_scored(compare, reference, tmp_path):
    turned = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    photo((64, 96), seed=1).save(turned, exif=exif, quality=95)
    _, html = compare(upload(reference), upload(turned))
    first, second = (np.asarray(Image.open(path), dtype=float) for path in shown_files(html))
    np.testing.assert_array_equal(first, photo())
    upright = np.asarray(photo((64, 96), seed=1).transpose(Image.Transpose.ROTATE_270), dtype=float)
    assert np.abs(second - upright).mean() < 6

    tall = tmp_path / "tall.png"
    photo((64, 80), seed=1).save(tall)
    _, html = compare(upload(reference), upload(tall), [], "crop")
    assert [Image.open(path).size for path in shown_files(html)] == [(64, 64)] * 2


def test_a_map_of_every_stage_can_be_chosen(compare, reference, distorted):
    data, html = compare(upload(reference), upload(distorted))
    assert re.findall(r"<option[^>]*>([^<]+)<", html) == ["none", "all stages", *data["stages"]]
    maps = compare.metrics.main.stage_maps(*(to_tensor(decode(path), RESIZE_256) for path in (reference, distorted)))
    scale = compare.metrics.main.model.weights.scale
    for levels, mean in zip(maps, data["stages"].values(), strict=True):
        errors = scale * levels.double() / (255 - levels.double())
        assert float(errors.mean()) == pytest.approx(mean, rel=0.1, abs=scale / 255)


def test_pictures_of_different_shapes_are_asked_about(reference, distorted, tmp_path):
    tall = tmp_path / "tall.png"
    photo((64, 80), seed=1).save(tall)
    setup = Setup(get_upload_folder)
    question, crop, _ = tab._question(setup, Shapes.ASK, upload(reference), upload(tall))
    assert question.visible
    assert "64 × 64" in crop.value
    for shapes, *pair in (
        (Shapes.CROP, upload(reference), upload(tall)),
        (Shapes.ASK, upload(reference), upload(distorted)),
        (Shapes.ASK, upload(reference), None),
    ):
        question, *_ = tab._question(setup, shapes, *pair)
        assert not question.visible


def test_a_pair_that_looks_mistaken_raises_a_question(compare, reference, distorted, tmp_path):
    turned = tmp_path / "upside-down.png"
    photo().transpose(Image.Transpose.ROTATE_180).save(turned)
    data, html = compare(upload(reference), upload(turned))
    assert "upside down?" in data["hints"][0]
    assert "upside down?" in html
    data, _ = compare(upload(distorted), upload(reference))
    assert ["swapped?" in hint for hint in data["hints"]] == [True]
    data, html = compare(upload(reference), upload(distorted))
    assert data["hints"] == []
    assert "dm-hint" not in html


def test_scores_stand_among_distorted_photographs(compare, reference, distorted, monkeypatch):
    data, html = compare(upload(reference), upload(distorted), ["psnr"])
    told = {
        name: packaged().stands(metric_info(name), value, data["settings"]["metrics"][name])
        for name, value in (("deepmse", data["score"]), ("psnr", data["metrics"]["psnr"]["score"]))
    }
    assert told["psnr"]
    for standing in filter(None, told.values()):
        assert escape(view.like(standing)) in html
        assert all(escape(each) in html for each in standing)
    assert f"{packaged().photographs} photographs" in html
    monkeypatch.setattr(view, "packaged", lambda: replace(packaged(), quartiles={}))
    assert "like " not in compare(upload(reference), upload(distorted), ["psnr"])[1]


def test_the_first_example_is_computed_and_shown_once_the_page_is_there(compare):
    pytest.importorskip("skimage")
    [example, *_] = examples.available()
    [expected] = score_pairs([examples.make(example)], device="cpu")
    html = compare.example()
    assert float(shown_score(html)) == pytest.approx(expected.measurements["deepmse"].value, rel=1e-3)
    assert "An example" in html
    assert all(path.is_file() for path in shown_files(html))
