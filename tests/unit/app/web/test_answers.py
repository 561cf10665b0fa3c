from deepmse.app.web.answers import inspect
from gradio.utils import get_upload_folder
from PIL import Image

from .pictures import photo, upload


def test_an_upload_without_its_original_name_goes_by_its_files(reference):
    assert "reference.png · 96 × 64" in inspect(get_upload_folder, "reference", {"path": str(reference)})
    assert "reference.png · 96 × 64" in inspect(
        get_upload_folder, "reference", {"path": str(reference), "orig_name": None}
    )


def test_inspect_names_file_and_size_as_a_viewer_shows_it(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    path = tmp_path / "turned.jpg"
    photo().save(path, exif=exif)
    html = inspect(get_upload_folder, "distorted", upload(path))
    assert "turned.jpg" in html
    assert "64 × 96 pixels" in html
    assert "EXIF" in html
    assert "dm-failed" not in html


def test_inspect_says_what_is_wrong(tmp_path):
    path = tmp_path / "notes.png"
    path.write_text("no image")
    html = inspect(get_upload_folder, "distorted", upload(path))
    assert "dm-failed" in html
    assert "notes.png" in html


def test_inspect_of_nothing_is_empty():
    assert inspect(get_upload_folder, "reference", None) == ""
