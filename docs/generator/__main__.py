"""Gathers the documentation: the pages that people write, and those that follow from the code.

``python docs/generator FOLDER`` writes ``FOLDER/pages``, ``FOLDER/source`` and ``FOLDER/zensical.toml``, from which
``make docs`` builds the site. What is generated is not kept in the repository, so that
it cannot say anything but what the code says.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import commands
import datasets
import metrics
import models
import navigation
import reproductions

DOCS = Path(__file__).resolve().parents[1]
ROOT = DOCS.parent
#: How docstrings name things in Sphinx's words, which the site does not know.
ROLE = re.compile(r":(?:class|func|meth|mod):`~?([^`]*)`")
#: What stands outside docs/ and belongs to the site.
BESIDE = ("CHANGELOG.md", "CONTRIBUTING.md", "THIRD_PARTY.md")


def gather(folder: Path) -> None:
    """Write all pages and the site's settings.

    Args:
        folder: made anew
    """
    pages = folder / "pages"
    source = folder / "source" / "deepmse"
    for old in (pages, source):
        shutil.rmtree(old, ignore_errors=True)
    shutil.copytree(ROOT / "plugin", source / "plugin", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "__init__.py", source)
    for module in source.rglob("*.py"):
        module.write_text(ROLE.sub(r"`\1`", module.read_text()))
    shutil.copytree(DOCS, pages, ignore=shutil.ignore_patterns("*.py", "generator", "figures", "*.toml"))
    for page in pages.rglob("*.md"):
        page.write_text(navigation.within(page.read_text(), page.relative_to(pages).parent))
    architecture = pages / "architecture.md"
    architecture.write_text(navigation.without_scripts(architecture.read_text()))
    for name in BESIDE:
        (pages / name.lower()).write_text((ROOT / name).read_text().replace("](docs/", "]("))
    for part in (metrics, datasets, models, commands, reproductions):
        for name, text in part.pages(ROOT).items():
            path = pages / "reference" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    (folder / "zensical.toml").write_text(navigation.settings((DOCS / "site.toml").read_text(), pages))


if __name__ == "__main__":
    gather(Path(sys.argv[1]))
