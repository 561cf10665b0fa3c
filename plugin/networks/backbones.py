"""Networks that give the activations of chosen layers: torchvision's, timm's and EfficientNet-Lite0."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, cast

import torch
from torch import nn

from ..errors import UsageError, WeightsError
from ..weights import ParameterFile, Weights, locate, read_tensors, resolve, sha256
from ..weights.published import ALEXNET, SQUEEZENET1_1, VGG16
from . import efficientnet_lite, squeezenet
from .taps import BACKBONES, BackboneInfo, layers_of, node_of

TIMM: Final = "timm:"
"""What the name of a backbone begins with that is timm's by its own name."""

#: Weights whose convolutional part is at hand more often than the whole.
_CONVOLUTIONAL: Final = {network.name: network for network in (ALEXNET, VGG16, SQUEEZENET1_1)}


class Backbone(nn.Module):
    """A network up to the deepest of the chosen layers.

    Attributes:
        info: name, library and input size of the network
        layers: the chosen layers, in the order of what :meth:`forward` gives
        weights: file and SHA-256 of the parameters; None for a :func:`blank` one
    """

    weights: Weights | None = None

    def __init__(self, info: BackboneInfo, layers: Sequence[str]) -> None:
        super().__init__()
        self.info = info
        self.layers = tuple(layers)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The activation of each layer, (N, C, h, w), or (N, C) of fully connected layers.

        Args:
            images: uint8 RGB, shape (N, 3, H, W)
        """
        raise NotImplementedError


class _Graph(Backbone):
    """Of a network that is traced: torchvision's and timm's."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(
        self,
        info: BackboneInfo,
        layers: Sequence[str],
        nodes: Sequence[str],
        graph: nn.Module,
        statistics: tuple[Sequence[float], Sequence[float]],
    ) -> None:
        super().__init__(info, layers)
        self.graph = graph
        self._nodes = tuple(nodes)
        for name, values in zip(("mean", "std"), statistics, strict=True):
            self.register_buffer(name, torch.tensor(tuple(values)).view(1, 3, 1, 1), persistent=False)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        found = self.graph((images / 255 - self.mean) / self.std)
        return tuple(found[node] for node in self._nodes)


class _Lite(Backbone):
    """Of EfficientNet-Lite0."""

    def __init__(
        self, info: BackboneInfo, layers: Sequence[str], network: efficientnet_lite.EfficientNetLite0
    ) -> None:
        known = network.channels()
        if unknown := [layer for layer in layers if layer not in known]:
            raise UsageError(f"{info.title} has no layer {unknown[0]!r}; there are {', '.join(known)}")
        super().__init__(info, layers)
        self.graph = network

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        wanted = dict.fromkeys(self.layers)
        found: dict[str, torch.Tensor] = {}
        for name, activation in self.graph(images):
            if name in wanted:
                found[name] = activation
            if len(found) == len(wanted):
                break
        return tuple(found[layer] for layer in self.layers)


def backbone_info(name: str) -> BackboneInfo:
    """What is known of a backbone: one of ``BACKBONES``, or ``timm:NAME``.

    Raises:
        UsageError: if there is none of that name
    """
    if name in BACKBONES:
        return BACKBONES[name]
    if not name.startswith(TIMM):
        raise UsageError(f"no backbone {name!r}; there are {', '.join(BACKBONES)} and {TIMM}NAME")
    import timm

    model = name.removeprefix(TIMM)
    if not timm.is_model(model):
        raise UsageError(f"timm has no model {model!r}; timm.list_models() names those it has")
    cfg = timm.get_pretrained_cfg(model)
    size = 224 if cfg is None else cfg.input_size[-1]
    return BackboneInfo(name, model, "timm", model, size, "" if cfg is None else str(cfg.classifier or ""))


def build(name: str, layers: Sequence[str], weights: str | Path | Weights | None = None) -> Backbone:
    """Build a backbone in evaluation mode.

    Args:
        name: one of ``BACKBONES``, or ``timm:NAME``
        layers: the paper's names (see :data:`.taps.TAPS`), the library's names of nodes, for timm's models also
            indices of their feature levels
        weights: a file or folder, weights already loaded, or None to search (see :mod:`..weights.search`)

    Raises:
        UsageError: if the backbone or a layer does not exist
        WeightsError: if no weights are found that the layers can be computed with
    """
    info = backbone_info(name)
    if info.library == "own":
        # A wrong layer is told whether or not there are weights.
        taps = _some(info, layers)
        network, loaded = _tuned_lite(weights) or efficientnet_lite.build(weights)
        lite = _Lite(info, taps, network)
        lite.weights = loaded
        return lite.eval()
    # Some of timm's networks have tables that their weights leave out, and that are computed: tracing's constants.
    backbone = _traced(info, layers, "cpu" if info.library == "timm" else "meta")
    needed = [key for key in backbone.graph.state_dict() if not key.startswith("_tensor_constant")]
    loaded = weights if isinstance(weights, Weights) else _find(info, needed, weights)
    tensors = {_renamed(key): value for key, value in loaded.tensors.items()}
    if missing := [key for key in needed if key not in tensors and not key.endswith("num_batches_tracked")]:
        raise WeightsError(
            f"{loaded.path}: has no {missing[0]}, which {info.title} needs for {', '.join(layers)}; pass "
            "--weights PATH to a file of the whole network"
        )
    try:
        backbone.graph.load_state_dict(
            {key: tensors.get(key, torch.tensor(0)) for key in needed}, strict=False, assign=True
        )
    except RuntimeError as error:
        raise WeightsError(f"{loaded.path}: not the weights of {info.title} ({error})") from error
    backbone.weights = loaded
    return backbone.eval()


def fresh(name: str, layers: Sequence[str]) -> Backbone:
    """A backbone with random parameters, as its library makes it before training.

    Raises:
        UsageError: if the backbone or a layer does not exist
    """
    info = backbone_info(name)
    if info.library == "own":
        return _Lite(info, _some(info, layers), efficientnet_lite.EfficientNetLite0())
    return _traced(info, layers, str(torch.get_default_device()))


def blank(name: str, layers: Sequence[str]) -> Backbone:
    """A backbone without weights on the meta device: it computes shapes, fast and without memory.

    Raises:
        UsageError: if the backbone or a layer does not exist
    """
    info = backbone_info(name)
    if info.library == "own":
        with torch.device("meta"):
            network = efficientnet_lite.EfficientNetLite0()
        return _Lite(info, _some(info, layers), network).eval()
    return _traced(info, layers, "meta").to("meta").eval()


def shapes(backbone: Backbone, size: int | None = None) -> dict[str, tuple[int, ...]]:
    """Shape of one image's activation at each layer of a :func:`blank` backbone, the first axis left out.

    Args:
        backbone: a blank one
        size: side of the image, in pixels; None for the backbone's own
    """
    side = size or backbone.info.size
    with torch.inference_mode():
        found = backbone(torch.empty(1, 3, side, side, dtype=torch.uint8, device="meta"))
    return {layer: tuple(value.shape[1:]) for layer, value in zip(backbone.layers, found, strict=True)}


def _traced(info: BackboneInfo, layers: Sequence[str], device: str) -> _Graph:
    """The part of a network without weights that the layers depend on."""
    from timm.layers import get_notrace_functions, get_notrace_modules
    from torchvision.models.feature_extraction import create_feature_extractor
    from torchvision.ops.misc import Conv2dNormActivation

    with torch.device(device):
        model, statistics = _timm_model(info) if info.library == "timm" else _torchvision_model(info)
    for module in cast(Iterable[Any], model.modules()):
        # In place, an activation would overwrite the tap before it.
        if hasattr(module, "inplace"):
            module.inplace = False
        # torchvision does not trace into these; as the sequences that they are their convolutions can be read.
        if isinstance(module, Conv2dNormActivation):
            module.__class__ = nn.Sequential
    nodes = [_level(model, layer) or node_of(info.name, layer) for layer in _some(info, layers)]
    try:
        graph = create_feature_extractor(
            model,
            list(dict.fromkeys(nodes)),
            tracer_kwargs={"leaf_modules": get_notrace_modules(), "autowrap_functions": get_notrace_functions()},
            suppress_diff_warning=True,
        )
    except ValueError as error:
        unknown = next((layer for layer, node in zip(layers, nodes, strict=True) if f"'{node}'" in str(error)), None)
        if unknown is None:
            raise
        raise UsageError(f"{info.title} has no layer {unknown!r}; there are {_known(info)}") from error
    except torch.fx.proxy.TraceError as error:
        raise UsageError(f"{info.title}: its layers cannot be read, for it cannot be traced ({error})") from error
    return _Graph(info, layers, nodes, graph, statistics)


def _tuned_lite(
    weights: str | Path | Weights | None,
) -> tuple[efficientnet_lite.EfficientNetLite0, Weights] | None:
    """EfficientNet-Lite0 from a file of its fine-tuned parameters; None if it is of the published ones."""
    if weights is None or isinstance(weights, Weights) or not Path(weights).is_file():
        return None
    path = Path(weights)
    tensors = read_tensors(path)
    with torch.device("meta"):
        network = efficientnet_lite.EfficientNetLite0()
    if not network.state_dict().keys() <= tensors.keys():
        return None
    network.load_state_dict(tensors, strict=False, assign=True)
    digest = sha256(path)
    return network.requires_grad_(False), Weights(f"{path.name} ({digest[:12]})", path, digest, tensors)


def _timm_model(info: BackboneInfo) -> tuple[nn.Module, tuple[Sequence[float], Sequence[float]]]:
    import timm

    model = timm.create_model(info.model)
    return model, (model.pretrained_cfg["mean"], model.pretrained_cfg["std"])


def _torchvision_model(info: BackboneInfo) -> tuple[nn.Module, tuple[Sequence[float], Sequence[float]]]:
    from torchvision.models import get_model

    # Auxiliary classifiers are for training; the published weights are of networks that scale their input themselves.
    inception = {"aux_logits": False, "transform_input": True, "init_weights": False}
    settings = inception if info.model in ("googlenet", "inception_v3") else {}
    return get_model(info.model, **settings), (squeezenet.MEAN, squeezenet.STD)


def _some(info: BackboneInfo, layers: Sequence[str]) -> Sequence[str]:
    if not layers:
        raise UsageError(f"{info.title}: no layer is named; there are {_known(info)}")
    return layers


def _known(info: BackboneInfo) -> str:
    if info.name.startswith(TIMM):
        return "indices of its feature levels, from 0, and names of its modules"
    return ", ".join((*layers_of(info.name), f"and names of {info.library}'s modules"))


def _level(model: nn.Module, layer: str) -> str | None:
    """The module of timm's feature level of that index; None if the layer is no index."""
    if not re.fullmatch(r"-?\d+", layer):
        return None
    levels: Any = getattr(model, "feature_info", None) or []
    try:
        return str(levels[int(layer)]["module"])
    except IndexError:
        raise UsageError(f"no feature level {layer}: the network has {len(levels)}, from 0") from None


def _find(info: BackboneInfo, needed: Iterable[str], location: str | Path | None) -> Weights:
    convolutional = _CONVOLUTIONAL.get(info.model) if info.library == "torchvision" else None
    if convolutional and (location is not None or all(key.startswith(convolutional.prefix) for key in needed)):
        return resolve(replace(convolutional, fallback=None, prefix=""), location)
    network = download(info)
    return _find_on_hub(info, location) if network is None else resolve(network, location)


def download(info: BackboneInfo) -> ParameterFile | None:
    """The whole network's file that torch hub has, as its library names it; None where there is none."""
    if info.library == "torchvision":
        from torchvision.models import get_model_weights

        url = str(get_model_weights(info.model)["IMAGENET1K_V1"].value.url)
    else:
        import timm

        cfg = timm.get_pretrained_cfg(info.model) if info.library == "timm" else None
        url = str(cfg.url or "") if cfg is not None else ""
        if not re.search(r"-[0-9a-f]{8,}\.pth$", url):
            return None
    title = f"{info.library} {info.title}, ImageNet-1k"
    return ParameterFile(info.model, f"{info.model}.safetensors", title=title, url=url)


def downloads() -> dict[str, ParameterFile]:
    """What :func:`download` gives for each of ``BACKBONES``, by the library's name of the network."""
    found = (download(info) for info in BACKBONES.values())
    return {network.name: network for network in found if network is not None}


def _find_on_hub(info: BackboneInfo, location: str | Path | None) -> Weights:
    """Weights that Hugging Face has, from a folder or from its cache."""
    import timm

    cfg = timm.get_pretrained_cfg(info.model)
    hub = cfg.hf_hub_id if cfg is not None else None
    filename = f"{info.model}.safetensors"
    source = f"model.safetensors of https://huggingface.co/{hub}, renamed to {filename}," if hub else filename
    wanted = ParameterFile(f"timm {info.model}", filename, source=source)
    if location is None and hub and locate(wanted) is None:
        from huggingface_hub import try_to_load_from_cache

        cached = try_to_load_from_cache(hub, "model.safetensors")
        location = cached if isinstance(cached, str) else None
    # Their digests are not known beforehand, so that none can be a surprise.
    return replace(resolve(wanted, location), warning=None)


def _renamed(key: str) -> str:
    """DenseNet's parameters in torchvision's files have the names of an older release."""
    return re.sub(r"(denselayer\d+\.(?:norm|conv))\.([12])\.", r"\1\2.", key)
