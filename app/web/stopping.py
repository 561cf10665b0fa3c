"""Long computations that visitors stop."""

from __future__ import annotations

from collections import deque
from typing import Final

import gradio as gr

MAX_REMEMBERED: Final = 1000

LONGEST_S: Final = 1800
"""How long a visitor's computation may take, in seconds: then the next one's turn comes."""


class Stopping:
    """Sessions whose visitors have asked that their computation stops.

    Gradio's own way, ``cancels``, drops a computation while an update of it may still be on its way to the page,
    where it then covers what is shown at the end. Here the computation is asked to end by itself.
    """

    def __init__(self) -> None:
        # Names of sessions are the clients', so there is an end to how many are remembered.
        self._sessions: deque[str] = deque(maxlen=MAX_REMEMBERED)

    def ask(self, request: gr.Request) -> None:
        """Ask that the session's computation stops, now or when its turn comes."""
        self._sessions.append(str(request.session_hash))

    def forget(self, request: gr.Request) -> None:
        """Forget what was asked of an earlier computation."""
        others = (name for name in self._sessions if name != str(request.session_hash))
        self._sessions = deque(others, maxlen=MAX_REMEMBERED)

    def is_asked(self, request: gr.Request | None) -> bool:
        """Whether a session's computation is to stop."""
        return request is not None and str(request.session_hash) in self._sessions
