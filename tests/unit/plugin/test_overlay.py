import numpy as np
import pytest
from deepmse.plugin.overlay import PALETTE, colorize


def luminance(srgb):
    """Relative luminance by IEC 61966-2-1."""
    c = srgb / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def lightness(srgb):
    """CIE L*, 0 to 100."""
    y = luminance(srgb)
    return np.where(y > (6 / 29) ** 3, 116 * np.cbrt(y) - 16, y * (29 / 3) ** 3)


def test_lightness_rises_steadily_from_black_to_near_white():
    levels = lightness(PALETTE.astype(float))
    steps = np.diff(levels)
    assert levels[0] < 1
    assert levels[-1] > 97
    assert (steps[3:] > 0).all()
    assert steps.max() < 1.0  # 256 even steps of 98 are 0.38 each: none jumps out as an edge


def test_is_inferno():
    reference = pytest.importorskip("matplotlib").colormaps["inferno"](np.arange(256))[:, :3] * 255
    np.testing.assert_allclose(PALETTE, reference, atol=6)


def test_colorize_looks_every_level_up():
    error_map = np.array([[0, 17, 255], [128, 1, 254]], dtype=np.uint8)
    image = colorize(error_map)
    assert image.mode == "RGB"
    assert image.size == (3, 2)
    painted = np.array(image)
    for (row, column), level in np.ndenumerate(error_map):
        assert tuple(painted[row, column]) == tuple(PALETTE[level])
