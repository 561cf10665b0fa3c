"""Images that are not on this machine, by the file systems of fsspec."""

import builtins
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fsspec
import pytest
from deepmse import score
from deepmse.plugin.errors import ImageError, UsageError
from deepmse.plugin.images import decode, remote_images


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def served(tmp_path, made_pairs):
    """The made pairs' folder as a web server has it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def bucket(made_pairs):
    """The made pairs in a file system in memory, two of them in a folder of their own."""
    files = fsspec.filesystem("memory")
    for index, pair in enumerate(made_pairs):
        files.pipe(f"/photos/{'deep/' if index < 2 else ''}{pair.dist.name}", pair.dist.read_bytes())
    files.pipe("/photos/notes.txt", b"none")
    yield "memory://photos"
    files.rm("/photos", recursive=True)


def test_have_the_pixels_and_scores_that_they_have_here(served, made_pairs):
    pair = made_pairs[0]
    url = f"{served}/{pair.dist.name}"
    assert (decode(url).pixels == decode(pair.dist).pixels).all()
    here, there = score([pair.dist, url], ["piqe"], device="cpu")
    assert here.measurements == there.measurements


def test_that_are_not_there_are_reasons(served):
    (result,) = score([f"{served}/none.png"], ["piqe"], device="cpu")
    assert result.error == f"{served}/none.png: no such file"
    with pytest.raises(ImageError, match="cannot be fetched"):
        decode("http://127.0.0.1:9/a.png")


def test_of_folders_and_patterns_are_all_below_and_those_that_fit(bucket):
    assert [str(name) for _, name in remote_images(bucket)] == [
        "deep/dist0_1.png",
        "deep/dist0_2.png",
        *("dist0_3.png", "dist1_1.png", "dist1_2.png", "dist1_3.png"),
    ]
    assert [str(name) for _, name in remote_images(f"{bucket}/dist1_?.png")] == [
        *("dist1_1.png", "dist1_2.png", "dist1_3.png")
    ]
    with pytest.raises(UsageError, match="no image there"):
        remote_images(f"{bucket}/none")


def test_are_scored_by_the_command_and_paired_with_references_here(run, bucket, tmp_path, made_pairs):
    references = tmp_path / "refs"
    references.mkdir()
    for index in range(2):
        (references / f"dist{index}.png").write_bytes(Path(made_pairs[3 * index].ref).read_bytes())
    result = run("score", bucket, "--refs", references, "-m", "psnr")
    assert result.status == 0, result.err
    assert len(result.rows) == 6
    table = tmp_path / "pairs.csv"
    table.write_text("dist,ref\n" + "".join(f"{row['dist']},{row['ref']}\n" for row in result.rows))
    assert [row["psnr"] for row in run("score", table, "-m", "psnr").rows] == [row["psnr"] for row in result.rows]


def test_need_packages_that_the_error_names(monkeypatch):
    imported = builtins.__import__
    monkeypatch.setattr(
        builtins,
        "__import__",
        lambda name, *rest, **more: _missing(name) if name.startswith("fsspec") else imported(name, *rest, **more),
    )
    with pytest.raises(UsageError, match=r"fiftyone-deepmse\[remote\]"):
        remote_images("s3://bucket/photos")
    (result,) = score(["s3://bucket/a.png"], ["piqe"], device="cpu")
    assert "fiftyone-deepmse[remote]" in result.error


def test_tables_are_read_from_here(run):
    result = run("score", "s3://bucket/pairs.csv")
    assert (result.status, "copy it here" in result.err) == (2, True)


def _missing(name):
    raise ImportError(name)
