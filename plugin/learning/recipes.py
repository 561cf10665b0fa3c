"""How the papers train networks, as far as they say. Loads no PyTorch."""

from __future__ import annotations

from typing import Final

from .settings import Settings

FINETUNED: Final = Settings(epochs=30, learning_rate=1e-4, batch_size=16, best_by="loss", keep_last=True)
"""N. Ahmed, H. M. S. Asif, "Perceptual quality assessment of digital images using deep features", section 3.2: Adam
at one rate, 30 epochs, the last one kept."""

THREE_BRANCH: Final = Settings(
    epochs=30, learning_rate=1e-4, final_learning_rate=1e-6, schedule="exponential", batch_size=8
)
"""S. Dutta, S. D. Das, N. A. Shah, who give neither the number of epochs nor the shape of the rate's way down."""

CONVNEXT: Final = Settings(epochs=50, learning_rate=1e-4, batch_size=16, best_by="loss", patience=5)
"""B. Padmaja, H. H. Al Hamed, A. J. Reddy, M. D. Reddy, "Deep learning for no-reference image quality assessment",
section 3.2: Adam, mean squared error, stopped early; they give no rate, batch size, patience or number of epochs."""
