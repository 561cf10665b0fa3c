"""Pictures brought to a running quality page, and the link that opens them there."""

from __future__ import annotations

import json
import secrets
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from .errors import UsageError

LOCAL_PAGE: Final = "http://127.0.0.1:7860"

TIMEOUT_S: Final = 60


def link_to(address: str, files: Sequence[Path]) -> str:
    """Upload a picture, or a reference and a distorted image, to a page; the link that opens the page with them.

    Nothing but these files is sent, and the page needs no way to the folder that they are in.

    Args:
        address: of the page, as http://127.0.0.1:7860
        files: one picture, or two with the reference first

    Raises:
        UsageError: if no quality page is there, or it refuses a file
    """
    if urllib.parse.urlsplit(address).scheme not in ("http", "https"):
        raise UsageError(f"{address}: is no address of a page, as {LOCAL_PAGE}")
    address = address.rstrip("/")
    told = _answer(address, f"{address}/health")
    if not isinstance(told, dict) or told.get("status") != "ok":
        raise UsageError(f"{address}: something else than the quality page answers there")
    opened = {
        "endpoint": "compare" if len(files) > 1 else "judge",
        "files": [{"path": _upload(address, file), "orig_name": file.name} for file in files],
    }
    return f"{address}/#open={urllib.parse.quote(json.dumps(opened))}"


def _upload(address: str, file: Path) -> str:
    """Where the page has put a file."""
    boundary = secrets.token_hex(16)
    # As browsers write names in forms.
    name = file.name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror})") from error
    body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
    request = urllib.request.Request(  # noqa: S310 - the scheme has been checked
        f"{address}/gradio_api/upload",
        body,
        {"Content-Type": f"multipart/form-data; boundary={boundary}"},
    )
    [path] = _answer(address, request)
    return str(path)


def _answer(address: str, request: str | urllib.request.Request) -> Any:
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310 - the scheme has been checked
            return json.load(response)
    except urllib.error.HTTPError as error:
        raise UsageError(f"{address}: the page refuses ({error.code} {error.reason})") from error
    except (OSError, ValueError) as error:
        raise UsageError(f"{address}: no quality page is there; start one with `deepmse app`") from error
