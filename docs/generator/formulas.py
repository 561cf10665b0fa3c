"""What each metric computes, in plain text, as the code has it."""

_LPIPS = """
x̂ₗ = features of layer l, each position's vector divided by its length
LPIPS = Σₗ mean over positions of Σ_c w_lc (x̂ₗc − ŷₗc)²
{layers}, w learnt by the authors (version 0.1)
"""
_FSIM = """
PC = phase congruency, G = gradient magnitude, PCₘ = max(PC₁, PC₂)
S = (2 PC₁PC₂ + T₁) / (PC₁² + PC₂² + T₁) · (2 G₁G₂ + T₂) / (G₁² + G₂² + T₂)
"""
_NR = """
Φ(x) = means and deviations of EfficientNet-Lite0's activations over the picture{statistics}
NR = mean of a Gaussian process on Φ(x), linear and Matérn terms, brought to the opinions' scale of 0 to 100
"""

FORMULAS = {
    "deepmse": """
Lₛ = mean over channels and positions of (Fₛ(reference) − Fₛ(distorted))²
DeepMSE = (L₁ + L₂ + L₃ + L₄ + L₅) / 5
Fₛ = SqueezeNet 1.1 after modules 1, 4, 7, 9 and 12 of its features (preset lpips-ends), pictures at 256×256
""",
    "psnr": "PSNR = 10 log₁₀(255² / MSE), MSE over all red, green and blue samples",
    "ssim": """
SSIM = mean over windows of (2μₓμᵧ + C₁)(2σₓᵧ + C₂) / ((μₓ² + μᵧ² + C₁)(σₓ² + σᵧ² + C₂))
C₁ = (0.01 · 255)², C₂ = (0.03 · 255)²
""",
    "ms-ssim": """
MS-SSIM = l₅^w₅ · Πⱼ (mean of csⱼ)^wⱼ over five scales j, each half the size of the last
l = (2μₓμᵧ + C₁) / (μₓ² + μᵧ² + C₁), cs = (2σₓᵧ + C₂) / (σₓ² + σᵧ² + C₂)
""",
    "iw-ssim": """
IW-SSIM = Πⱼ (Σ wⱼ · sⱼ / Σ wⱼ)^βⱼ over five scales j
sⱼ = SSIM's terms at a position, wⱼ = the information that both pictures have there under a Gaussian scale mixture
""",
    "vif": """
VIF = Σ log₁₀(1 + g²σₓ² / (σᵥ² + σₙ²)) / Σ log₁₀(1 + σₓ² / σₙ²) over windows and four scales
g = σₓᵧ / σₓ², σᵥ² = σᵧ² − g σₓᵧ, σₙ² = 2
""",
    "fsim": _FSIM + "FSIM = Σ S · PCₘ / Σ PCₘ",
    "fsimc": _FSIM + "FSIMc = Σ S · (S_I S_Q)^0.03 · PCₘ / Σ PCₘ, S_I and S_Q of the chrominance in the same way",
    "vsi": """
VS = saliency (SDSP), VSₘ = max(VS₁, VS₂); S_VS, S_G, S_C = similarity of saliency, gradient and chrominance
VSI = Σ S_VS · S_G^0.4 · S_C^0.02 · VSₘ / Σ VSₘ
""",
    "gmsd": "GMSD = standard deviation over positions of (2 G₁G₂ + c) / (G₁² + G₂² + c), G = gradient magnitude",
    "mdsi": """
GCS = α · GS + (1 − α) · CS, similarity of gradients and of chromaticity
MDSI = (mean of |GCS^¼ − mean of GCS^¼|)^¼
""",
    "haarpsi": """
HS = similarity of Haar wavelet coefficients at two fine scales, weighted by those of a coarse one
HaarPSI = (logit(Σ sigmoid_α(HS) · W / Σ W) / α)²
""",
    "nlpd": """
y = bands of a Laplacian pyramid, each divided by a local amplitude
NLPD = mean over six bands of sqrt(mean of (y₁ − y₂)²)
""",
    "lpips-alex": _LPIPS.format(layers="AlexNet's five ReLUs"),
    "lpips-vgg": _LPIPS.format(layers="VGG-16's ends of five stages"),
    "lpips-squeeze": _LPIPS.format(layers="seven outputs of SqueezeNet 1.1"),
    "dists": """
l = (2 μₓμᵧ + c) / (μₓ² + μᵧ² + c), s = (2 σₓᵧ + c) / (σₓ² + σᵧ² + c), a channel each, c = 1e-6
DISTS = 1 − Σ (α l + β s) over the picture's and five stages' channels, α and β learnt by the authors
""",
    "pieapp": "PieAPP = Σ wᵢ eᵢ / Σ wᵢ over patches i of 64×64 pixels, every 27 pixels; e and w by a learnt network",
    "deepdc": "DeepDC = 1 − mean over five layers of VGG-19 of the distance correlation of the pictures' channels",
    "nr": _NR.format(statistics=", and 188 statistics of its pixels"),
    "nr-1": _NR.format(statistics=""),
    "nr-free": _NR.format(statistics=", and 188 statistics of its pixels"),
    "brisque": """
Φ = shapes and scales of generalised Gaussians fitted to normalised coefficients and products of neighbours, two sizes
BRISQUE = support vector regression on Φ, by the authors
""",
    "niqe": """
NIQE = sqrt((ν₁ − ν₂)ᵀ ((Σ₁ + Σ₂) / 2)⁻¹ (ν₁ − ν₂))
ν, Σ = mean and covariance of BRISQUE's kind of features over patches: of pristine photographs, and of the picture
""",
    "piqe": """
A block of 16×16 normalised coefficients counts if its variance v is above 0.1
PIQE = 100 (1 + Σ (impaired · (1 − v) + noisy · v)) / (1 + blocks that count)
""",
    "clip-iqa": """
CLIP-IQA = the first of the softmax over cosines of the picture and “Good photo.”, “Bad photo.” (CLIP's ResNet-50)
""",
}
