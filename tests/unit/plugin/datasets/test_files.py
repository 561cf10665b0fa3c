"""Reading tables that other programs wrote."""

import zipfile

import numpy as np
import pytest
from deepmse.plugin.datasets.files import read_csv, read_lines, read_mat, read_xlsx
from deepmse.plugin.errors import UsageError
from openpyxl import Workbook
from scipy.io import savemat


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
    assert list(read_xlsx(path, ["Image name", "MOS"])) == [
        (2, {"MOS": 50, "Image name": "a.jpg"}),
        (3, {"MOS": None, "Image name": "b.jpg"}),
        (5, {"MOS": 60, "Image name": "c.jpg"}),
    ]


def test_sheet_with_space_around_texts_and_rows_without_a_name(tmp_path):
    book = Workbook()
    for row in (["Scores"], [" Image name ", "MOS "], [" a.jpg ", 50], [None, 1], ["  ", 2], ["b.jpg", 60.5]):
        book.active.append(row)
    book.save(tmp_path / "scores.xlsx")
    assert list(read_xlsx(tmp_path / "scores.xlsx", ["Image name", "MOS"])) == [
        (3, {"Image name": "a.jpg", "MOS": 50}),
        (6, {"Image name": "b.jpg", "MOS": 60.5}),
    ]


def test_csv_as_other_programs_write_it(tmp_path):
    path = tmp_path / "scores.csv"
    text = '\ufeff"image" , mos ,set\r\n a.jpg , "61.5" , "test"\r\n\r\n,,\r\n"b, c.jpg",2,\r\n'
    path.write_bytes(text.encode())
    assert read_csv(path, ["image", "mos"]) == [
        (2, {"image": "a.jpg", "mos": "61.5", "set": "test"}),
        (5, {"image": "b, c.jpg", "mos": "2", "set": ""}),
    ]


def test_empty_csv(tmp_path):
    (tmp_path / "scores.csv").touch()
    with pytest.raises(UsageError, match=r"scores\.csv: empty; the first line must name the columns"):
        read_csv(tmp_path / "scores.csv", ["image", "mos"])


def test_text_with_a_byte_order_mark_and_blank_lines(tmp_path):
    path = tmp_path / "scores.txt"
    path.write_bytes("\ufeff5.5  a.bmp\r\n\r\n 4 b.bmp \r\n".encode())
    assert list(read_lines(path)) == [(1, ["5.5", "a.bmp"]), (3, ["4", "b.bmp"])]


def test_text_that_is_none(tmp_path):
    path = tmp_path / "scores.txt"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match=r"scores\.txt: .*decode"):
        list(read_lines(path))


@pytest.mark.parametrize(
    ("names", "scores"),
    [
        (np.array(["a.bmp", "long.bmp"], dtype=object), np.array([1.5, 2])),
        (np.array([["a.bmp"], ["long.bmp"]], dtype=object), np.array([[1.5], [2]])),
        (["a.bmp", "long.bmp"], np.array([1.5, 2], dtype=object)),
        (np.array([" a.bmp", "long.bmp "], dtype=object), np.array([1.5, 2], dtype=np.float32)),
    ],
    ids=["row", "column", "character array", "space"],
)
def test_matlab_texts_and_numbers_in_each_of_their_forms(tmp_path, names, scores):
    savemat(tmp_path / "scores.mat", {"names": names, "scores": scores})
    found_names, found_scores = read_mat(tmp_path / "scores.mat", names=str, scores=float)
    assert list(found_names) == ["a.bmp", "long.bmp"]
    assert list(found_scores) == [1.5, 2]


def test_matlab_variables_of_another_kind_are_refused(tmp_path):
    path = tmp_path / "scores.mat"
    savemat(path, {"names": np.array(["a", "b"], dtype=object), "scores": np.array([1.5, 2])})
    with pytest.raises(UsageError, match="names has values that are not numbers"):
        read_mat(path, names=float)
    with pytest.raises(UsageError, match="scores has values that are not texts"):
        read_mat(path, scores=str)


def test_matlab_files_since_7_3_are_refused(tmp_path):
    path = tmp_path / "scores.mat"
    header = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM"
    path.write_bytes(header.ljust(512, b"\0") + b"\x89HDF\r\n\x1a\n")
    with pytest.raises(UsageError, match=r"scores\.mat: cannot be read as a MATLAB file \(.*HDF"):
        read_mat(path, dmos=float)


@pytest.mark.parametrize(
    "content", [b"", b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM" + b"\x0f\0\0\0\xff\0\0\0xx"]
)
def test_damaged_matlab_files_are_refused(tmp_path, content):
    path = tmp_path / "scores.mat"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"scores\.mat: (cannot be read|no variable)"):
        read_mat(path, dmos=float)
