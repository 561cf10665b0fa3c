"""Mutated tables, models and features: each reader gives a result or one error in words, and builds nothing else.

MATLAB files are not among them: SciPy's reader, which nothing replaces, ends the process on some damaged ones.
"""

import io
import json
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import torch
from deepmse.plugin.datasets.files import read_lines, read_xlsx
from deepmse.plugin.engine.score_tables import ScoreWriter, items
from deepmse.plugin.errors import DeepMSEError
from deepmse.plugin.learning.features import files as feature_files
from deepmse.plugin.learning.gaussian_process import files as model_files
from deepmse.plugin.learning.labels import from_csv
from deepmse.plugin.tables import read_table
from deepmse.plugin.weights import read_array_pickle, read_tensors
from openpyxl import Workbook

from .mutations import mutate

EACH = 150
CSV = b'dist,ref,mos,note\n"a, b.png",r.png,3.5,"two\nlines"\nc.png,r.png,4,x\nd.png,r.png,1e-3,\n'
SETTINGS = {"metrics": {"psnr": {}}, "max_pixels": 100}


def workbook() -> bytes:
    book, buffer = Workbook(), io.BytesIO()
    for row in (["Image name", "MOS"], ["a.jpg", 50], ["b.jpg", 61.5]):
        book.active.append(row)
    book.save(buffer)
    return buffer.getvalue()


def npz() -> bytes:
    buffer = io.BytesIO()
    settings = np.array(json.dumps({"sizes": {"x": 3}}))
    texts = {"names": np.array(["a", "b"]), "errors": np.array(["", ""]), "settings": settings}
    np.savez(buffer, features=np.zeros((2, 1, 3)), **texts)
    return buffer.getvalue()


def pth() -> bytes:
    buffer = io.BytesIO()
    torch.save({"features.0.bias": torch.arange(8.0)}, buffer)
    return buffer.getvalue()


def numbers(path: Path) -> None:
    table = read_table(path)
    items(table)
    table.numbers("mos")


def resumed(path: Path) -> None:
    pairs = path.with_name("pairs.csv")
    pairs.write_bytes(b"dist,ref\na.png,b.png\nc.png,d.png\n")
    out = path.with_name("out.csv")
    out.write_bytes(b"dist,ref,psnr,error\na.png,b.png,1,\n")
    Path(f"{out}.run.json").write_bytes(path.read_bytes())
    with ScoreWriter(out, read_table(pairs), ["psnr"], SETTINGS, resume=True):
        pass


def resumed_scores(path: Path) -> None:
    pairs = path.with_name("pairs.csv")
    pairs.write_bytes(b"dist,ref\na.png,b.png\nc.png,d.png\n")
    out = path.with_name("scores.csv")
    out.write_bytes(path.read_bytes())
    Path(f"{out}.run.json").write_text(json.dumps({"decisive": SETTINGS}))
    with ScoreWriter(out, read_table(pairs), ["psnr"], SETTINGS, resume=True):
        pass


READERS: dict[str, tuple[str, Callable[[], bytes], Callable[[Path], object]]] = {
    "table": ("t.csv", lambda: CSV, numbers),
    "tabs": ("t.tsv", lambda: CSV.replace(b",", b"\t"), numbers),
    "labels": ("t.csv", lambda: CSV, lambda path: from_csv(path, "mos")),
    "lines": ("t.txt", lambda: b"5.5 a.bmp\n4.2 b.bmp\n", lambda path: list(read_lines(path))),
    "worksheet": ("t.xlsx", workbook, lambda path: list(read_xlsx(path, ["Image name", "MOS"]))),
    "record": ("run.json", lambda: json.dumps({"decisive": SETTINGS, "run": {}}).encode(), resumed),
    "scores": ("s.csv", lambda: b"dist,ref,psnr,error\na.png,b.png,1,\nc.png,d.png,,x\n", resumed_scores),
    "features": ("f.npz", npz, feature_files.read),
    "tensors": ("w.safetensors", lambda: safetensors.numpy.save({"a": np.zeros((4, 5))}), read_tensors),
    "checkpoint": ("w.pth", pth, read_tensors),
    "pickle": ("w.pkl", lambda: pickle.dumps({"a": [np.arange(6.0)]}, protocol=4), read_array_pickle),
    "model": ("m.safetensors", lambda: model_files.PACKAGED.read_bytes(), model_files.load),
}


@pytest.mark.parametrize("kind", READERS)
def test_a_mutated_file_is_read_or_refused_in_words(kind, tmp_path):
    name, whole, read = READERS[kind]
    content, path = whole(), tmp_path / name
    path.write_bytes(content)
    read(path)
    rng = np.random.default_rng(list(kind.encode()))
    refused = 0
    for _ in range(4 if kind == "model" else EACH):
        path.write_bytes(mutate(rng, content, content))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                read(path)
        except DeepMSEError as error:
            refused += 1
            assert path.stem in str(error) or str(tmp_path) in str(error)
    assert refused > 0
