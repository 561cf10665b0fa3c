import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from deepmse import score_pairs
from deepmse.app.web import answers as web_answers
from deepmse.app.web import metrics as web_metrics
from deepmse.app.web import uploads as web_uploads
from deepmse.app.web.uploads import Upload
from deepmse.plugin.engine import scorer as scoring
from deepmse.plugin.images import RESIZE_256
from deepmse.plugin.learning.gaussian_process import files as nr_files
from deepmse.plugin.metrics import info, metric_info, metric_names
from deepmse.plugin.metrics.base import Assessment, NoReferenceMetric
from gradio.utils import get_upload_folder
from PIL import Image


def upload(path: Path, name: str | None = None) -> Upload:
    return {"path": str(path), "orig_name": name or path.name}


@pytest.fixture(autouse=True)
def uploads(tmp_path, monkeypatch) -> Path:
    """The folder of Gradio's uploads."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    return tmp_path


def photo(size=(96, 64), seed=0) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 9, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


@pytest.fixture
def reference(tmp_path) -> Path:
    path = tmp_path / "reference.png"
    photo().save(path)
    return path


@pytest.fixture
def distorted(tmp_path) -> Path:
    path = tmp_path / "distorted.jpg"
    photo().save(path, quality=5)
    return path


@pytest.fixture(scope="module")
def compare() -> web_answers.Comparison:
    return web_answers.Comparison(get_upload_folder, device="cpu")


def assert_no_number(data, html, *words):
    assert set(data) == {"error"}
    assert "dm-score" not in html
    assert 'role="alert"' in html
    for word in words:
        assert word in data["error"]
        assert word in html


def shown_score(html: str) -> str:
    [shown] = re.findall(r'data-testid="score">([^<]*)<', html)
    return shown


def shown_rows(html: str) -> dict[str, list[str]]:
    """The table of other metrics: cells by the metric's title."""
    rows = re.findall(r'<tr><th scope="row">([^<]*)</th>(.*?)</tr>', html)
    return {title: re.findall(r"<td[^>]*>([^<]*)</td>", cells) for title, cells in rows}


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
    assert "96" not in web_answers.inspect(get_upload_folder, "distorted", upload(path))


@pytest.mark.parametrize("sent", [{}, {"path": None, "url": "http://localhost/a.png"}, {"path": 1}])
def test_what_a_client_sends_without_a_file_is_refused_in_words(compare, reference, sent):
    assert_no_number(*compare(sent, upload(reference)), "reference image", "no uploaded file")


def test_an_upload_without_its_original_name_goes_by_its_files(reference):
    assert "reference.png · 96 × 64" in web_answers.inspect(get_upload_folder, "reference", {"path": str(reference)})
    assert "reference.png · 96 × 64" in web_answers.inspect(
        get_upload_folder, "reference", {"path": str(reference), "orig_name": None}
    )


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
    data, html = compare(upload(reference), upload(path))
    assert any("alpha composited on white" in note for note in data["notes"])
    assert any("sizes differ" in note and "128×128" in note and "96×64" in note for note in data["notes"])
    assert all(note in html for note in data["notes"])


def test_weights_warning_is_shown(reference, distorted, monkeypatch):
    warning = "these are stand-in weights"
    monkeypatch.setattr(web_metrics.Scorer, "warnings", (warning,))
    _, html = web_answers.Comparison(get_upload_folder, device="cpu")(upload(reference), upload(distorted))
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
    photo((20, 20)).save(path)
    data, html = compare(upload(path, "tiny.png"), upload(reference))
    assert_no_number(data, html, "“tiny.png”", "20×20", "too small")
    assert str(tmp_path) not in html


def test_too_many_pixels_are_refused(compare, reference, monkeypatch):
    monkeypatch.setattr(web_uploads, "MAX_PIXELS", 96 * 64 - 1)
    assert_no_number(*compare(upload(reference), upload(reference)), "96×64", "limit")
    assert "limit" in web_answers.inspect(get_upload_folder, "reference", upload(reference))


def test_missing_weights_are_a_message(reference, distorted, tmp_path):
    compare = web_answers.Comparison(get_upload_folder, weights=tmp_path / "nowhere.safetensors", device="cpu")
    assert_no_number(*compare(upload(reference), upload(distorted)), "nowhere.safetensors")


def test_inspect_names_file_and_size_as_a_viewer_shows_it(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    path = tmp_path / "turned.jpg"
    photo().save(path, exif=exif)
    html = web_answers.inspect(get_upload_folder, "distorted", upload(path))
    assert "turned.jpg" in html
    assert "64 × 96 pixels" in html
    assert "EXIF" in html
    assert "dm-failed" not in html


def test_inspect_says_what_is_wrong(tmp_path):
    path = tmp_path / "notes.png"
    path.write_text("no image")
    html = web_answers.inspect(get_upload_folder, "distorted", upload(path))
    assert "dm-failed" in html
    assert "notes.png" in html


def test_inspect_of_nothing_is_empty():
    assert web_answers.inspect(get_upload_folder, "reference", None) == ""


def test_file_names_are_never_markup(compare, reference, tmp_path):
    name = "<img src=x onerror=alert(1)>.png"
    broken = tmp_path / "broken.png"
    broken.write_text("no image")
    small = tmp_path / "small.png"
    photo((40, 40)).save(small)
    for html in (
        web_answers.inspect(get_upload_folder, "reference", upload(reference, name)),
        web_answers.inspect(get_upload_folder, "reference", upload(broken, name)),
        compare(upload(broken, name), upload(reference))[1],
        compare(upload(reference), upload(small, name), ["gmsd"])[1],
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
    data, html = compare(upload(reference), upload(stored, "wide.png"), ["psnr"])
    assert data["score"] > 0
    assert data["metrics"]["psnr"]["score"] is None
    for word in ("one size", "“wide.png”", "128 × 96", "“reference.png”", "96 × 64"):
        assert word in data["metrics"]["psnr"]["reason"]
        assert word in shown_rows(html)["PSNR"][0]

    data, html = compare(upload(reference), upload(reference), ["ms-ssim", "ssim"])
    assert "too small" in data["metrics"]["ms-ssim"]["reason"]
    assert "too small" in shown_rows(html)["MS-SSIM"][0]
    assert data["metrics"]["ssim"]["score"] == pytest.approx(1)
    assert str(tmp_path) not in html


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
    monkeypatch.setattr(web_metrics, "inventory", lambda: [])
    without_piq = {metric.name for metric in web_answers.Comparison(get_upload_folder).metrics.others}
    assert "ssim" not in without_piq
    assert "psnr" in without_piq


def test_metrics_without_their_weights_are_not_offered(monkeypatch, tmp_path):
    monkeypatch.setenv("DEEPMSE_WEIGHTS", str(tmp_path))
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    offered = {metric.name for metric in web_answers.Comparison(get_upload_folder).metrics.others}
    assert "lpips-alex" not in offered
    assert "nlpd" in offered


def test_weights_given_for_deepmse_are_not_tried_on_others(tmp_path):
    offered = web_answers.Comparison(get_upload_folder, weights=tmp_path).metrics.others
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
    compare = web_answers.Comparison(get_upload_folder, device="cpu")
    for chosen in (["psnr", "nlpd"], ["nlpd", "psnr"], [], ["psnr", "nlpd"], ["nlpd"], []):
        compare(upload(reference), upload(reference), chosen)
    assert made == [("psnr", "nlpd"), (), ("nlpd",), ()]


class Brightness(NoReferenceMetric):
    """Mean level in percent; knows its uncertainty, its training images and words."""

    info = metric_info("nr")
    policy = RESIZE_256
    deviation: float | None = 10.0
    percentile: float | None = 63.4

    def assess(self, images):
        scores = images.double().mean((1, 2, 3)) / 2.55
        each = [
            None if value is None else torch.full_like(scores, value) for value in (self.deviation, self.percentile)
        ]
        return Assessment(scores, *each)

    def grade(self, score):
        return "bright" if score > 50 else "dark"

    def describe(self):
        return {"weights": {"name": "a lamp", "sha256": "0" * 64, "warning": None}}


@pytest.fixture
def lamp(monkeypatch) -> Brightness:
    """Judge by brightness."""
    metric = Brightness()
    create = scoring.create
    monkeypatch.setattr(scoring, "create", lambda name, **more: metric if name == "nr" else create(name, **more))
    return metric


@pytest.fixture
def judge(lamp) -> web_answers.Judgement:
    return web_answers.Judgement(get_upload_folder, device="cpu")


def grey(path: Path, percent: float) -> Upload:
    Image.new("RGB", (80, 60), (round(percent * 2.55),) * 3).save(path)
    return upload(path)


def test_judgement_is_a_score_a_word_a_rank_and_an_interval(judge, tmp_path):
    data, html = judge(grey(tmp_path / "grey.png", 60))
    assert data["score"] == pytest.approx(60)
    assert data["interval"] == pytest.approx((60 - 19.6, 60 + 19.6))
    assert data["grade"] == "bright"
    assert data["percentile"] == pytest.approx(63.4)
    assert shown_score(html) == "60"
    assert ">Bright<" in html
    assert "between 40 and 80" in html
    assert "Better than 63 %" in html
    assert f"of the {len(nr_files.load().examples):,} photographs" in html
    assert "a lamp" in html
    assert "256×256" in html
    [(left, right)] = re.findall(r"left: ([\d.]+)%; right: calc\(100% - ([\d.]+)%\)", html)
    assert (float(left), float(right)) == pytest.approx((40.4, 79.6))
    json.dumps(data, allow_nan=False)


@pytest.mark.parametrize(("percent", "interval"), [(0, (0, 19.6)), (100, (80.4, 100))])
def test_interval_ends_where_the_scale_does(judge, tmp_path, percent, interval):
    data, _ = judge(grey(tmp_path / "grey.png", percent))
    assert data["interval"] == pytest.approx(interval, abs=1e-6)


def test_judgement_without_interval_or_rank_shows_none(judge, lamp, tmp_path, monkeypatch):
    monkeypatch.setattr(lamp, "deviation", None)
    monkeypatch.setattr(lamp, "percentile", None)
    data, html = judge(grey(tmp_path / "grey.png", 60))
    assert data["interval"] is None
    assert "dm-scale" in html
    assert data["percentile"] is None
    assert "probability" not in html
    assert "photographs" not in html


@pytest.mark.parametrize(
    ("percentile", "words"), [(0.0, "Hardly any"), (50.0, "Better than 50 %"), (100.0, "nearly all")]
)
def test_rank_among_training_images_in_words(judge, lamp, tmp_path, monkeypatch, percentile, words):
    monkeypatch.setattr(lamp, "percentile", percentile)
    assert words in judge(grey(tmp_path / "grey.png", 60))[1]


def test_judging_with_another_metric_gives_the_engines_score(judge, reference):
    [expected] = scoring.Scorer(["piqe"], device="cpu").run([scoring.Item(0, dist=reference)])
    data, html = judge(upload(reference), ["piqe"])
    assert data["metrics"]["piqe"]["score"] == expected.measurements["piqe"].value
    assert math.isclose(float(shown_rows(html)["PIQE"][0]), expected.measurements["piqe"].value, rel_tol=1e-3)


def test_judging_nothing_or_what_is_no_image_is_a_message(judge, tmp_path):
    assert_no_number(*judge(None), "no picture")
    path = tmp_path / "0123abcd.png"
    path.write_text("no image")
    assert_no_number(*judge(upload(path, "letter.png")), "Picture", "letter.png")
    assert_no_number(*judge(grey(tmp_path / "grey.png", 60), ["psnr"]), "Choose other metrics")
