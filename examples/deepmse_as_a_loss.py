"""DeepMSE as a training loss: a noisy photograph is pulled towards its original by the gradient of its pixels.

``python examples/deepmse_as_a_loss.py``; the photograph comes with scikit-learn.
"""

import torch
from deepmse import DeepMSE
from sklearn.datasets import load_sample_image

STEPS = 15

original = torch.tensor(load_sample_image("flower.jpg")).permute(2, 0, 1)[None] / 255
torch.manual_seed(0)
picture = (original + 0.2 * torch.randn_like(original)).clamp(0, 1).requires_grad_()

metric = DeepMSE()
# What the original's features are does not change: they are taken once.
kept = metric.features(original)
optimiser = torch.optim.Adam([picture], lr=0.02)
for step in range(STEPS):
    optimiser.zero_grad()
    loss = metric.from_features(kept, picture).mean()
    loss.backward()
    optimiser.step()
    with torch.no_grad():
        picture.clamp_(0, 1)
    if step % 5 == 0:
        print(f"step {step:2}: DeepMSE {loss.item():.4f}")

with torch.no_grad():
    print(f"at the end: DeepMSE {metric.from_features(kept, picture).item():.4f} (0 is identical)")
