"""The tab Codecs: one picture by several codecs, and what each byte buys."""

from .tab import TAB

__all__ = ["TAB"]
