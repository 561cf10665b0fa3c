"""deepmse train nr --recipe packaged and free: the no-reference models that come with this package, made again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ...plugin.errors import ImageError, UsageError
from .. import terminal

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    from ...plugin.datasets.records import Record
    from ...plugin.learning.gaussian_process.features import FeatureNetwork


class Photographs(NamedTuple):
    """What the packaged ``nr`` learns from beside what has free terms.

    Args:
        biq2021: root of BIQ2021, which people judged
        bsds: folder of BSDS500's photographs, to distort
    """

    biq2021: Path
    bsds: Path


def train_packaged(
    kodak: Path,
    live: Path,
    out: Path,
    work: Path,
    photographs: Photographs | None,
    *,
    device: torch.device,
    seed: int,
) -> dict[str, Any]:
    """Make a model and its card, going on with what an interrupted run has left in the work folder.

    Args:
        kodak: folder of Kodak's photographs
        live: of the subset of LIVE
        out: the model file to write
        work: folder for distorted pictures and features
        photographs: more to learn from, for ``nr``; None for ``nr-free``
        device: where to compute
        seed: of all that is random

    Returns:
        the card
    """
    import numpy as np

    from ...plugin import datasets
    from ...plugin.files import locked
    from ...plugin.learning.gaussian_process import mixed, packaged, synthetic
    from ...plugin.learning.gaussian_process.features import FeatureNetwork
    from ...plugin.learning.gaussian_process.files import save
    from ...plugin.learning.gaussian_process.likeness import LikenessScale, likeness_of
    from ...plugin.learning.learnt import remember

    judged = datasets.load("live_subset", live)
    training, test = _authentic(photographs.biq2021) if photographs else ([], [])
    network = FeatureNetwork(packaged.RECIPE.taps, packaged.RECIPE.pool, device)
    with locked(out):
        with terminal.bar("Pictures") as update:
            sources = (
                packaged.photographs(training, kodak, photographs.bsds)
                if photographs
                else packaged.of_kodak(kodak, packaged.OF_KODAK_ALONE)
            )
            pictures = synthetic.make(sources, work / "pictures", seed=seed, progress=update)

        def features(name: str, paths: Sequence[Path]) -> NDArray[np.float32]:
            return _features(name, paths, network, device, work / f"{name}.npy")

        scale = LikenessScale.fit(*likeness_of(judged), np.array([each.target for each in judged.records], float))
        parts = [
            packaged.synthetic_part(pictures, scale, features("pictures", [each.path for each in pictures])),
            packaged.judged_part(judged, features("judged", [each.dist for each in judged.records])),
        ]
        data = {
            "synthetic": packaged.SYNTHETIC if photographs else packaged.KODAK_ALONE,
            "judged": _origin(judged, "all"),
        }
        if photographs:
            parts.insert(0, packaged.authentic_part(training, features("training", [each.dist for each in training])))
            data["authentic"] = _origin(datasets.load("biq2021", photographs.biq2021), "training part")
        hyperparameters = packaged.HYPERPARAMETERS if photographs else packaged.searched(parts, network.sizes())
        model, held_out = mixed.train(
            parts, network.sizes(), packaged.RECIPE, hyperparameters, network.weights.sha256, seed=seed
        )
        description = packaged.card(
            parts, held_out, scale, network.weights.describe(), data, hyperparameters, seed=seed
        )
        if photographs:
            unseen = packaged.authentic_part(test, features("test", [each.dist for each in test]))
            description["results"]["test"] = {
                "protocol": "BIQ2021's official test part, scored once by this model",
                **packaged.agreement(model(unseen.features).scores, unseen.opinions, unseen.sources, seed=seed),
            }
        save(model, out, description)
        remember(out, [*(each.dist for each in (*training, *judged.records)), *(each.path for each in pictures)])
    return description


def _authentic(root: Path) -> tuple[list[Record], list[Record]]:
    """The training and the test part of BIQ2021."""
    from ...plugin import datasets

    records = datasets.load("biq2021", root).records
    training, test = ([each for each in records if each.split == part] for part in ("training", "test"))
    if not training or not test:
        raise UsageError(f"{root}: has not both of BIQ2021's parts, training and test")
    return training, test


def _features(
    name: str, paths: Sequence[Path], network: FeatureNetwork, device: torch.device, kept: Path
) -> NDArray[np.float32]:
    """Features, (N, D); every image must have them."""
    import numpy as np

    from ...plugin.learning.features.files import FeatureWriter, read
    from ...plugin.learning.gaussian_process.extraction import views

    with FeatureWriter(
        kept, [str(path) for path in paths], network.describe(), dtype="float16", resume=True
    ) as writer:
        rest = paths[writer.done :]
        for found in terminal.progress(views(rest, network, device, mirrored=False), f"Features: {name}", len(rest)):
            if isinstance(found, ImageError):
                raise found
            writer.write(found)
    return np.asarray(read(kept).features[:, 0], dtype=np.float32)


def _origin(quality: Any, part: str) -> dict[str, Any]:
    return {
        "name": quality.name,
        "part": part,
        "target": quality.target_kind,
        "source": quality.source,
        "terms": quality.licence,
        "citation": quality.citation,
        "distribution": "images and opinion scores are not redistributed",
    }
