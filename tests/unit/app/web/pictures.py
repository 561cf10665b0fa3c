"""Pictures that visitors upload, and what is read from the page's answers."""

import re
from pathlib import Path
from urllib.parse import unquote

import numpy as np
from deepmse.app.web.uploads import Upload
from PIL import Image


def upload(path: Path, name: str | None = None) -> Upload:
    return {"path": str(path), "orig_name": name or path.name}


def photo(size=(96, 64), seed=0) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 9, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


def assert_no_number(data, html, *words):
    assert set(data) == {"error"}
    assert "dm-score" not in html
    assert 'role="alert"' in html
    for word in words:
        assert word in data["error"]
        assert word in html


def shown_score(html: str) -> str:
    [shown] = re.findall(r'data-testid="score">([^<]*)<', html)
    return shown


def shown_files(html: str) -> list[Path]:
    """The files of the pictures that a viewer shows."""
    return [Path(unquote(path)) for path in re.findall(r'src="gradio_api/file=([^"]+)"', html)]


def shown_rows(html: str) -> dict[str, list[str]]:
    """The table of other metrics: cells by the metric's title."""
    rows = re.findall(r'<tr><th scope="row">([^<]*)</th>(.*?)</tr>', html)
    return {title: re.findall(r"<td[^>]*>([^<]*)</td>", cells) for title, cells in rows}
