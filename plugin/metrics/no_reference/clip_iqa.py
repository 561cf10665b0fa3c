"""CLIP-IQA: whether an image is nearer to "Good photo." or to "Bad photo.".

J. Wang, K. C. K. Chan, C. C. Loy, "Exploring CLIP for Assessing the Look and Feel of Images", AAAI 2023. The network,
CLIP's ResNet-50 without positional embedding, is that of the library piq.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

import torch

from ...errors import WeightsError
from ...images import NATIVE, image_policy
from ...weights import published, resolve
from ..base import Assessment, NoReferenceMetric
from ..precision import full_float32, parts
from ..registry import metric_info

#: The two prompts, in tokens of CLIP's vocabulary between its start and its end.
PROMPTS: Final = ((49406, 886, 1125, 269, 49407), (49406, 2103, 1125, 269, 49407))
CONTEXT: Final = 77

#: Statistics of RGB in [0, 1] that the weights expect to be taken out.
MEAN: Final = (0.48145466, 0.4578275, 0.40821073)
STD: Final = (0.26862954, 0.26130258, 0.27577711)


def read_torchscript(path: Path) -> Mapping[str, torch.Tensor]:
    """Read the parameters of a TorchScript archive.

    Raises:
        WeightsError: if it is none
    """
    try:
        archive = torch.jit.load(path, map_location="cpu")  # type: ignore[no-untyped-call]
    except (RuntimeError, ValueError) as error:
        raise WeightsError(f"{path}: not a TorchScript archive ({error})") from error
    return cast(Mapping[str, torch.Tensor], archive.state_dict())


class CLIPIQA(NoReferenceMetric):
    """Share of the good prompt in the softmax over both (eq. 2), 0 to 1.

    Args:
        device: where to compute
        weights: CLIP's file ``RN50.pt``, or a folder that has it; None to search
        policy: name of the image policy

    Raises:
        WeightsError: if CLIP's weights are not found
        ModuleNotFoundError: if piq is not installed
    """

    info = metric_info("clip-iqa")
    min_side = 32

    def __init__(self, *, device: torch.device, weights: str | Path | None = None, policy: str = NATIVE.name) -> None:
        from piq.feature_extractors.clip import build_model

        self.policy = image_policy(policy)
        self._weights = resolve(published.CLIP_RN50, weights)
        try:
            network = build_model(dict(self._weights.tensors)).float()
        except (KeyError, RuntimeError) as error:
            raise WeightsError(f"{self._weights.path}: not the weights of CLIP ({error})") from error
        self._network = network.eval().requires_grad_(False).to(device)
        self._mean, self._std = (torch.tensor(values, device=device).view(1, 3, 1, 1) for values in (MEAN, STD))
        tokens = torch.zeros(len(PROMPTS), CONTEXT, dtype=torch.long, device=device)
        tokens[:, : len(PROMPTS[0])] = torch.tensor(PROMPTS, device=device)
        with torch.inference_mode():
            self._anchors = torch.nn.functional.normalize(self._network.encode_text(tokens), dim=-1)

    def assess(self, images: torch.Tensor) -> Assessment:
        """Scores."""
        return Assessment(torch.cat([self._good(images[part]) for part in parts(images)]))

    def describe(self) -> dict[str, Any]:
        """Weights and prompts."""
        return {"weights": self._weights.describe(), "prompts": ["Good photo.", "Bad photo."]}

    def _good(self, images: torch.Tensor) -> torch.Tensor:
        with full_float32(images.device):
            embedded = self._network.encode_image((images / 255 - self._mean) / self._std, pos_embedding=False)
        cosines = torch.nn.functional.normalize(embedded, dim=-1) @ self._anchors.T
        good: torch.Tensor = (self._network.logit_scale.exp() * cosines).softmax(-1)[:, 0]
        return good
