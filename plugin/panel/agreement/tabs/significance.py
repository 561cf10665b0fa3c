"""Which metrics are better than which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ....evaluation.export import significance_to_latex, significance_to_markdown
from ....figures import TESTS, significance_matrix
from ....vocabulary import RESAMPLES
from ..comparison import Comparison
from ..selectors import Selector
from ..tab import Content, Plot, Tab

if TYPE_CHECKING:
    from ..session import Session

_ASSUME_NORMAL: Final = ("williams", "f")
_ALPHA: Final = 0.05
_TEST: Final = Selector.of("test", "Test", TESTS)


def _content(comparison: Comparison, session: Session) -> Content:
    if len(comparison.controls.metrics) < 2:
        return Content(words="**One metric cannot be compared.** Choose two or more above.")
    result = comparison.significance
    if result.reason:
        return Content(words=f"Nothing to compare: {result.reason}")
    references = f" of {result.clusters:,} references" if result.clusters else ""
    words = (
        f"Rows against columns, on the **{result.n:,} images**{references} that have all scores. "
        "▲ the row's metric is better, ▼ worse, = they cannot be told apart at 5 % after Holm's correction."
    )
    test = comparison.controls.of(_TEST)
    footnote = f"The bootstrap draws {RESAMPLES:,} resamples. " if test == "bootstrap" else ""
    if test in _ASSUME_NORMAL:
        footnote = f"This test assumes normal residuals. {_normality(comparison)}"
    return Content({"matrix": significance_matrix(result, test, comparison.titles)}, words, footnote)


def _normality(comparison: Comparison) -> str:
    result, titles = comparison.significance, comparison.titles
    doubtful = [titles[metric] for metric, (_, p) in result.normality.items() if p < _ALPHA]
    if not doubtful:
        return "Nothing speaks against it."
    return f"Those of {', '.join(doubtful)} are not: trust the bootstrap instead."


TAB: Final = Tab(
    "significance",
    "Significance",
    _content,
    selectors=(_TEST,),
    plots={
        "matrix": Plot(
            "Significance",
            says=lambda comparison: f"{TESTS[comparison.controls.of(_TEST)]}, p after Holm's correction",
            texts={
                "tex": lambda comparison: significance_to_latex(
                    comparison.significance, comparison.controls.of(_TEST)
                ),
                "md": lambda comparison: significance_to_markdown(
                    comparison.significance, comparison.controls.of(_TEST)
                ),
            },
        )
    },
)
