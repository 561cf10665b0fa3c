"""The tab Batch: many pictures scored, sorted and split; the good ones taken home."""

from .tab import TAB

__all__ = ["TAB"]
