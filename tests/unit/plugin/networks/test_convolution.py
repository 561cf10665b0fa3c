import math

import pytest
import torch
from deepmse.plugin.networks.convolution import PointwiseConv2d, relu6_
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


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_values_are_brought_to_the_range_of_0_to_6(dtype):
    values = [-math.inf, -8.0, -1e-30, -0.0, 0.0, 1e-30, 2.5, 5.96875, 6.0, 6.03125, 300.0, math.inf]
    images = torch.tensor(values, dtype=dtype).view(1, 3, 2, 2).to(memory_format=torch.channels_last)
    assert relu6_(images) is images
    assert images.flatten().tolist() == [min(max(value, 0.0), 6.0) for value in torch.tensor(values, dtype=dtype)]
