"""What the doctor finds, what it says to do, and its exit status."""

import builtins
import importlib.util
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from deepmse.app import cli, doctor
from deepmse.app.doctor import Finding
from deepmse.app.plugin_link import link
from deepmse.plugin import weights
from deepmse.plugin.errors import WeightsError
from deepmse.plugin.weights import search


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make packages look as if they were not installed, or fail on import with ``error``."""

    def hide(*names: str, error: Exception | None = None) -> None:
        find, load = importlib.util.find_spec, builtins.__import__
        monkeypatch.setattr(
            importlib.util, "find_spec", lambda name, *rest: None if name in names else find(name, *rest)
        )

        def refusing(name: str, *rest: Any, **settings: Any) -> Any:
            if name.partition(".")[0] in names:
                raise error or ImportError(f"No module named {name!r}")
            return load(name, *rest, **settings)

        monkeypatch.setattr(builtins, "__import__", refusing)

    return hide


@pytest.mark.usefixtures("plugins")
def test_everything_that_is_promised_is_looked_at():
    found = list(doctor.examine())
    assert [finding.name for finding in found] == [
        "Python",
        "PyTorch",
        "device",
        "torchvision",
        "fiftyone",
        "gradio",
        "scikit-image",
        "Ray",
        "mongod",
        "SqueezeNet weights",
        "plugin",
        "Chromium",
        "free disk",
    ]
    for finding in found:
        assert finding.state in ("ok", "warning", "missing")
        assert finding.found
        # Whatever is not in order comes with what to do, and nothing else does.
        assert bool(finding.fix) == (finding.state != "ok")


@pytest.mark.parametrize(
    "error",
    [
        ImportError("No module named 'torchvision'"),
        RuntimeError("operator torchvision::nms does not exist"),
        OSError("libcudart.so.13: cannot open shared object file"),
    ],
)
def test_a_pytorch_that_does_not_load_is_missing(without, error):
    without("torchvision", error=error)
    (finding,) = doctor._torch()
    assert (finding.name, finding.state, finding.found) == ("PyTorch", "missing", str(error))
    assert "torchvision" in finding.fix


@pytest.mark.parametrize("error", [ImportError("no torch"), OSError("libcudart.so.13: cannot open")])
def test_weights_cannot_be_told_where_pytorch_does_not_load(without, error):
    without("plugin", error=error)
    finding = doctor._weights()
    assert (finding.state, finding.found) == ("missing", str(error))


@pytest.mark.parametrize(("package", "extra"), [("fiftyone", "fiftyone"), ("gradio", "web"), ("skimage", "demo")])
def test_a_package_that_is_not_installed_names_the_extra_that_brings_it(without, package, extra):
    assert doctor._package(package, extra).state == "ok"
    without(package)
    finding = doctor._package(package, extra)
    assert finding.state == "missing"
    assert finding.fix == f"pip install 'fiftyone-deepmse[{extra}]'"


def test_mongod_is_run_and_not_only_seen(monkeypatch, tmp_path):
    monkeypatch.delenv("FIFTYONE_DATABASE_URI", raising=False)
    folder = tmp_path / "fiftyone" / "db" / "bin"
    folder.mkdir(parents=True)
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: SimpleNamespace(submodule_search_locations=[tmp_path / "fiftyone"])
    )
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    assert doctor._mongod().found == "FiftyOne's database package brought none"

    mongod = folder / "mongod"
    for script, state in (
        ("exit 1", "missing"),
        ("echo db version v9.9.9", "ok"),
        ("exec /no/such/library", "missing"),
    ):
        mongod.write_text(f"#!/bin/sh\n{script}\n")
        mongod.chmod(0o755)
        finding = doctor._mongod()
        assert finding.state == state
        assert (finding.found == "v9.9.9") == (state == "ok")
        assert bool(finding.fix) == (state == "missing")
    mongod.chmod(0o644)
    assert "does not run" in doctor._mongod().found


def test_a_mongod_that_hangs_is_not_waited_for_for_ever(monkeypatch):
    monkeypatch.delenv("FIFTYONE_DATABASE_URI", raising=False)

    def hang(*_: Any, timeout: float, **__: Any) -> None:
        raise subprocess.TimeoutExpired("mongod", timeout)

    monkeypatch.setattr(doctor.subprocess, "run", hang)
    monkeypatch.setattr(doctor.shutil, "which", lambda name: "/usr/bin/mongod")
    assert doctor._mongod().state == "missing"


def test_a_database_elsewhere_is_shown_without_its_password(monkeypatch):
    monkeypatch.setenv("FIFTYONE_DATABASE_URI", "mongodb://user:secret@host:27017")
    finding = doctor._mongod()
    assert finding.state == "ok"
    assert "host:27017" in finding.found
    assert "secret" not in finding.found


def test_no_fiftyone_is_no_mongod_and_no_plugin(monkeypatch, without):
    monkeypatch.delenv("FIFTYONE_DATABASE_URI", raising=False)
    without("fiftyone")
    for finding in (doctor._mongod(), doctor._plugin()):
        assert (finding.state, finding.found) == ("missing", "FiftyOne is not installed")
        assert "fiftyone-deepmse[fiftyone]" in finding.fix


@pytest.mark.parametrize("warning", [None, "fallback weights"])
def test_weights_are_named_with_their_digest(monkeypatch, warning):
    found = weights.Weights("some weights", Path("/w/file"), "0123456789abcdef", {}, warning=warning)
    monkeypatch.setattr(weights, "resolve", lambda network: found)
    finding = doctor._weights()
    assert finding.state == ("warning" if warning else "ok")
    assert all(text in finding.found for text in ("some weights", "0123456789ab", "/w/file"))


def test_missing_weights_come_with_the_ways_out(monkeypatch):
    def nothing(network: weights.ParameterFile) -> weights.Weights:
        raise WeightsError("no weights for squeezenet1_1. Tried:\n  - here\nThree ways out:\n  - there")

    monkeypatch.setattr(weights, "resolve", nothing)
    finding = doctor._weights()
    assert (finding.state, finding.found) == ("missing", "no weights for squeezenet1_1. Tried:")
    assert "Three ways out:" in finding.fix


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """FiftyOne's plugins folder, without FiftyOne, which takes seconds to import."""
    config = SimpleNamespace(plugins_dir=lambda: tmp_path)
    monkeypatch.setitem(sys.modules, "deepmse.plugin.store", SimpleNamespace(config=config))
    monkeypatch.setitem(sys.modules, "deepmse.plugin.store.config", config)
    return tmp_path


def test_the_plugin_is_there_once_it_is_linked(plugins):
    assert doctor._plugin() == Finding("plugin", "warning", f"not in {plugins}", "deepmse plugin link")
    made = link(plugins)
    assert doctor._plugin() == Finding("plugin", "ok", str(made))


@pytest.mark.parametrize(("name", "state"), [("chromium", "ok"), ("google-chrome", "ok"), ("firefox", "warning")])
def test_any_chromium_will_do(monkeypatch, name, state):
    monkeypatch.setattr(doctor.shutil, "which", lambda wanted: f"/bin/{name}" if wanted == name else None)
    assert doctor._chromium().state == state


@pytest.mark.parametrize(("free", "state"), [(1.9e9, "warning"), (2.1e9, "ok")])
def test_little_disk_is_a_warning(monkeypatch, free, state):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda folder: SimpleNamespace(free=free))
    assert doctor._disk().state == state


@pytest.mark.parametrize(
    ("states", "status"), [(["ok"], 0), (["ok", "warning"], 0), (["missing", "ok"], 1), (["warning", "missing"], 1)]
)
@pytest.mark.parametrize("as_json", [True, False])
def test_only_what_is_missing_fails(monkeypatch, capsys, states, status, as_json):
    findings = [Finding(f"[thing] {index}", state, "found [/x]", "fix it") for index, state in enumerate(states)]
    monkeypatch.setattr(doctor, "examine", lambda: iter(findings))
    monkeypatch.setattr(sys, "argv", ["deepmse", "doctor", *(["--json"] if as_json else [])])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert (end.value.code or 0) == status
    out = capsys.readouterr().out
    if as_json:
        assert [Finding(**entry) for entry in json.loads(out)] == findings
    else:
        assert [line.split()[0:2] for line in out.splitlines() if "[thing]" in line] == [
            ["[thing]", str(index)] for index in range(len(states))
        ]


def test_the_commands_that_the_doctor_names_exist():
    source = Path(doctor.__file__).read_text() + Path(search.__file__).read_text()
    advised = {tuple(shlex.split(found)) for found in re.findall(r"\bdeepmse ((?:[a-z]+ ?)+(?:[A-Z]+)?)", source)}
    assert {("plugin", "link"), ("weights", "fetch", "FOLDER")} <= advised
    for words in advised:
        command: Any = typer.main.get_command(cli.app)
        names = [word for word in words if word.islower()]
        while names and hasattr(command, "commands"):
            command = command.commands[names.pop(0)]
        arguments = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
        required = [argument for argument in arguments if argument.required]
        assert len(required) <= len([word for word in words if word.isupper()]) <= len(arguments), words
