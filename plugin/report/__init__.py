"""One HTML file on the quality of a set of images, for somebody without any of this: no network, no script."""

from .content import Content, Scored, from_table
from .page import html_of

__all__ = ["Content", "Scored", "from_table", "html_of"]
