"""The demonstration: a dataset, its scores, how well they agree, and the App on them."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from ..plugin import datasets, store
from ..plugin.metrics import metric_info
from ..plugin.store.config import datasets_dir, plugins_dir
from . import plugin_link, terminal

NAME: Final = "deepmse-demo"

#: What a shell gives as the status of what SIGTERM ended.
_TERMINATED: Final = 128 + signal.SIGTERM


def prepare(source: tuple[str, Path] | None, photos: Path | None) -> Any:
    """Make or read the dataset and bring it into FiftyOne.

    Args:
        source: name and folder of a published dataset; None for made distortions
        photos: folder of photographs to distort; None for those that scikit-image ships

    Returns:
        the FiftyOne dataset

    Raises:
        UsageError: if the dataset or the photographs cannot be used
    """
    if source is None:
        folder = datasets_dir() / NAME
        with terminal.bar("Distorting photographs") as update:
            quality = datasets.make_demo(folder, photos, progress=update)
    else:
        quality = datasets.load(*source)
    for note in quality.notes:
        terminal.err.print(f"note: {note}", soft_wrap=True)
    return store.import_dataset(quality, NAME if source is None else f"{NAME}-{quality.name}")


def compute(dataset: Any, *, device: str, weights: Path | None) -> list[store.Summary]:
    """Score the dataset with metrics of both kinds, showing how far it is; scores that would come out again are kept.

    Args:
        dataset: the FiftyOne dataset
        device: see :class:`~deepmse.plugin.engine.scorer.Scorer`
        weights: of DeepMSE; None to search
    """
    return [
        *_score(dataset, "Comparing with references", ("deepmse", "psnr"), device=device, weights=weights),
        *_score(dataset, "Judging without references", ("nr",), device=device),
    ]


def _score(dataset: Any, title: str, metrics: tuple[str, ...], **settings: Any) -> tuple[store.Summary, ...]:
    from ..plugin.engine.scorer import Scorer

    scorer = Scorer(metrics, error_maps=any(metric_info(name).has_error_map for name in metrics), **settings)
    images = {path for field in ("filepath", store.REF_FIELD) for path in dataset.values(field) if path}
    kept = store.scored_alike(dataset, metrics, scorer.describe(), images)
    job = store.ScoringJob(dataset, metrics, scorer=scorer, only_missing=kept)
    with terminal.bar(title) as update:
        for state in job:
            update(state.done, state.total)
    return job.summaries


def show(
    dataset: Any,
    port: int | None,
    address: str | None,
    announce: Callable[[str], None],
    waiting: Callable[[str], None] = lambda said: None,
) -> None:
    """Open the App with the panel beside the grid, and stay until it is closed or interrupted.

    Args:
        dataset: the FiftyOne dataset
        port: of the App; None for FiftyOne's
        address: to serve it on; None for FiftyOne's
        announce: told the App's address once it is open
        waiting: told what is waited for, now and then
    """
    from ..plugin.panel.launch import launch_app

    plugin_link.link(plugins_dir())
    # Python's end runs what ends the App's server, a signal's does not.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(_TERMINATED))
    session = launch_app(dataset, port=port, address=address, waiting=waiting)
    # Listening on every address is no address to type into a browser.
    announce(session.url.replace("0.0.0.0", "localhost"))  # noqa: S104
    try:
        session.wait(-1)
    except KeyboardInterrupt:
        pass
    finally:
        session.close()
