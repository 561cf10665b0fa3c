"""The panel's tabs: a module each, whose ``TAB`` holds its selectors, figures, words and events together."""

from typing import Final

from ..tab import Tab
from . import levels, overview, residuals, runs, significance

TABS: Final[tuple[Tab, ...]] = tuple(tab.TAB for tab in (overview, residuals, significance, levels, runs))
