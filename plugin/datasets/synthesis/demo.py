"""A demonstration set: photographs, each distorted by four types at five levels."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from ...errors import UsageError
from ..records import QualityDataset
from .distorted_sets import write_set
from .distortions import LEVELS
from .photos import photos_in

TYPES = ("gaussian_blur", "jpeg", "white_noise", "pixelate")

LONG_SIDE = 512

# Those colour photographs that scikit-image's wheel holds, so that nothing is downloaded.
PACKAGED = (
    "astronaut.png",
    "chelsea.png",
    "coffee.png",
    "hubble_deep_field.jpg",
    "ihc.png",
    "motorcycle_left.png",
    "retina.jpg",
    "rocket.jpg",
)


def make_demo(
    folder: str | Path,
    photos: str | Path | None = None,
    *,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> QualityDataset:
    """Write a set of distorted photographs, or reuse what is there of one made from the same photographs and seed.

    Photographs are scaled down to at most 512 pixels a side. The same photographs and seed give the same pixels.

    Args:
        folder: where to write it
        photos: folder of photographs; by default eight that come with scikit-image. Those that cannot be
            read are left out, as the dataset's notes say
        seed: of the noise, 0 or more
        progress: called with the number of images done and in all

    Returns:
        the records, whose target is the level of the distortion

    Raises:
        UsageError: no usable photograph, scikit-image is not installed, or ``folder`` cannot be written or holds
            images of other origin in the same places
    """
    found, left_out = (_packaged_photos(), "") if photos is None else photos_in(Path(photos))
    return write_set(
        found,
        Path(folder),
        name="deepmse-demo",
        source="photographs from scikit-image" if photos is None else f"photographs in {photos}",
        types=TYPES,
        levels=LEVELS,
        seed=seed,
        long_side=LONG_SIDE,
        left_out=left_out,
        progress=progress,
    )


def _packaged_photos() -> list[Path]:
    package = find_spec("skimage")
    if package is None or not package.submodule_search_locations:
        raise UsageError(
            "the demonstration photographs come with scikit-image: pip install scikit-image, "
            "or name a folder of photographs"
        )
    data = Path(package.submodule_search_locations[0]) / "data"
    photos = [data / name for name in PACKAGED if (data / name).is_file()]
    if not photos:
        raise UsageError(f"{data}: holds none of the photographs {', '.join(PACKAGED)}")
    return photos
