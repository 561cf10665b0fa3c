"""Files of parameters with random content, for whatever of the real ones is not here."""

from pathlib import Path

import numpy as np
import torch
from deepmse.plugin.metrics.no_reference import brisque, clip_iqa
from deepmse.plugin.networks import imagenet
from deepmse.plugin.weights import ParameterFile, locate, published
from safetensors.torch import save_file
from torch import nn

LAYERS = {
    published.ALEXNET: imagenet.alexnet_features,
    published.VGG16: lambda: imagenet.vgg_features(imagenet.VGG16_BLOCKS),
    published.VGG19: lambda: imagenet.vgg_features(imagenet.VGG19_BLOCKS),
}


def fill(folder: Path) -> Path:
    """Put a file for each set of parameters into a folder: a link to the real one where it is, else a made one."""
    torch.manual_seed(0)
    for network, layers in LAYERS.items():
        if not linked(network, folder):
            save_file(convolutions(layers()), folder / network.filename)
    if not linked(published.PIEAPP, folder):
        torch.save(pieapp_state(), folder / published.PIEAPP.filename)
    if not linked(published.CLIP_RN50, folder):
        torch.jit.save(torch.jit.script(holder(small_clip().state_dict())), folder / published.CLIP_RN50.filename)
    if not linked(published.NIQE, folder):
        spread = np.eye(36) + 0.1
        np.savez(folder / published.NIQE.filename, mu_pris_param=np.ones((1, 36)), cov_pris_param=spread)
    if not linked(published.BRISQUE, folder):
        vectors = np.random.default_rng(0).uniform(-1, 1, (20, brisque.FEATURES))
        (folder / published.BRISQUE.filename).write_text(libsvm(vectors))
    return folder


def linked(file: ParameterFile, folder: Path) -> bool:
    if (found := locate(file)) is not None:
        (folder / file.filename).symlink_to(found)
    return found is not None


def convolutions(layers: nn.Sequential) -> dict[str, torch.Tensor]:
    for parameter in layers.parameters():
        if parameter.ndim == 4:
            nn.init.kaiming_normal_(parameter)
    return {f"features.{key}": value for key, value in layers.state_dict().items()}


def pieapp_state() -> dict[str, torch.Tensor]:
    """As published: one weight lacks its second axis."""
    from piq.pieapp import PieAPPModel

    tensors = PieAPPModel().state_dict()
    tensors["ref_score_subtract.weight"] = tensors["ref_score_subtract.weight"][0]
    return tensors


def small_clip() -> nn.Module:
    from piq.feature_extractors import clip

    return clip.CLIP(
        embed_dim=32,
        image_resolution=64,
        vision_layers=(1, 1, 1, 1),
        vision_width=64,
        vision_patch_size=None,
        context_length=clip_iqa.CONTEXT,
        vocab_size=49_408,
        transformer_width=64,
        transformer_heads=1,
        transformer_layers=2,
    )


def holder(state: dict[str, torch.Tensor]) -> nn.Module:
    """A module that has nothing but parameters of these names."""
    root = nn.Module()
    for name, value in state.items():
        *path, leaf = name.split(".")
        module = root
        for part in path:
            if part not in dict(module.named_children()):
                module.add_module(part, nn.Module())
            module = module.get_submodule(part)
        module.register_buffer(leaf, value.contiguous())
    return root


def libsvm(vectors: np.ndarray) -> str:
    head = f"svm_type epsilon_svr\nkernel_type rbf\ngamma 0.05\nnr_class 2\ntotal_sv {len(vectors)}\nrho -30\nSV\n"
    rows = (" ".join(f"{place}:{value:.6f}" for place, value in enumerate(row, start=1)) for row in vectors)
    return head + "".join(f"{10 * (-1) ** index} {row} \n" for index, row in enumerate(rows))
