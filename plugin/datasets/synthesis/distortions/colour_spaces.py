"""sRGB, CIE L*a*b* (white point D65) and Y'CbCr."""

import numpy as np

from .pixels import Floats, Pixels

# IEC 61966-2-1: linear sRGB to XYZ, each row divided by the white point's X, Y or Z.
_RGB_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_WHITE = _RGB_TO_XYZ.sum(axis=1)
_TO_RELATIVE = (_RGB_TO_XYZ / _WHITE[:, None]).astype(np.float32)
_FROM_RELATIVE = np.linalg.inv(_RGB_TO_XYZ / _WHITE[:, None]).astype(np.float32)

_CODES = np.arange(256) / 255
_LINEAR = np.where(_CODES <= 0.04045, _CODES / 12.92, ((_CODES + 0.055) / 1.055) ** 2.4).astype(np.float32)

# CIE 15: where the cube root gives way to a straight line.
_KNEE = 6 / 29

# ITU-R BT.601, Y' from 16/255 to 235/255, Cb and Cr from 16/255 to 240/255.
RGB_TO_YCBCR = (
    np.array([[65.481, 128.553, 24.966], [-37.797, -74.203, 112.0], [112.0, -93.786, -18.214]]) / 255
).astype(np.float32)


def mix(matrix: Floats, channels: Floats) -> Floats:
    """Multiply the channels, the last axis, of each pixel by a 3 × 3 matrix."""
    first, second, third = channels[..., 0], channels[..., 1], channels[..., 2]
    return np.stack([first * row[0] + second * row[1] + third * row[2] for row in matrix], axis=-1)


def rgb_to_lab(rgb: Pixels) -> Floats:
    """L* from 0 to 100, a* and b* of sRGB pixels."""
    relative = mix(_TO_RELATIVE, _LINEAR[rgb])
    f = np.where(relative > _KNEE**3, np.cbrt(relative), relative / (3 * _KNEE**2) + np.float32(4 / 29))
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def lab_to_rgb(lab: Floats) -> Floats:
    """sRGB from 0 to 1; colours that sRGB does not have are clipped channel by channel."""
    y = (lab[..., 0] + 16) / 116
    f = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    relative = np.where(f > _KNEE, f * f * f, 3 * _KNEE**2 * (f - np.float32(4 / 29)))
    linear = np.clip(mix(_FROM_RELATIVE, relative), 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** np.float32(1 / 2.4) - np.float32(0.055))
