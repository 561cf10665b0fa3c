"""The metrics against independent truths: other libraries, and the papers' equations written out in float64."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from deepmse.plugin.metrics import create
from deepmse.plugin.metrics.color import grey_levels
from PIL import Image, ImageFilter
from scipy.ndimage import correlate1d
from scipy.signal import convolve2d
from skimage import data
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

Array = np.ndarray
PIQ = pytest.importorskip("piq")


def pairs() -> list[tuple[Array, Array]]:
    """A photograph and three distortions of it, uint8 (192, 256, 3)."""
    photo = data.astronaut()[20:212, 100:356]
    noise = np.random.default_rng(0).normal(0, 12, photo.shape)
    image = Image.fromarray(photo)
    tinted = np.clip(photo * (1.1, 0.95, 0.8), 0, 255)
    coarse = image.quantize(12).convert("RGB")
    return [
        (photo, each) for each in (np.asarray(image.filter(ImageFilter.GaussianBlur(1.5))), clipped(photo + noise))
    ] + [
        (photo, clipped(tinted)),
        (photo, np.asarray(coarse)),
    ]


def clipped(image: Array) -> Array:
    return np.clip(image, 0, 255).astype(np.uint8)


def tensor(image: Array) -> torch.Tensor:
    return torch.from_numpy(image.copy()).permute(2, 0, 1)[None]


def grey(image: Array) -> Array:
    """MATLAB's rgb2gray."""
    return np.round(image @ np.array([0.298936021293775, 0.587043074451121, 0.114020904255103]))


def halved(image: Array) -> Array:
    return (image[::2, ::2] + image[1::2, ::2] + image[::2, 1::2] + image[1::2, 1::2]) / 4


def similarity(a: Array, b: Array, constant: float) -> Array:
    return (2 * a * b + constant) / (a**2 + b**2 + constant)


def naive_psnr(reference: Array, image: Array) -> float:
    return float(peak_signal_noise_ratio(reference, image, data_range=255))


def naive_ssim(reference: Array, image: Array) -> float:
    return float(
        structural_similarity(
            grey(reference), grey(image), gaussian_weights=True, use_sample_covariance=False, data_range=255
        )
    )


def naive_ms_ssim(reference: Array, image: Array) -> float:
    offset = np.arange(-5, 6)
    window = np.exp(-(offset**2) / (2 * 1.5**2))
    window /= window.sum()

    def mean(x: Array) -> Array:
        return correlate1d(correlate1d(x, window, 0), window, 1)[5:-5, 5:-5]

    a, b, score = grey(reference), grey(image), 1.0
    for scale, weight in enumerate((0.0448, 0.2856, 0.3001, 0.2363, 0.1333)):
        if scale:
            a, b = halved(a), halved(b)
        mean_a, mean_b = mean(a), mean(b)
        variances = mean(a * a) - mean_a**2 + mean(b * b) - mean_b**2
        contrast = (2 * (mean(a * b) - mean_a * mean_b) + 7.65**2) / (variances + 7.65**2)
        luminance = (2 * mean_a * mean_b + 2.55**2) / (mean_a**2 + mean_b**2 + 2.55**2)
        score *= (contrast if scale < 4 else luminance * contrast).mean() ** weight
    return float(score)


def naive_gmsd(reference: Array, image: Array) -> float:
    prewitt = np.array([[1, 0, -1]] * 3) / 3

    def gradient(x: Array) -> Array:
        x = halved(grey(x))
        return np.hypot(convolve2d(x, prewitt, "same"), convolve2d(x, prewitt.T, "same"))

    return float(similarity(gradient(reference), gradient(image), 170).std())


def naive_vif(reference: Array, image: Array) -> float:
    a, b = grey(reference), grey(image)
    numerator = denominator = 0.0
    for scale in range(4):
        size = 2 ** (4 - scale) + 1
        offset = np.arange(size) - size // 2
        window = np.exp(-np.add.outer(offset**2, offset**2) / (2 * (size / 5) ** 2))
        window /= window.sum()

        def mean(x: Array, window: Array = window) -> Array:
            return convolve2d(x, window, "valid")

        if scale:
            a, b = mean(a)[::2, ::2], mean(b)[::2, ::2]
        variance_a = np.maximum(mean(a * a) - mean(a) ** 2, 0)
        variance_b = np.maximum(mean(b * b) - mean(b) ** 2, 0)
        covariance = mean(a * b) - mean(a) * mean(b)
        gain = covariance / (variance_a + 1e-10)
        noise = variance_b - gain * covariance
        noise = np.where(variance_a < 1e-10, variance_b, noise)
        gain = np.where((variance_a < 1e-10) | (variance_b < 1e-10), 0, gain)
        noise = np.where(variance_b < 1e-10, 0, noise)
        noise = np.where(gain < 0, variance_b, noise)
        gain = np.maximum(gain, 0)
        noise = np.maximum(noise, 1e-10)
        numerator += np.log10(1 + gain**2 * variance_a / (noise + 2)).sum()
        denominator += np.log10(1 + variance_a / 2).sum()
    return float(numerator / denominator)


YIQ = np.array([[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])


def naive_haarpsi(reference: Array, image: Array) -> float:
    def planes(x: Array) -> list[Array]:
        return [halved(plane) for plane in np.moveaxis(x @ YIQ.T, -1, 0)]

    def same(x: Array, kernel: Array) -> Array:
        """MATLAB's conv2(x, kernel, "same"): kernels of even size reach one pixel further down and right."""
        down, right = kernel.shape
        return convolve2d(x, kernel)[down // 2 :, right // 2 :][: x.shape[0], : x.shape[1]]

    def haar(x: Array, scale: int) -> Array:
        size = 2**scale
        kernel = np.ones((size, size)) / size
        kernel[: size // 2] *= -1
        return np.stack([np.abs(same(x, kernel)), np.abs(same(x, kernel.T))])

    (y_a, *colours_a), (y_b, *colours_b) = planes(reference), planes(image)
    weights = list(np.maximum(haar(y_a, 3), haar(y_b, 3)))
    maps = list(sum(similarity(haar(y_a, scale), haar(y_b, scale), 30) for scale in (1, 2)) / 2)
    mean = np.ones((2, 2)) / 4
    chroma = [
        similarity(np.abs(same(a, mean)), np.abs(same(b, mean)), 30)
        for a, b in zip(colours_a, colours_b, strict=True)
    ]
    maps.append(sum(chroma) / 2)
    weights.append(sum(weights) / 2)
    total = sum((weight / (1 + np.exp(-4.2 * each))).sum() for weight, each in zip(weights, maps, strict=True))
    mean_value = total / sum(weight.sum() for weight in weights)
    return float((np.log(mean_value / (1 - mean_value)) / 4.2) ** 2)


def naive_mdsi(reference: Array, image: Array) -> float:
    lhm = np.array([[0.2989, 0.5870, 0.1140], [0.30, 0.04, -0.35], [0.34, -0.60, 0.17]])
    prewitt = np.array([[1, 0, -1]] * 3) / 3

    def gradient(x: Array) -> Array:
        return np.hypot(convolve2d(x, prewitt, "same"), convolve2d(x, prewitt.T, "same"))

    (l_a, h_a, m_a), (l_b, h_b, m_b) = (np.moveaxis(x @ lhm.T, -1, 0) for x in (reference, image))
    a, b, fused = gradient(l_a), gradient(l_b), gradient((l_a + l_b) / 2)
    gradients = similarity(b, a, 140) + similarity(b, fused, 55) - similarity(a, fused, 55)
    colours = (2 * (h_a * h_b + m_a * m_b) + 550) / (h_a**2 + h_b**2 + m_a**2 + m_b**2 + 550)
    combined = (0.6 * gradients + 0.4 * colours).astype(complex) ** 0.25
    return float(np.abs(combined - combined.mean()).mean() ** 0.25)


def naive_phase_congruency(x: Array) -> Array:
    """Kovesi's, with the settings of FSIM (four scales and orientations)."""
    rows, columns = x.shape
    v, u = np.meshgrid(centred(rows), centred(columns), indexing="ij")
    radius, angle = np.fft.ifftshift(np.hypot(u, v)), np.fft.ifftshift(np.arctan2(-v, u))
    low_pass = 1 / (1 + (radius / 0.45) ** 30)
    radius[0, 0] = 1
    spectrum = np.fft.fft2(x)
    energies, amplitudes = np.zeros_like(x), np.zeros_like(x)
    for orientation in range(4):
        theta = orientation * np.pi / 4
        difference = np.abs(np.arctan2(np.sin(angle - theta), np.cos(angle - theta)))
        spread = np.exp(-(difference**2) / (2 * (np.pi / 4 / 1.2) ** 2))
        filters, responses = [], []
        for scale in range(4):
            gabor = np.exp(-(np.log(radius * 6 * 2**scale) ** 2) / (2 * np.log(0.55) ** 2)) * low_pass
            gabor[0, 0] = 0
            filters.append(gabor * spread)
            responses.append(np.fft.ifft2(spectrum * filters[-1]))
        total = sum(responses)
        direction = total / (np.abs(total) + 1e-4)
        energy = sum((r * direction.conj()).real - np.abs((r * direction.conj()).imag) for r in responses)
        noise = -np.median(np.abs(responses[0]) ** 2) / np.log(0.5) / (filters[0] ** 2).sum()
        kernels = [np.fft.ifft2(each).real * np.sqrt(rows * columns) for each in filters]
        squares = sum((kernel**2).sum() for kernel in kernels)
        products = sum((kernels[i] * kernels[j]).sum() for i in range(4) for j in range(i + 1, 4))
        tau = np.sqrt((2 * noise * squares + 4 * noise * products) / 2)
        threshold = (tau * np.sqrt(np.pi / 2) + 2 * np.sqrt((2 - np.pi / 2) * tau**2)) / 1.7
        energies += np.maximum(energy - threshold, 0)
        amplitudes += sum(np.abs(each) for each in responses)
    return energies / (amplitudes + 1e-4)


def centred(size: int) -> Array:
    """Frequencies around zero, as Kovesi divides them."""
    return np.arange(-(size - 1) / 2, size / 2) / (size - 1) if size % 2 else np.arange(-size / 2, size / 2) / size


def naive_fsim(reference: Array, image: Array, colour: bool) -> float:
    scharr = np.array([[3, 0, -3], [10, 0, -10], [3, 0, -3]]) / 16
    (y_a, i_a, q_a), (y_b, i_b, q_b) = (np.moveaxis(x @ YIQ.T, -1, 0) for x in (reference, image))
    phase_a, phase_b = naive_phase_congruency(y_a), naive_phase_congruency(y_b)
    gradients = [np.hypot(convolve2d(y, scharr, "same"), convolve2d(y, scharr.T, "same")) for y in (y_a, y_b)]
    weight = np.maximum(phase_a, phase_b)
    score = similarity(phase_a, phase_b, 0.85) * similarity(*gradients, 160) * weight
    if colour:
        score *= ((similarity(i_a, i_b, 200) * similarity(q_a, q_b, 200)).astype(complex) ** 0.03).real
    return float(score.sum() / weight.sum())


#: The formulas, and how far float32 may be from them. SSIM and VIF subtract squares, which costs digits.
NAIVE: dict[str, tuple[Callable[[Array, Array], float], float]] = {
    "psnr": (naive_psnr, 1e-12),
    "ssim": (naive_ssim, 1e-4),
    "ms-ssim": (naive_ms_ssim, 2e-5),
    "gmsd": (naive_gmsd, 1e-6),
    "vif": (naive_vif, 5e-4),
    "haarpsi": (naive_haarpsi, 1e-5),
    "mdsi": (naive_mdsi, 1e-5),
    "fsim": (lambda a, b: naive_fsim(a, b, colour=False), 1e-4),
    "fsimc": (lambda a, b: naive_fsim(a, b, colour=True), 1e-4),
}


@pytest.mark.parametrize("name", NAIVE)
def test_agrees_with_the_equations(name):
    formula, tolerance = NAIVE[name]
    metric = create(name, device=torch.device("cpu"))
    for reference, image in pairs():
        with torch.inference_mode():
            found = metric.compare([metric.prepare(tensor(reference))], tensor(image)).scores.item()
        assert found == pytest.approx(formula(reference, image), rel=tolerance)


def test_vif_agrees_with_torchmetrics():
    torchmetrics = pytest.importorskip("torchmetrics.functional.image")
    metric = create("vif", device=torch.device("cpu"))
    for reference, image in pairs():
        a, b = (grey_levels(tensor(x)).double() for x in (reference, image))
        theirs = torchmetrics.visual_information_fidelity(b, a).item()
        assert metric.compare([metric.prepare(tensor(reference))], tensor(image)).scores.item() == pytest.approx(
            theirs, rel=1e-3
        )


def test_grey_levels_are_those_of_rgb2gray():
    photo = data.astronaut()
    np.testing.assert_array_equal(grey_levels(tensor(photo))[0, 0].numpy(), grey(photo))
