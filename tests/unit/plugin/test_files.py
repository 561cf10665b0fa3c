"""Files are written by one process at a time, and are whole or as they were."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from deepmse.plugin import files
from deepmse.plugin.errors import OutputError, UsageError
from deepmse.plugin.files import locked, read_bytes, write_whole
from PIL import Image

from ...conftest import photo_like

HOLD = """
import sys, time
from pathlib import Path
from deepmse.plugin.files import locked
with locked(Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def holder(tmp_path: Path):
    """Another process that writes ``out.csv``."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "out.csv")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "locked\n"
    yield process
    process.kill()
    process.wait()


def test_the_process_that_writes_a_file_is_named(holder, tmp_path):
    said = rf"out\.csv: is being written by process {holder.pid} on .* since \d"
    with pytest.raises(UsageError, match=said), locked(tmp_path / "out.csv"):
        pass
    with locked(tmp_path / "other.csv"):
        pass


def test_a_folder_that_takes_no_files_is_not_taken_for_another_process():
    with pytest.raises(UsageError, match=r"out\.csv: cannot be written"), locked(Path("/proc/out.csv")):
        pass


def test_a_killed_processs_lock_keeps_nobody_out(holder, tmp_path):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert list(tmp_path.iterdir()) == [tmp_path / ".out.csv.lock"]
    with locked(tmp_path / "out.csv"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_lock_ends_with_an_error_too(tmp_path):
    with pytest.raises(ZeroDivisionError), locked(tmp_path / "out.csv"):
        raise ZeroDivisionError
    with locked(tmp_path / "out.csv"):
        assert (tmp_path / ".out.csv.lock").exists()


def test_a_file_that_cannot_be_written_stays_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail(self: Path, content: bytes) -> int:
        Path(self).touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(OutputError, match=r"file: cannot be written \(No space left on device\)"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_is_replaced_whole_and_its_folder_made(tmp_path):
    write_whole(tmp_path / "a" / "b" / "file", b"1")
    write_whole(tmp_path / "a" / "b" / "file", b"2")
    assert (tmp_path / "a" / "b" / "file").read_bytes() == b"2"
    assert len(list((tmp_path / "a" / "b").iterdir())) == 1


def test_only_regular_files_are_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, kind in ((tmp_path / "pipe", "a named pipe"), (tmp_path, "a folder"), (Path("/dev/zero"), "a device")):
        with pytest.raises(UsageError, match=f"cannot be read, it is {kind}"):
            read_bytes(path)
    with pytest.raises(UsageError, match="no such file"):
        read_bytes(tmp_path / "none")
    with pytest.raises(UsageError, match="cannot be read"):
        read_bytes(Path("a\0b"))
    assert files.kind_of_file(Path(__file__).stat().st_mode) is None


def test_every_command_that_writes_keeps_others_out(run, tmp_path):
    Image.fromarray(photo_like(0)).save(tmp_path / "a.png")
    table = tmp_path / "t.csv"
    table.write_text("dist,mos\n" + "".join(f"a.png,{index}\n" for index in range(30)))
    commands = {
        "scores.csv": ("score", table, "-m", "psnr", "-o"),
        "features.npz": ("features", tmp_path / "a.png", "-b", "efficientnet-lite0", "-l", "block0", "-o"),
        "model.safetensors": ("train", "nr", table, "-o"),
        "network.safetensors": ("finetune", table, "--target", "mos", "-b", "efficientnet-lite0", "-o"),
    }
    table.write_text(table.read_text().replace("dist,mos", "dist,ref,mos").replace("a.png,", "a.png,a.png,"))
    for name, arguments in commands.items():
        with locked(tmp_path / name):
            result = run(*arguments, tmp_path / name)
        assert result.status == 2, name
        assert f"{name}: is being written by process" in " ".join(result.err.split())
        assert not (tmp_path / name).exists()
