"""DeepMSE once more, in float64 numpy and with nothing of the package but its description."""

from pathlib import Path

import numpy as np
from PIL import Image
from safetensors.numpy import load_file

FIRES = (3, 4, 6, 7, 9, 10, 11, 12)
POOLS = (2, 5, 8)


def score(ref: Path, dist: Path, weights: dict[str, np.ndarray], taps: tuple[int, ...] = (1, 4, 7, 9, 12)) -> float:
    pairs = zip(stages(ref, weights, taps), stages(dist, weights, taps), strict=True)
    return float(np.mean([np.mean((a - b) ** 2) for a, b in pairs]))


def read_weights(path: Path) -> dict[str, np.ndarray]:
    return {key: value.astype(np.float64) for key, value in load_file(path).items()}


def stages(path: Path, weights: dict[str, np.ndarray], taps: tuple[int, ...]) -> list[np.ndarray]:
    image = Image.open(path).convert("RGB").resize((256, 256), Image.Resampling.BILINEAR)
    x = (np.asarray(image, dtype=np.float64) / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    x = x.transpose(2, 0, 1)
    kept = [x] if -1 in taps else []
    for index in range(13):
        name = f"features.{index}"
        if index == 0:
            x = convolve(x, weights, name, stride=2)
        elif index == 1:
            x = np.maximum(x, 0)
        elif index in POOLS:
            x = max_pool(x)
        else:
            squeezed = np.maximum(convolve(x, weights, f"{name}.squeeze"), 0)
            branches = [
                convolve(squeezed, weights, f"{name}.expand1x1"),
                convolve(squeezed, weights, f"{name}.expand3x3", padding=1),
            ]
            x = np.maximum(np.concatenate(branches), 0)
        if index in taps:
            kept.append(x)
    return kept


def convolve(
    x: np.ndarray, weights: dict[str, np.ndarray], name: str, stride: int = 1, padding: int = 0
) -> np.ndarray:
    kernel, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
    side = kernel.shape[-1]
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (side, side), axis=(1, 2))[:, ::stride, ::stride]
    channels, height, width = windows.shape[:3]
    columns = windows.transpose(0, 3, 4, 1, 2).reshape(channels * side * side, height * width)
    return (kernel.reshape(len(kernel), -1) @ columns + bias[:, None]).reshape(-1, height, width)


def max_pool(x: np.ndarray) -> np.ndarray:
    """3×3, stride 2, the last window cut off at the border."""
    height, width = (int(np.ceil((side - 3) / 2)) + 1 for side in x.shape[1:])
    padded = np.pad(x, ((0, 0), (0, 2), (0, 2)), constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))[:, ::2, ::2]
    return windows[:, :height, :width].max((-1, -2))
