import json
import re
from pathlib import Path

import numpy as np
import pytest
from deepmse import score_pairs
from deepmse.app import web
from PIL import Image


def upload(path: Path, name: str | None = None) -> web.Upload:
    return {"path": str(path), "orig_name": name or path.name}


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
def compare() -> web.Comparison:
    return web.Comparison(device="cpu")


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
    monkeypatch.setattr(web.Scorer, "warnings", (warning,))
    _, html = web.Comparison(device="cpu")(upload(reference), upload(distorted))
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


def test_too_small_image_is_refused_without_the_servers_path(compare, reference, tmp_path):
    path = tmp_path / "tiny.png"
    photo((20, 20)).save(path)
    data, html = compare(upload(reference), upload(path))
    assert_no_number(data, html, "20×20", "too small")
    assert str(tmp_path) not in html


def test_too_many_pixels_are_refused(compare, reference, monkeypatch):
    monkeypatch.setattr(web, "MAX_PIXELS", 96 * 64 - 1)
    assert_no_number(*compare(upload(reference), upload(reference)), "96×64", "limit")
    assert "limit" in web.inspect("reference", upload(reference))


def test_missing_weights_are_a_message(reference, distorted, tmp_path):
    compare = web.Comparison(weights=tmp_path / "nowhere.safetensors", device="cpu")
    assert_no_number(*compare(upload(reference), upload(distorted)), "nowhere.safetensors")


def test_inspect_names_file_and_size_as_a_viewer_shows_it(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    path = tmp_path / "turned.jpg"
    photo().save(path, exif=exif)
    html = web.inspect("distorted", upload(path))
    assert "turned.jpg" in html
    assert "64 × 96 pixels" in html
    assert "EXIF" in html
    assert "dm-failed" not in html


def test_inspect_says_what_is_wrong(tmp_path):
    path = tmp_path / "notes.png"
    path.write_text("no image")
    html = web.inspect("distorted", upload(path))
    assert "dm-failed" in html
    assert "notes.png" in html


def test_inspect_of_nothing_is_empty():
    assert web.inspect("reference", None) == ""


def test_file_names_are_never_markup(compare, reference, tmp_path):
    name = "<img src=x onerror=alert(1)>.png"
    broken = tmp_path / "broken.png"
    broken.write_text("no image")
    for html in (
        web.inspect("reference", upload(reference, name)),
        web.inspect("reference", upload(broken, name)),
        compare(upload(broken, name), upload(reference))[1],
    ):
        assert "&lt;img" in html
        assert "<img src=x" not in html
