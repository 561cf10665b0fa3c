from pathlib import Path

import pytest

from .pictures import photo


@pytest.fixture(autouse=True)
def uploads(tmp_path, monkeypatch) -> Path:
    """The folder of Gradio's uploads."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def reference(tmp_path) -> Path:
    path = tmp_path / "reference.png"
    photo().save(path)
    return path


@pytest.fixture
def distorted(tmp_path) -> Path:
    path = tmp_path / "distorted.jpg"
    photo().save(path, quality=5)
    return path
