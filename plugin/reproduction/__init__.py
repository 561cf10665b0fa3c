"""Published tables and figures beside what is measured here: one module each, one line each in the list below.

This module imports no torch: names and titles are needed where nothing is computed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from ..errors import UsageError
from .context import Context
from .outcome import Entry, Outcome

__all__ = ["REPRODUCTIONS", "Context", "Entry", "Outcome", "Reproduction", "reproduce", "reproduction"]

DEEPMSE: Final = (
    "Mady, Agamy, Aly, Abdel-Nasser: DeepMSE, a lightweight image quality assessment model based on SqueezeNet and "
    "MSE for resource-constrained systems"
)
FEATURES: Final = (
    "Ahmed, Asif: Perceptual quality assessment of digital images using deep features, Computing and Informatics 39"
)
CONVNEXT: Final = "Padmaja, Al Hamed, Reddy, Reddy: Deep learning for no-reference image quality assessment"

BRANCHES: Final = "Dutta, Das, Shah: Can no-reference features help in full-reference image quality estimation?"

_JUDGED: Final = (
    *("tid2013", "tid2008", "csiq", "live_release1", "live_release2"),
    *("live_subset", "biq2021_train2000"),
)
_PHOTOGRAPHS: Final = ("koniq10k", "biq2021", "biq2021_train2000")
_COMPARED: Final = ("kadid10k", "pipal", "live_subset")


@dataclass(frozen=True)
class Reproduction:
    """A table or figure that can be measured again.

    Args:
        name: on the command line
        title: what it shows, and where it stands in the paper
        paper: the paper
        datasets: names of the datasets that it takes; what is at hand of them is used
        factory: ``module:function`` in this package that measures it, given a :class:`Context`
    """

    name: str
    title: str
    paper: str
    factory: str
    datasets: tuple[str, ...] = ()


REPRODUCTIONS: Final = (
    Reproduction(
        "deepmse-1",
        "Agreement of full-reference metrics with opinion (table 1)",
        DEEPMSE,
        "deepmse.agreement:measure",
        ("tid2013", "kadid10k"),
    ),
    Reproduction("deepmse-fps", "Images a second of full-reference metrics (figure 2)", DEEPMSE, "speed:measure"),
    Reproduction(
        "deepmse-flops", "Multiply-adds of full-reference metrics (figure 3)", DEEPMSE, "complexity:measure"
    ),
    Reproduction(
        "deepmse-csiq",
        "Agreement of DeepMSE with opinion for each distortion of CSIQ (figure 4)",
        DEEPMSE,
        "deepmse.distortions:measure_csiq",
        ("csiq",),
    ),
    Reproduction(
        "deepmse-live",
        "Agreement of DeepMSE with opinion for each distortion of LIVE (figure 5)",
        DEEPMSE,
        "deepmse.distortions:measure_live",
        ("live_release2", "live_subset"),
    ),
    Reproduction(
        "features-1",
        "Layers of pre-trained networks with linear support vectors (table 1)",
        FEATURES,
        "deep_features.tables:measure_1",
        _JUDGED,
    ),
    Reproduction(
        "features-2",
        "Layers of fine-tuned networks with linear support vectors (table 2)",
        FEATURES,
        "deep_features.tables:measure_2",
        _JUDGED,
    ),
    Reproduction(
        "features-4",
        "A Gaussian process on deep features (table 4, figures 5 to 8)",
        FEATURES,
        "deep_features.gpr:measure_4",
        _JUDGED,
    ),
    Reproduction(
        "features-5",
        "The same trained on TID, tested on others (table 5)",
        FEATURES,
        "deep_features.gpr:measure_5",
        _JUDGED,
    ),
    Reproduction(
        "features-6",
        "The same trained on CSIQ, tested on others (table 6)",
        FEATURES,
        "deep_features.gpr:measure_6",
        _JUDGED,
    ),
    Reproduction(
        "features-7",
        "The same trained on LIVE, tested on others (table 7)",
        FEATURES,
        "deep_features.gpr:measure_7",
        _JUDGED,
    ),
    Reproduction(
        "features-9",
        "One-sided t-tests of no-reference methods (table 9)",
        FEATURES,
        "deep_features.tests:measure",
        _JUDGED,
    ),
    Reproduction(
        "features-10",
        "Removal of a network's last layers (table 10)",
        FEATURES,
        "deep_features.tables:measure_10",
        _JUDGED,
    ),
    Reproduction(
        "convnext-1",
        "Agreement of no-reference methods with opinion on KonIQ-10k (table 1)",
        CONVNEXT,
        "convnext.table:measure",
        _PHOTOGRAPHS,
    ),
    Reproduction(
        "convnext-4", "Loss curves of training (figure 4)", CONVNEXT, "convnext.figures:measure_4", _PHOTOGRAPHS
    ),
    Reproduction(
        "convnext-5",
        "Kernels of the first convolution (figure 5)",
        CONVNEXT,
        "convnext.figures:measure_5",
        _PHOTOGRAPHS,
    ),
    Reproduction("convnext-6", "Sample predictions (figure 6)", CONVNEXT, "convnext.figures:measure_6", _PHOTOGRAPHS),
    Reproduction(
        "three-branch-1",
        "Three branches beside other metrics, split by reference and by image (table 1)",
        BRANCHES,
        "three_branch.tables:measure_1",
        _COMPARED,
    ),
    Reproduction(
        "three-branch-2",
        "Branches left out (table 2)",
        BRANCHES,
        "three_branch.tables:measure_2",
        _COMPARED,
    ),
    Reproduction(
        "three-branch-3",
        "Encoders of the three branches, and their arithmetic (table 3)",
        BRANCHES,
        "three_branch.tables:measure_3",
        _COMPARED,
    ),
)


def reproduction(name: str) -> Reproduction:
    """Look one up by name.

    Raises:
        UsageError: if there is none of that name
    """
    for each in REPRODUCTIONS:
        if each.name == name:
            return each
    raise UsageError(f"nothing to reproduce is called {name!r}; there are {', '.join(r.name for r in REPRODUCTIONS)}")


def reproduce(name: str, context: Context) -> Outcome:
    """Measure a published table or figure again, as far as the data at hand go.

    Raises:
        UsageError: if there is none of that name, or the data are malformed
    """
    module, _, function = reproduction(name).factory.partition(":")
    measure: Callable[[Context], Outcome] = getattr(import_module(f".{module}", __package__), function)
    return measure(context)
