"""deepmse train nr --recipe packaged: the no-reference model that comes with this package, made again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...plugin.errors import ImageError, UsageError
from .. import terminal

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    from ...plugin.learning.gaussian_process.features import FeatureNetwork


def train_packaged(
    root: Path, kodak: Path, bsds: Path, live: Path, out: Path, work: Path, *, device: torch.device, seed: int
) -> dict[str, Any]:
    """Make the model and its card, going on with what an interrupted run has left in the work folder.

    Args:
        root: of BIQ2021
        kodak: folder of Kodak's photographs
        bsds: folder of BSDS500's photographs
        live: of the subset of LIVE
        out: the model file to write
        work: folder for distorted pictures and features
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

    authentic, judged = datasets.load("biq2021", root), datasets.load("live_subset", live)
    training, test = ([each for each in authentic.records if each.split == part] for part in ("training", "test"))
    if not training or not test:
        raise UsageError(f"{root}: has not both of BIQ2021's parts, training and test")
    network = FeatureNetwork(packaged.RECIPE.taps, packaged.RECIPE.pool, device)
    with locked(out):
        with terminal.bar("Pictures") as update:
            sources = packaged.photographs(training, kodak, bsds)
            pictures = synthetic.make(sources, work / "pictures", seed=seed, progress=update)

        def features(name: str, paths: Sequence[Path]) -> NDArray[np.float32]:
            return _features(name, paths, network, device, work / f"{name}.npy")

        scale = LikenessScale.fit(*likeness_of(judged), np.array([each.target for each in judged.records], float))
        parts = [
            packaged.authentic_part(training, features("training", [each.dist for each in training])),
            packaged.synthetic_part(pictures, scale, features("pictures", [each.path for each in pictures])),
            packaged.judged_part(judged, features("judged", [each.dist for each in judged.records])),
        ]
        model, held_out = mixed.train(
            parts, network.sizes(), packaged.RECIPE, packaged.HYPERPARAMETERS, network.weights.sha256, seed=seed
        )
        data = {
            "authentic": _origin(authentic, "training part"),
            "synthetic": packaged.SYNTHETIC,
            "judged": _origin(judged, "all"),
        }
        description = packaged.card(parts, held_out, scale, network.weights.describe(), data, seed=seed)
        unseen = packaged.authentic_part(test, features("test", [each.dist for each in test]))
        description["results"]["test"] = {
            "protocol": "BIQ2021's official test part, scored once by this model",
            **packaged.agreement(model(unseen.features).scores, unseen.opinions, unseen.sources, seed=seed),
        }
        save(model, out, description)
        remember(out, [*(each.dist for each in (*training, *judged.records)), *(each.path for each in pictures)])
    return description


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
