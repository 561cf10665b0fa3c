import pytest
import torch
from deepmse.plugin.networks.convolution import PointwiseConv2d
from torch import nn


@pytest.mark.parametrize("threads", [1, 2])
def test_is_a_convolution_of_one_tap(threads):
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(2, 5, 33, 20, generator=generator).to(memory_format=torch.channels_last)
    pointwise, plain = PointwiseConv2d(5, 7), nn.Conv2d(5, 7, 1)
    plain.load_state_dict(pointwise.state_dict())
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        torch.testing.assert_close(pointwise(images), plain(images))
    finally:
        torch.set_num_threads(before)
