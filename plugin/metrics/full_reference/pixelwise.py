"""Full-reference metrics without trained parameters, computed by the library piq.

Where a metric's authors look at luminance, piq is given what their MATLAB code is given: whole grey levels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, Final

import torch
from torch.linalg import LinAlgError  # type: ignore[attr-defined]

from ...images import NATIVE, image_policy
from ..base import Comparison, Features, FullReferenceMetric
from ..color import grey_levels
from ..precision import full_float32, parts
from ..registry import metric_info


@dataclass(frozen=True)
class Undefined:
    """Pairs of images for which a formula has no value.

    Args:
        pairs: which, in words
        find: from distorted images, references and piq's scores, whether each is one; piq fills such gaps with what
            its small constants make of 0/0
    """

    pairs: str
    find: Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


def _flat(images: torch.Tensor) -> torch.Tensor:
    """Whether each image (N, C, H, W) is of one colour, (N,)."""
    pixels = images.flatten(2)
    return (pixels.amax(2) == pixels.amin(2)).all(1)


#: What there is to be seen in the reference is the denominator.
FLAT_REFERENCE: Final = Undefined("a reference of one tone", lambda distorted, reference, scores: _flat(reference))
#: Pixels are weighted by what there is to be seen in either image.
FLAT_PAIR: Final = Undefined(
    "two images of one tone each", lambda distorted, reference, scores: _flat(reference) & _flat(distorted)
)
#: A negative number has no real power of a fraction; piq takes it for 0.
NEGATIVE_STRUCTURE: Final = Undefined(
    "images whose structure is on the average the reverse of the reference's at some scale",
    lambda distorted, reference, scores: scores == 0,
)


@dataclass(frozen=True)
class Formula:
    """One of piq's functions, set as the metric's authors have it; calling it makes the metric.

    Args:
        name: the metric's name
        function: piq's name of it
        min_side: smallest side of an image that it can take, in pixels
        settings: keyword arguments of the function
        note: the constants in words, for run records
        undefined: pairs for which it has no value
    """

    name: str
    function: str
    min_side: int
    note: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    undefined: Undefined | None = None

    def __call__(self, **settings: Any) -> PixelMetric:
        """Make the metric; settings as :class:`PixelMetric`."""
        return PixelMetric(self, **settings)


class PixelMetric(FullReferenceMetric):
    """A metric that piq computes from two images.

    Args:
        formula: which, and how
        device: where to compute; images come there
        policy: name of the image policy

    Raises:
        ModuleNotFoundError: if piq is not installed
    """

    def __init__(self, formula: Formula, *, device: torch.device, policy: str = NATIVE.name) -> None:
        import piq

        self.info = metric_info(formula.name)
        self.policy = image_policy(policy)
        self.min_side = formula.min_side
        self.undefined = formula.undefined.pairs if formula.undefined else ""
        self._formula = formula
        self._function = getattr(piq, formula.function)

    def prepare(self, images: torch.Tensor) -> Features:
        """The images as the metric looks at them: uint8 RGB, or grey levels."""
        return (grey_levels(images) if self.info.color == "grey" else images,)

    def compare(
        self, references: Sequence[Features], distorted: torch.Tensor, *, error_maps: bool = False
    ) -> Comparison:
        """Scores."""
        reference = torch.cat([images for (images,) in references])
        (levels,) = self.prepare(distorted)
        with full_float32(distorted.device):
            return Comparison(torch.cat([self._scores(levels[part], reference[part]) for part in parts(levels)]))

    def describe(self) -> dict[str, Any]:
        """The library and what it computes."""
        return {"implementation": f"piq {version('piq')}, {self._formula.function}", "settings": self._formula.note}

    def _scores(self, distorted: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
        try:
            scores: torch.Tensor = self._function(
                distorted / 255, reference / 255, reduction="none", **self._formula.settings
            )
            if (undefined := self._formula.undefined) is not None:
                scores = scores.masked_fill(undefined.find(distorted, reference, scores), torch.nan)
            return scores
        except LinAlgError:
            # An image without content has no information to weight by, and no score.
            if len(distorted) == 1:
                return torch.full((1,), torch.nan, device=distorted.device)
        places = [slice(index, index + 1) for index in range(len(distorted))]
        return torch.cat([self._scores(distorted[place], reference[place]) for place in places])


ssim: Final = Formula(
    "ssim",
    "ssim",
    min_side=11,
    note="grey levels; 11×11 Gaussian, σ 1.5, K 0.01 and 0.03; averaged over squares of round(shorter side / 256) "
    "pixels first, as the authors suggest",
)
ms_ssim: Final = Formula(
    "ms-ssim",
    "multi_scale_ssim",
    undefined=NEGATIVE_STRUCTURE,
    min_side=161,
    note="grey levels; five scales, weights 0.0448, 0.2856, 0.3001, 0.2363, 0.1333; 11×11 Gaussian, σ 1.5",
)
iw_ssim: Final = Formula(
    "iw-ssim",
    "information_weighted_ssim",
    undefined=FLAT_REFERENCE,
    min_side=161,
    note="grey levels; five scales, weights as MS-SSIM; 3×3 blocks with parent, noise variance 0.4",
)
vif: Final = Formula(
    "vif",
    "vif_p",
    undefined=FLAT_REFERENCE,
    min_side=41,
    note="grey levels; pixel domain, four scales, noise variance 2",
)
fsim: Final = Formula(
    "fsim",
    "fsim",
    undefined=FLAT_PAIR,
    min_side=32,
    settings={"chromatic": False},
    note="luminance (Y of YIQ); averaged over squares of round(shorter side / 256) pixels first",
)
fsimc: Final = Formula(
    "fsimc",
    "fsim",
    undefined=FLAT_PAIR,
    min_side=32,
    note="YIQ; averaged over squares of round(shorter side / 256) pixels first",
)
vsi: Final = Formula(
    "vsi",
    "vsi",
    undefined=FLAT_PAIR,
    min_side=32,
    note="LMN and SDSP saliency; averaged over squares of round(shorter side / 256) pixels first",
)
gmsd: Final = Formula(
    "gmsd",
    "gmsd",
    min_side=32,
    note="grey levels, averaged over 2×2 pixels first; Prewitt gradient, c 170",
)
mdsi: Final = Formula(
    "mdsi",
    "mdsi",
    min_side=32,
    note="LHM, sum of gradient and chromaticity similarity; averaged over squares of round(shorter side / 256) "
    "pixels first",
)
haarpsi: Final = Formula(
    "haarpsi",
    "haarpsi",
    undefined=FLAT_PAIR,
    min_side=32,
    note="YIQ, averaged over 2×2 pixels first; C 30, α 4.2",
)
