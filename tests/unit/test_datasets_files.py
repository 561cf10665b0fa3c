"""Reading tables that other programs wrote."""

import zipfile

import pytest
from deepmse.plugin.datasets.files import read_lines, read_mat, read_xlsx
from deepmse.plugin.errors import UsageError
from openpyxl import Workbook


def test_sheet_without_its_dimensions(tmp_path):
    book = Workbook()
    for row in (["Image name", "MOS"], ["a.jpg", 50], ["b.jpg"], [], ["c.jpg", 60]):
        book.active.append(row)
    book.save(tmp_path / "full.xlsx")
    path = tmp_path / "bare.xlsx"
    with zipfile.ZipFile(tmp_path / "full.xlsx") as full, zipfile.ZipFile(path, "w") as bare:
        for name in full.namelist():
            content = full.read(name)
            if name.endswith("sheet1.xml"):
                assert b'<dimension ref="A1:B5"' in content
                content = content.replace(b'<dimension ref="A1:B5"/>', b"").replace(b'<dimension ref="A1:B5" />', b"")
                assert b"<dimension" not in content
            bare.writestr(name, content)
    assert list(read_xlsx(path, ["MOS", "Image name"])) == [
        (2, {"MOS": 50, "Image name": "a.jpg"}),
        (3, {"MOS": None, "Image name": "b.jpg"}),
        (5, {"MOS": 60, "Image name": "c.jpg"}),
    ]


def test_text_with_a_byte_order_mark_and_blank_lines(tmp_path):
    path = tmp_path / "scores.txt"
    path.write_bytes("\ufeff5.5  a.bmp\r\n\r\n 4 b.bmp \r\n".encode())
    assert list(read_lines(path)) == [(1, ["5.5", "a.bmp"]), (3, ["4", "b.bmp"])]


def test_text_that_is_none(tmp_path):
    path = tmp_path / "scores.txt"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match=r"scores\.txt: .*decode"):
        list(read_lines(path))


def test_matlab_files_since_7_3_are_refused(tmp_path):
    path = tmp_path / "scores.mat"
    header = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM"
    path.write_bytes(header.ljust(512, b"\0") + b"\x89HDF\r\n\x1a\n")
    with pytest.raises(UsageError, match=r"scores\.mat: cannot be read as a MATLAB file \(.*HDF"):
        read_mat(path, "dmos")


@pytest.mark.parametrize(
    "content", [b"", b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM" + b"\x0f\0\0\0\xff\0\0\0xx"]
)
def test_damaged_matlab_files_are_refused(tmp_path, content):
    path = tmp_path / "scores.mat"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"scores\.mat: (cannot be read|no variable)"):
        read_mat(path, "dmos")
