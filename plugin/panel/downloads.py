"""What panels hand over as files."""

from __future__ import annotations

import base64
from typing import Final

_MEDIA_TYPES: Final = {
    "csv": "text/csv",
    "tex": "application/x-tex",
    "md": "text/markdown",
    "png": "image/png",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
    "html": "text/html",
}


def data_url(file: str, content: bytes) -> str:
    """An address that is itself the file."""
    return f"data:{_MEDIA_TYPES[file.rpartition('.')[2]]};base64,{base64.b64encode(content).decode()}"
