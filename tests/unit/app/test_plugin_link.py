"""Linking this package into FiftyOne's plugins folder and out of it again."""

from pathlib import Path

import pytest
from deepmse.app.plugin_link import NAME, PACKAGE, installed, link, unlink
from deepmse.plugin.errors import UsageError


@pytest.fixture
def plugins(tmp_path: Path) -> Path:
    return tmp_path / "home" / "plugins"


def test_the_package_is_what_fiftyone_takes_for_a_plugin():
    assert (PACKAGE / "fiftyone.yml").is_file()
    assert (PACKAGE / "__init__.py").is_file()


def test_linking_makes_the_folder_and_a_link_to_the_package(plugins):
    assert installed(plugins) is None
    made = link(plugins)
    assert made == plugins / NAME
    assert made.is_symlink()
    assert (made / "fiftyone.yml").samefile(PACKAGE / "fiftyone.yml")
    assert installed(plugins) == made


def test_linking_twice_is_linking_once(plugins):
    assert link(plugins) == link(plugins)
    assert len(list(plugins.iterdir())) == 1


def test_a_link_by_another_name_is_enough(plugins):
    plugins.mkdir(parents=True)
    (plugins / "mine").symlink_to(PACKAGE)
    assert link(plugins) == plugins / "mine"
    assert unlink(plugins) == plugins / "mine"
    assert list(plugins.iterdir()) == []


@pytest.mark.parametrize("target", ["gone", "elsewhere"])
def test_a_link_to_another_place_is_replaced(plugins, tmp_path, target):
    (tmp_path / "elsewhere").mkdir()
    plugins.mkdir(parents=True)
    (plugins / NAME).symlink_to(tmp_path / target)
    assert link(plugins).resolve() == PACKAGE
    assert (tmp_path / "elsewhere").is_dir()


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_what_is_no_link_is_left_alone(plugins, kind):
    plugins.mkdir(parents=True)
    if kind == "folder":
        (plugins / NAME).mkdir()
    else:
        (plugins / NAME).write_text("mine")
    with pytest.raises(UsageError, match="is no link; move it away"):
        link(plugins)
    assert (plugins / NAME).exists()
    assert unlink(plugins) is None


def test_unlinking_removes_the_link_and_nothing_else(plugins):
    (plugins / "other").mkdir(parents=True)
    link(plugins)
    assert unlink(plugins) == plugins / NAME
    assert unlink(plugins) is None
    assert [path.name for path in plugins.iterdir()] == ["other"]
    assert (PACKAGE / "fiftyone.yml").is_file()


def test_the_plugin_itself_in_the_folder_is_not_removed():
    with pytest.raises(UsageError, match="remove it by hand"):
        unlink(PACKAGE.parent)
    assert installed(PACKAGE.parent) == PACKAGE


def test_without_a_folder_there_is_nothing_to_unlink(plugins):
    assert unlink(plugins) is None
    assert not plugins.exists()
