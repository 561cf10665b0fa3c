"""One rule for which files are images, and names that no table holds."""

import os
from collections import Counter
from pathlib import Path

import pytest
from deepmse.plugin.datasets import load
from deepmse.plugin.datasets.check import check
from deepmse.plugin.datasets.synthesis.photos import photos_in
from deepmse.plugin.errors import UsageError
from deepmse.plugin.images import FORMATS, SUFFIXES, images_in
from deepmse.plugin.learning.features.files import read
from PIL import Image

NAMES = (
    *("a.png", "b.JPG", "c d,é.webp", '"q".bmp', "-dash.gif", "two\nlines.png", "trailing .png", "🙂.tga"),
    "x" * 200 + ".tif",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Images of every kind of name among other files."""
    folder = tmp_path / "folder"
    folder.mkdir()
    for index, name in enumerate(NAMES):
        image = Image.new("RGB", (40, 36), (index, 2 * index, 3 * index))
        image.save(folder / name, Image.registered_extensions()[Path(name).suffix.lower()])
    for name in ("notes.txt", "Thumbs.db", "LICENSE", ".hidden.png", ".DS_Store"):
        (folder / name).write_bytes(b"")
    (folder / "below").mkdir()
    Image.new("RGB", (40, 36)).save(folder / "below" / "z.png")
    return folder


def test_the_suffixes_are_those_of_the_formats_that_are_read():
    kinds = {*FORMATS, "HEIF", "JXL"}
    registered = {suffix for suffix, kind in Image.registered_extensions().items() if kind in kinds}
    assert registered <= set(SUFFIXES)
    added = {".heic", ".heics", ".heif", ".heifs", ".hif", ".jxl", ".avif", ".avifs"}
    assert set(SUFFIXES) - registered <= added


def test_hidden_and_other_files_are_counted_and_named(folder):
    found = images_in(folder)
    assert {path.name for path in found.images} == set(NAMES)
    assert (found.hidden, found.others) == (1, Counter({".txt": 1, ".db": 1, "": 2}))
    assert found.note.startswith("Files left out: 1 hidden; 4 that are no images by their names (")
    with pytest.raises(UsageError, match="no such folder"):
        images_in(folder / "none")


def test_every_command_takes_the_same_files_of_a_folder(folder, run, tmp_path):
    assert {record.dist.name for record in load("folder", folder).records} == {*NAMES, "z.png"}
    assert any(note.startswith("Files left out: 1 hidden; 4 ") for note in load("folder", folder).notes)
    assert check("folder", folder).n_images == len(NAMES) + 1
    photos, note = photos_in(folder)
    assert {path.name for path in photos} == set(NAMES)
    assert "no images by their names" in note
    result = run(
        "features", folder, "-b", "efficientnet-lite0", "-l", "block0", "--pool", "mean", "-o", tmp_path / "f.npz"
    )
    assert result.status == 0
    assert "Files left out: 1 hidden; 4" in " ".join(result.err.split())
    assert set(read(tmp_path / "f.npz").names) == {*NAMES, "below/z.png"}


@pytest.mark.parametrize("command", ["load", "check", "synth", "features", "one image"])
def test_names_that_are_not_utf8_are_told_before_any_work(folder, run, tmp_path, command):
    name = os.fsdecode(b"caf\xe9.png")
    try:
        Image.new("RGB", (40, 36)).save(folder / name)
    except OSError:
        pytest.skip("this file system takes UTF-8 alone")
    out = tmp_path / "out"
    arguments = {
        "load": ("load", "folder", folder),
        "check": ("check", "folder", folder),
        "synth": ("synth", folder, out),
        "features": ("features", folder, "-b", "efficientnet-lite0", "-l", "block0", "-o", out / "f.npz"),
        "one image": ("features", folder / name, "-b", "efficientnet-lite0", "-l", "block0", "-o", out / "f.npz"),
    }[command]
    result = run(*arguments)
    assert result.status == 2
    assert r"caf\udce9.png" in "".join(result.err.split())
    assert "rename it" in " ".join(result.err.split())
    assert not out.exists()
