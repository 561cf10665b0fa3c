"""The three-branch network.

S. Dutta, S. D. Das, N. A. Shah, "Can no-reference features help in full-reference image quality estimation?": two
branches compare images, one by pretrained and frozen features (FRP), one by trained ones (FRNP); the third looks at
the distorted image alone (NR). Four scales each, averaged over positions; three fully connected layers on top.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

import torch
from torch import nn

from ...errors import UsageError
from ...metrics.models import Declaration
from ...networks.backbones import Backbone, build, fresh, shapes
from ...networks.backbones import blank as without_weights
from ...networks.pyramids import pyramid
from .. import trained
from ..trained import Standard

DECLARATION: Final = Declaration("three-branch", kind="FR")
"""Scores are opinions of 0 to 100."""

#: Widths of the first two fully connected layers; the paper does not give them.
HIDDEN: Final = (256, 64)

#: Added to differences before their logarithm is taken: less than this is not told from none.
FLOOR: Final = 1e-3

Scales = tuple[torch.Tensor, ...]


@dataclass(frozen=True)
class Architecture:
    """Which branches there are, and the encoder of each; None leaves a branch out.

    Attributes:
        frp: compares, pretrained and frozen
        frnp: compares, trained from random parameters
        nr: looks at the distorted image alone, trained from random parameters
        log: compare by the logarithm of the averaged differences, and bring all features to mean 0 and deviation 1 of
            the training pairs; ours, not the paper's
    """

    frp: str | None = "inception-v3"
    frnp: str | None = "inception-v3"
    nr: str | None = "inception-v3"
    log: bool = False

    def __post_init__(self) -> None:
        if not any((self.frp, self.frnp, self.nr)):
            raise UsageError("a three-branch model needs at least one branch")
        if not (self.frp or self.frnp):
            raise UsageError("without a branch that compares, a model needs no reference; train a no-reference one")

    @property
    def frozen(self) -> bool:
        """Whether nothing but the fully connected layers is trained."""
        return not (self.frnp or self.nr)


class Standardisation(nn.Module):
    """Features less their mean, by their deviation; what does not vary is left at 0.

    Args:
        width: of the features
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("std", torch.ones(width))

    def fit(self, features: torch.Tensor) -> None:
        """Take mean and deviation from features (N, width)."""
        self.mean.copy_(features.mean(0))
        std = features.std(0, correction=0)
        self.std.copy_(torch.where(std > 0, std, torch.ones_like(std)))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Map (N, width) to (N, width)."""
        return (features - self.mean) / self.std


class ThreeBranch(nn.Module):
    """The network.

    Args:
        architecture: its branches
        weights: of the frozen encoder: a file or folder, or None to search
        pretrained: whether the frozen encoder needs its weights; not for a model whose parameters are read later

    Raises:
        UsageError: if an encoder does not exist
        WeightsError: if the frozen encoder's weights are not found
    """

    def __init__(
        self, architecture: Architecture, weights: str | Path | None = None, *, pretrained: bool = True
    ) -> None:
        super().__init__()
        self.architecture = architecture
        branches: dict[str, Backbone] = {}
        if architecture.frp is not None:
            layers = pyramid(architecture.frp)
            found = build(architecture.frp, layers, weights) if pretrained else fresh(architecture.frp, layers)
            branches["frp"] = found.requires_grad_(False)
        for branch, encoder in (("frnp", architecture.frnp), ("nr", architecture.nr)):
            if encoder is not None:
                branches[branch] = fresh(encoder, pyramid(encoder)).requires_grad_(True)
        self.branches = nn.ModuleDict(branches)
        width = sum(sum(channels(str(getattr(architecture, branch)))) for branch in branches)
        self.head = nn.Sequential(
            *([Standardisation(width)] if architecture.log else []),
            nn.Linear(width, HIDDEN[0]),
            nn.ReLU(),
            nn.Linear(HIDDEN[0], HIDDEN[1]),
            nn.ReLU(),
            nn.Linear(HIDDEN[1], 1),
            nn.Flatten(0),
        )

    def forward(self, reference: torch.Tensor, distorted: torch.Tensor) -> torch.Tensor:
        """Standardised quality (N,) of uint8 images (N, 3, H, W)."""
        return self.compare(self.reference(reference), distorted)

    def reference(self, images: torch.Tensor) -> Scales:
        """The features of references that are compared, four of each comparing branch, (N, C, h, w)."""
        return tuple(
            scale for branch, encoder in self._comparing() for scale in self._scales(branch, encoder, images)
        )

    def compare(self, references: Scales, distorted: torch.Tensor) -> torch.Tensor:
        """Standardised quality (N,) of distorted images, by what :meth:`reference` gave for their references."""
        quality: torch.Tensor = self.head(self.features(references, distorted))
        return quality

    def features(self, references: Scales, distorted: torch.Tensor) -> torch.Tensor:
        """What the fully connected layers are given, (N, D)."""
        kept, parts = iter(references), []
        for branch, encoder in self._comparing():
            for query in self._scales(branch, encoder, distorted):
                # Equations 1 and 3: the global average of absolute differences.
                difference = (query - next(kept)).abs().mean((2, 3))
                parts.append((difference + FLOOR).log() if self.architecture.log else difference)
        if "nr" in self.branches:
            # Equation 5.
            parts += [scale.mean((2, 3)) for scale in self._scales("nr", self.branches["nr"], distorted)]
        # Equations 2, 4 and 6: concatenation.
        return torch.cat(parts, dim=1)

    def train(self, mode: bool = True) -> Self:
        """As of any module, but the frozen encoder's statistics stay as they are."""
        super().train(mode)
        if "frp" in self.branches:
            self.branches["frp"].eval()
        return self

    def _comparing(self) -> list[tuple[str, nn.Module]]:
        return [(name, self.branches[name]) for name in ("frp", "frnp") if name in self.branches]

    def _scales(self, branch: str, encoder: nn.Module, images: torch.Tensor) -> Scales:
        with torch.set_grad_enabled(torch.is_grad_enabled() and branch != "frp"):
            found: Scales = encoder(images)
        return found


def channels(encoder: str) -> list[int]:
    """Channels of an encoder's four scales."""
    return [shape[0] for shape in shapes(without_weights(encoder, pyramid(encoder))).values()]


def save(
    path: Path,
    state: Mapping[str, torch.Tensor],
    architecture: Architecture,
    standard: Standard,
    card: Mapping[str, Any],
) -> None:
    """Write a model.

    Args:
        path: ends in ``.safetensors``
        state: parameters of a :class:`ThreeBranch`
        architecture: its branches
        standard: of the opinions that it was trained on
        card: JSON-able
    """
    trained.save(path, state, DECLARATION, standard, {"architecture": asdict(architecture)}, card)


def load(path: Path) -> tuple[ThreeBranch, Standard]:
    """Read a model, and the scale of its outputs.

    Raises:
        WeightsError: if it is not there or no model of this kind
    """

    def made(tensors: Mapping[str, torch.Tensor], about: Mapping[str, Any]) -> ThreeBranch:
        model = ThreeBranch(Architecture(**about["architecture"]), pretrained=False)
        model.load_state_dict(tensors)
        return model

    return trained.load(path, made, "deepmse train fr")


def stacked(features: Sequence[Scales]) -> Scales:
    """References' features together, of one image each."""
    return tuple(torch.cat(scale) for scale in zip(*features, strict=True))
