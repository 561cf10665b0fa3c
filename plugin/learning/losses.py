"""What training makes small: losses between predicted and true quality of a batch, both (N,)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import torch
import torch.nn.functional as F

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

_EPSILON: Final = 1e-8


def plcc(predicted: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Half of what Pearson's correlation lacks to 1: from 0, in full agreement, to 1."""
    correlation: torch.Tensor = F.cosine_similarity(_centred(predicted), _centred(target), dim=0, eps=_EPSILON)
    loss: torch.Tensor = (1 - correlation) / 2
    return loss


def norm_in_norm(predicted: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Mean absolute difference of predictions and targets, each centred and brought to unit norm.

    D. Li, T. Jiang, M. Jiang, "Norm-in-Norm loss with faster convergence and better performance for image quality
    assessment", ACM Multimedia 2020, equations 4 to 9 with p = 1 and q = 2, divided by the loss's upper bound, so
    that it lies between 0 and 1.
    """
    ours, theirs = (F.normalize(_centred(values), dim=0, eps=_EPSILON) for values in (predicted, target))
    # The sum of the absolute values of a vector of norm 2 is at most twice the root of its length.
    loss: torch.Tensor = (ours - theirs).abs().sum() / (2 * len(predicted) ** 0.5)
    return loss


def ranking(predicted: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Mean over pairs of different targets of log(1 + exp(-d)), d being how far the better one is ahead.

    C. Burges et al., "Learning to rank using gradient descent", ICML 2005; 0 where no two targets differ.
    """
    ahead = predicted[:, None] - predicted[None, :]
    better = target[:, None] > target[None, :]
    return F.softplus(-ahead)[better].sum() / better.sum().clamp(min=1)


_LOSSES: Final[dict[str, Loss]] = {"mse": F.mse_loss, "plcc": plcc, "norm-in-norm": norm_in_norm, "ranking": ranking}


def total(names: Sequence[str]) -> Loss:
    """The sum of losses by their names, see ``LOSSES`` of :mod:`~deepmse.plugin.learning.settings`."""
    chosen = [_LOSSES[name] for name in names]

    def loss(predicted: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return torch.stack([each(predicted, target) for each in chosen]).sum()

    return loss


def _centred(values: torch.Tensor) -> torch.Tensor:
    return values - values.mean()
