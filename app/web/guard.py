"""What stands before the server: limits for what clients send, and headers that bind their browsers."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import archives
from .storage import MIN_FREE_BYTES

UPLOAD: Final = "/gradio_api/upload"

#: Of one request: files together, or anything else. The files of a batch, told by name, are the longest list.
MAX_UPLOAD_BYTES: Final = archives.MAX_TOTAL_BYTES
MAX_BYTES: Final = 16 << 20

#: Paths at which Gradio looks up and fetches what another server has.
ELSEWHERE: Final = re.compile(r"/(file|proxy)=\w+:")

NO_FILE: Final = "Send each file in the field files of a form, with a file name."

#: Nothing comes from elsewhere or goes there, whatever a page says; no upload is taken for another kind of file.
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class Guard:
    """An ASGI application around another one, which refuses what is too much.

    Args:
        app: the application
        folder: where uploads are put
    """

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        self._app = app
        self._folder = folder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it: 413 if too large, 403 for what others have, 507 if the disk is full."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_upload = scope["path"].endswith(UPLOAD)
        limit = MAX_UPLOAD_BYTES if is_upload else MAX_BYTES
        answered = False

        async def headed(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = True
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        async def refuse(text: str, status: int) -> None:
            response = PlainTextResponse(text, status, headers={"Connection": "close"})
            await response(scope, receive, headed)

        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced) > limit:
            await refuse(_too_much(limit), 413)
        elif ELSEWHERE.search(scope["path"]):
            await refuse("This server fetches nothing from others.", 403)
        elif is_upload and shutil.disk_usage(self._folder).free < MIN_FREE_BYTES:
            await refuse("The server has no room for pictures now. Try again in an hour.", 507)
        else:
            try:
                await self._app(scope, _counted(receive, limit), headed)
            except TypeError:
                # What Gradio raises for a field without a file name.
                if not is_upload or answered:
                    raise
                await refuse(NO_FILE, 400)


def _counted(receive: Receive, limit: int) -> Receive:
    """Messages of a request until it has more bytes than it may: clients need not announce how many there will be."""
    total = 0

    async def counted() -> Any:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > limit:
            raise HTTPException(413, _too_much(limit))
        return message

    return counted


def _too_much(limit: int) -> str:
    return f"A request may have {limit >> 20:,} MB at most. Send less at once."
