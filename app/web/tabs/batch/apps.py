"""A batch in the visitor's own FiftyOne."""

from __future__ import annotations

import atexit
from html import escape
from subprocess import Popen
from typing import Final

import gradio as gr

from .....plugin.errors import UsageError
from ....scored import start
from ...batches import DIST, Result

LOCAL: Final = ("127.0.0.1", "::1")


class Apps:
    """The FiftyOne App that the page has opened last; it ends with the page, and its dataset stays."""

    def __init__(self) -> None:
        self._process: Popen[str] | None = None
        atexit.register(self.close)

    def open(self, result: Result | None, request: gr.Request) -> str:
        """Make a dataset of a batch and open the App on it, for who sits at this machine.

        Returns:
            the link to it, as HTML
        """
        if request.client is None or request.client.host not in LOCAL:
            raise gr.Error("FiftyOne opens for visitors at this machine only.")
        if result is None:
            raise gr.Error("The scores are no longer here. Score the pictures again.")
        self.close()
        rows = result.batch.table.rows
        try:
            self._process, address = start(
                result.scores, result.metrics, [rows[score.item.key][DIST] for score in result.scores]
            )
        except UsageError as error:
            raise gr.Error(str(error)) from error
        return f'<p role="status"><a href="{escape(address)}" target="_blank">Open the batch in FiftyOne</a></p>'

    def close(self) -> None:
        """End the App, if there is one."""
        if self._process is not None:
            self._process.terminate()
            self._process = None
