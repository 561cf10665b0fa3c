"""PieAPP: perceptual image-error assessment through pairwise preference.

E. Prashnani, H. Cai, Y. Mostofi, P. Sen, "PieAPP: Perceptual Image-Error Assessment through Pairwise Preference",
CVPR 2018. The network is that of the library piq.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import torch

from ...errors import WeightsError
from ...images import NATIVE, image_policy
from ...weights import published, resolve
from ..base import Comparison, Features, FullReferenceMetric
from ..precision import full_float32
from ..registry import metric_info

#: Side of the square patches and the step between them, in pixels: the authors' sparse sampling.
PATCH: Final = 64
STRIDE: Final = 27


class PieAPP(FullReferenceMetric):
    """Error of patches against the reference's, averaged with learned weights (eq. 5 to 8).

    Args:
        device: where to compute
        weights: the network's file ``PieAPPv0.1.pth``, or a folder that has it; None to search
        policy: name of the image policy

    Raises:
        WeightsError: if the network's weights are not found
        ModuleNotFoundError: if piq is not installed
    """

    info = metric_info("pieapp")
    min_side = PATCH

    def __init__(self, *, device: torch.device, weights: str | Path | None = None, policy: str = NATIVE.name) -> None:
        from piq.pieapp import PieAPPModel

        self.policy = image_policy(policy)
        self._weights = resolve(published.PIEAPP, weights)
        tensors = dict(self._weights.tensors)
        try:
            # The published file has this one weight without its second axis.
            tensors["ref_score_subtract.weight"] = tensors["ref_score_subtract.weight"].view(1, 1)
            with torch.device("meta"):
                network = PieAPPModel()
            network.load_state_dict(tensors, assign=True)
        except (KeyError, RuntimeError) as error:
            raise WeightsError(f"{self._weights.path}: not the weights of PieAPP ({error})") from error
        self._network = network.eval().requires_grad_(False).to(device)

    def prepare(self, images: torch.Tensor) -> Features:
        """The images themselves: the features of their patches take 200 times their memory."""
        return (images,)

    def compare(
        self, references: Sequence[Features], distorted: torch.Tensor, *, error_maps: bool = False
    ) -> Comparison:
        """Scores."""
        pairs = zip(references, distorted, strict=True)
        return Comparison(torch.stack([self._error(reference[0], image) for (reference,), image in pairs]))

    def describe(self) -> dict[str, Any]:
        """Weights and sampling."""
        return {"weights": self._weights.describe(), "patches": f"{PATCH}×{PATCH}, every {STRIDE} pixels"}

    def _error(self, reference: torch.Tensor, distorted: torch.Tensor) -> torch.Tensor:
        with full_float32(distorted.device):
            ours, our_weights = self._network(_patches(distorted))
            theirs, their_weights = self._network(_patches(reference))
            errors, weights = self._network.compute_difference(theirs - ours, their_weights - our_weights)
        error: torch.Tensor = (errors * weights).sum() / weights.sum()
        return error


def _patches(image: torch.Tensor) -> torch.Tensor:
    """Patches of an image (3, H, W), float32 on a scale of 255, shape (patches, 3, 64, 64)."""
    windows = image.float().unfold(1, PATCH, STRIDE).unfold(2, PATCH, STRIDE)
    return windows.permute(1, 2, 0, 3, 4).flatten(0, 1)
