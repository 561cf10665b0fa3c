import io
import struct
import zipfile
from pathlib import Path

import pytest
from deepmse.app.web import archives
from deepmse.plugin.errors import UsageError


@pytest.fixture
def place(tmp_path):
    """Makes paths in a folder of their own."""
    folder = tmp_path / "unpacked"
    folder.mkdir()
    return lambda suffix: folder / f"{len(list(folder.iterdir()))}{suffix}"


def archive(path: Path, members: dict[str, bytes], compression=zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def test_pictures_and_tables_are_unpacked_and_the_rest_is_counted(tmp_path, place):
    members = {
        "b/two.PNG": b"2",
        "a/one.jpg": b"1",
        "pairs.csv": b"dist,ref",
        "inner.zip": b"PK",
        "__MACOSX/a/._one.jpg": b"fork",
        "read me.txt": b"hello",
    }
    files, listing = archives.unpack(archive(tmp_path / "a.zip", members), "a.zip", place)
    assert {name: path.read_bytes() for name, path in files.items()} == {
        name: members[name] for name in ("a/one.jpg", "b/two.PNG", "pairs.csv")
    }
    assert listing.note == "Files left out: 1 hidden; 2 that are no images by their names (.zip, .txt)."


@pytest.mark.parametrize("name", ["../../up.jpg", "/tmp/absolute.jpg", "..\\..\\back.jpg", "C:\\drive.jpg"])
def test_no_name_leads_outside(tmp_path, place, name):
    outside = set(tmp_path.parent.rglob("*"))
    [target] = archives.unpack(archive(tmp_path / "a.zip", {name: b"x"}), "a.zip", place)[0].values()
    assert target.parent == tmp_path / "unpacked"
    assert set(tmp_path.parent.rglob("*")) - outside == {tmp_path / "a.zip", target}


def test_a_link_is_unpacked_as_the_text_that_it_is(tmp_path, place):
    link = zipfile.ZipInfo("link.jpg")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr(link, "/etc/passwd")
    [target] = archives.unpack(tmp_path / "a.zip", "a.zip", place)[0].values()
    assert not target.is_symlink()
    assert target.read_bytes() == b"/etc/passwd"


@pytest.mark.parametrize(
    ("limit", "words"),
    [("MAX_ENTRIES", "holds 3 files"), ("MAX_TOTAL_BYTES", "GB unpacked"), ("MAX_FILE_BYTES", "“0.jpg” has")],
)
def test_what_is_too_much_is_refused_before_anything_is_unpacked(tmp_path, place, monkeypatch, limit, words):
    monkeypatch.setattr(archives, limit, 2)
    path = archive(tmp_path / "a.zip", {f"{index}.jpg": bytes(9) for index in range(3)})
    with pytest.raises(UsageError, match=words):
        archives.unpack(path, "a.zip", place, archives.MAX_TOTAL_BYTES)
    assert list((tmp_path / "unpacked").iterdir()) == []


def test_an_archive_of_ten_thousand_files_is_refused(tmp_path, place):
    path = archive(tmp_path / "a.zip", {f"{index}.jpg": b"" for index in range(10_000)}, zipfile.ZIP_STORED)
    with pytest.raises(UsageError, match="10,000 files, of at most 5,000"):
        archives.unpack(path, "a.zip", place)


def test_a_bomb_that_lies_about_its_size_fills_no_disk(tmp_path, place):
    path = archive(tmp_path / "a.zip", {"bomb.jpg": bytes(30_000_000)})
    lying = path.read_bytes().replace(struct.pack("<L", 30_000_000), struct.pack("<L", 10))
    path.write_bytes(lying)
    with pytest.raises(UsageError, match="damaged"):
        archives.unpack(path, "a.zip", place)
    assert sum(file.stat().st_size for file in (tmp_path / "unpacked").iterdir()) <= 10


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04" + bytes(40)])
def test_what_is_no_archive_is_said_to_be_none(tmp_path, place, content):
    path = tmp_path / "0123.zip"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"photos\.zip: is no zip archive"):
        archives.unpack(path, "photos.zip", place)


def test_truncated_encrypted_and_oddly_packed_archives_are_refused(tmp_path, place):
    whole = archive(tmp_path / "a.zip", {"one.jpg": b"1" * 1000}, zipfile.ZIP_STORED).read_bytes()
    for name, content, words in (
        ("truncated", whole[:-30], "damaged"),
        ("flipped", whole.replace(b"1" * 1000, b"1" * 999 + b"2"), "damaged"),
        ("encrypted", _with_flag(whole, 1), "password"),
    ):
        path = tmp_path / f"{name}.zip"
        path.write_bytes(content)
        with pytest.raises(UsageError, match=words):
            archives.unpack(path, f"{name}.zip", place)
    with pytest.raises(UsageError, match="deflate"):
        archives.unpack(archive(tmp_path / "b.zip", {"a.jpg": b"1"}, zipfile.ZIP_LZMA), "b.zip", place)


def _with_flag(content: bytes, flag: int) -> bytes:
    """The archive with a flag set in the headers of its only file."""
    changed = bytearray(content)
    directory = content.index(b"PK\x01\x02")
    for place in (6, directory + 8):
        changed[place] |= flag
    assert zipfile.ZipFile(io.BytesIO(changed)).infolist()[0].flag_bits & flag
    return bytes(changed)
