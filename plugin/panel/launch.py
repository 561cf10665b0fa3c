"""The App with the panel open."""

from __future__ import annotations

import fiftyone as fo
from fiftyone.core.service import ServiceListenTimeout

from ..errors import UsageError


def workspace() -> fo.Space:
    """The grid on the left, the panel on the right."""
    return fo.Space(
        children=[_tab(fo.Panel(type="Samples", pinned=True)), _tab(fo.Panel(type="quality_vs_mos"))],
        orientation="horizontal",
        sizes=[0.5, 0.5],
    )


def launch_app(
    dataset: fo.Dataset, *, port: int | None = None, address: str | None = None, remote: bool = False
) -> fo.Session:
    """Launch the FiftyOne App on a dataset with the panel open beside the grid.

    FiftyOne must know the plugin: its folder or a link to it lies in ``fo.config.plugins_dir``.

    Args:
        dataset: the dataset
        port: where to serve the App; None for FiftyOne's default
        address: address to serve it on; None for FiftyOne's default
        remote: whether to open no browser

    Returns:
        the session; ``session.wait(-1)`` blocks until the process is stopped

    Raises:
        UsageError: if the App's server does not answer in FiftyOne's time
    """
    try:
        return fo.launch_app(dataset, spaces=workspace(), port=port, address=address, remote=remote)
    except ServiceListenTimeout as error:
        raise UsageError(
            "the App's server did not answer in time: the machine is busy, or another program has the port. The "
            f"dataset {dataset.name} is ready with its scores; open it later with: fiftyone app launch {dataset.name}"
        ) from error


def _tab(panel: fo.Panel) -> fo.Space:
    """A space with one panel in front; without an active child the App shows an empty space."""
    return fo.Space(children=[panel], active_child=panel.component_id)
