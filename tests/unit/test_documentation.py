"""What the documentation says is there: links lead somewhere, commands exist and take what is shown, code runs."""

import ast
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
import typer
from deepmse.app.cli import app
from deepmse.plugin.metrics import metric_names
from PIL import Image

from ..conftest import photo_like

ROOT = Path(__file__).resolve().parents[2]
WRITTEN = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
#: Run here; what needs FiftyOne runs in the integration tests.
RUN = ["README.md", "docs/tutorials/two-pictures.md", "docs/tutorials/own-quality.md"]


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The pages as the site's generator gets them, and its settings."""
    folder = tmp_path_factory.mktemp("documentation")
    subprocess.run([sys.executable, ROOT / "docs" / "generator", folder], check=True)
    return folder


def anchors(page: Path) -> set[str]:
    """The places of a page that a link can lead to, named as GitHub and the site name them."""
    text = FENCE.sub("", page.read_text())
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def dead_links(page: Path) -> list[str]:
    dead = []
    for link in LINK.findall(FENCE.sub("", page.read_text())):
        if re.match(r"https?://|mailto:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    return dead


def examples(page: Path, language: str) -> list[str]:
    return [code for name, code in FENCE.findall(page.read_text()) if name == language]


def commands_in(page: Path) -> list[str]:
    """Command lines of ``deepmse``, whether in a block or in a sentence."""
    text = page.read_text()
    blocks = "\n".join(code for name, code in FENCE.findall(text) if name in ("", "bash", "console"))
    lines = [re.sub(r"\s+#.*", "", line) for line in blocks.replace("\\\n", " ").splitlines()]
    spans = re.findall(r"`(deepmse [^`]+)`", FENCE.sub("", text))
    return [line for line in [*lines, *(" ".join(span.split()) for span in spans)] if line.startswith("deepmse ")]


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_of_written_pages_lead_somewhere(page):
    assert dead_links(page) == []


def test_links_of_the_site_lead_somewhere_and_every_page_is_in_its_contents(site):
    pages = sorted((site / "pages").rglob("*.md"))
    assert {page.name: dead_links(page) for page in pages if dead_links(page)} == {}
    nav = tomllib.loads((site / "zensical.toml").read_text())["project"]["nav"]
    listed = re.findall(r"'([^']+\.md)'", str(nav))
    assert sorted(listed) == sorted(page.relative_to(site / "pages").as_posix() for page in pages)


def test_every_metric_has_a_page_with_its_formula(site):
    for name in metric_names():
        assert "```text\n" in (site / "pages" / "reference" / "metrics" / f"{name}.md").read_text(), name


def test_the_site_loads_nothing_from_elsewhere(site):
    pages = [page.read_text() for page in (site / "pages").rglob("*.md")]
    assert not any("```mermaid" in page or "<script" in page for page in pages)
    assert not re.search(r"https?://", (site / "zensical.toml").read_text())


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_that_are_shown_exist_and_take_what_is_shown(page):
    for line in commands_in(page):
        command, words = typer.main.get_command(app), shlex.split(line)[1:]
        # COMMAND stands for any.
        while words and hasattr(command, "commands") and not words[0].startswith("-") and words[0] != "COMMAND":
            assert words[0] in command.commands, line
            command = command.commands[words.pop(0)]
        # Typer adds those of completion and help when it runs.
        known = {"--help", "-h", "--install-completion", "--show-completion"}
        known |= {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
        assert {word for word in words if re.match(r"--?[a-z]", word)} <= known, line


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_what_code_imports_from_the_package_is_there(page):
    for code in examples(page, "python"):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom) and node.module.partition(".")[0] == "deepmse":
                module = import_module(node.module)
                assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []


def test_pages_print_what_was_measured():
    checked = subprocess.run(
        [sys.executable, ROOT / "docs" / "figures", "--check"], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout.strip()) == (0, ""), checked.stderr


@pytest.fixture
def pictures(tmp_path, monkeypatch) -> Path:
    """The files that examples name."""
    for seed, name in enumerate(("reference.png", "distorted.png", "a.jpg", "b.jpg")):
        Image.fromarray(photo_like(seed, 128, 96)).save(tmp_path / name)
    shutil.copy(ROOT / "plugin" / "learning" / "packaged" / "nr.safetensors", tmp_path / "sharpness.safetensors")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", RUN)
def test_code_runs(name, pictures, capsys):
    found = examples(ROOT / name, "python")
    assert found
    for code in found:
        exec(compile(code, name, "exec"), {"__name__": "example"})
    printed = capsys.readouterr().out
    assert printed.strip()
    assert "Error" not in printed
