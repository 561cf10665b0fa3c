"""A result that visitors keep and send to each other: small, without pictures, and all of it in a link."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Iterator, Mapping
from html import escape
from importlib.metadata import version
from typing import Any, Final

from ...plugin.errors import UsageError
from . import view
from .snippets import Asked

#: Browsers and messengers take no longer links than this.
MAX_LINK: Final = 16_000
MAX_BYTES: Final = 1 << 20

#: What the columns of answers are called that are no names of metrics.
WORDS: Final = {"score": "Score", "interval": "95 % interval", "grade": "Grade", "percentile": "Better than (%)"}


def record(asked: Asked, data: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked and found; JSON-able.

    Args:
        asked: what was asked
        data: an endpoint's answer
    """
    return {
        "deepmse": version("fiftyone-deepmse"),
        "endpoint": asked.endpoint,
        "files": list(asked.files),
        "choices": list(asked.choices),
        "result": data,
    }


def pack(record: Mapping[str, Any]) -> str:
    """A record as it stands in a link; nothing if it is too long for one."""
    content = json.dumps(record, separators=(",", ":")).encode()
    packed = base64.urlsafe_b64encode(zlib.compress(content, 9)).decode("ascii").rstrip("=")
    return packed if len(packed) <= MAX_LINK else ""


def unpack(packed: str) -> dict[str, Any]:
    """The record that a link holds.

    Raises:
        UsageError: if it holds none
    """
    try:
        stream = zlib.decompressobj()
        content = stream.decompress(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)), MAX_BYTES)
        found = json.loads(content) if len(packed) <= MAX_LINK and stream.eof else None
    except (binascii.Error, zlib.error, ValueError, RecursionError) as error:
        raise UsageError("This link holds no result: it is cut off, or was changed on its way.") from error
    if not isinstance(found, dict) or not _is_record(found):
        raise UsageError("This link holds no result of this page.")
    return found


def _is_record(found: dict[str, Any]) -> bool:
    return (
        isinstance(found.get("endpoint"), str)
        and isinstance(found.get("result"), dict)
        and isinstance(found.get("choices"), list)
        and isinstance(found.get("files"), list)
        and all(isinstance(name, str) for name in found["files"])
    )


def record_html(record: Mapping[str, Any]) -> str:
    """A record that came with a link, which anybody may have written."""
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
        for name, value in _lines(record["result"])
    )
    return f"""
<section class="dm-result dm-record" aria-label="Result in the link">
  <div>
    <h2>A result that somebody sent you</h2>
    <p>{escape(" · ".join(record["files"]))}</p>
    <table>{rows}</table>
    <p class="dm-caption">These numbers stand in the link itself: this page has not computed them, and no picture came
    with them. The metrics are chosen below as they were: put the pictures in to see for yourself.</p>
  </div>
</section>
"""


def _lines(result: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and value of each number in an answer."""
    if isinstance(error := result.get("error"), str):
        yield "Error", error
    for key, word in WORDS.items():
        if (value := result.get(key)) is not None:
            yield word, _told(value)
    for name, reading in _items(result.get("metrics")):
        if isinstance(reading, dict):
            yield str(reading.get("title") or name), _told(reading.get("score"))
    for row in _rows(result.get("rows")):
        name, *values = (f"{key} {value}" if place else str(value) for place, (key, value) in enumerate(row.items()))
        yield name, ", ".join(values)
    for file in _rows(result.get("files")):
        scores = ", ".join(f"{name} {_told(value)}" for name, value in _items(file.get("scores")))
        setting = file.get("quality", f"1:{file.get('ratio')}")
        yield f"{file.get('codec')} {setting}", f"{_told(file.get('bytes'))} bytes, {scores}"
    if isinstance(notes := result.get("notes"), list) and notes:
        yield "Notes", "; ".join(map(str, notes))


def _items(value: object) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, dict) else []


def _rows(value: object) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict) and row] if isinstance(value, list) else []


def _told(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return "–"
    if isinstance(value, int | float):
        return view.number(value)
    if isinstance(value, list):
        return " to ".join(map(_told, value))
    return str(value)
