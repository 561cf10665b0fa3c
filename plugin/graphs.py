"""ONNX graphs: how they are written, and what a metric that has one says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

#: The operators' version: the first whose means and sums take their axes as an input.
OPSET: Final = 18
#: Of the file format, the one that came with these operators.
_IR_VERSION: Final = 8

Value = str
"""Name of what a node of a graph gives."""


@dataclass(frozen=True)
class Graph:
    """A metric as an ONNX graph.

    Args:
        model: ``onnx.ModelProto``
        inputs: what each input is, in words, by its name
        outputs: what each output is, in words, by its name
        preprocessing: what is done to a decoded picture before it goes in, in words
        feed: from pictures, each uint8 RGB of shape (1, 3, H, W), to the inputs by their names; takes a reference
            and a distorted picture, or one picture by itself, as the metric does
    """

    model: Any
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    preprocessing: str
    feed: Callable[..., Mapping[str, NDArray[Any]]]


class GraphWriter:
    """Writes a graph node by node.

    Example:
        >>> write = GraphWriter()
        >>> half = write("Mul", "x", np.float32(0.5))
        >>> model = write.model({"x": (np.float32, ["n"])}, {"y": (half, np.float32, ["n"])})
    """

    def __init__(self, parent: GraphWriter | None = None) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = [] if parent is None else parent._constants
        self._numbers: count[int] = count() if parent is None else parent._numbers

    def __call__(self, operator: str, *inputs: Value | NDArray[Any] | np.generic, **attributes: Any) -> Value:
        """Add a node of one output.

        Args:
            operator: ONNX's name of it
            inputs: values, and arrays for constants
            attributes: the operator's

        Returns:
            what its output is called
        """
        return self.node(operator, 1, *inputs, **attributes)[0]

    def node(
        self, operator: str, outputs: int, *inputs: Value | NDArray[Any] | np.generic, **attributes: Any
    ) -> list[Value]:
        """Add a node of several outputs.

        Args:
            operator: ONNX's name of it
            outputs: how many it has
            inputs: values, and arrays for constants
            attributes: the operator's

        Returns:
            what its outputs are called
        """
        from onnx import helper

        names = [value if isinstance(value, str) else self._constant(value) for value in inputs]
        found = [self._name() for _ in range(outputs)]
        self._nodes.append(helper.make_node(operator, names, found, **attributes))
        return found

    def cast(self, value: Value | NDArray[Any], dtype: type[np.generic]) -> Value:
        """A value as another type of number."""
        return self("Cast", value, to=_element(dtype))

    def halves(self, value: Value) -> tuple[Value, Value]:
        """A value divided in two along its first axis."""
        first, second = self.node("Split", 2, value, axis=0, num_outputs=2)
        return first, second

    def choose(
        self,
        condition: Value,
        then: Callable[[GraphWriter], Value],
        otherwise: Callable[[GraphWriter], Value],
    ) -> Value:
        """What one of two functions writes, as a condition has it when the graph runs."""
        return self("If", condition, then_branch=self._branch(then), else_branch=self._branch(otherwise))

    def model(
        self,
        inputs: Mapping[str, tuple[type[np.generic], Sequence[str | int]]],
        outputs: Mapping[str, tuple[Value, type[np.generic], Sequence[str | int]]],
    ) -> Any:
        """The graph as an ``onnx.ModelProto``.

        Args:
            inputs: type and shape of each, where a word stands for a side of any length
            outputs: value, type and shape of each
        """
        from onnx import helper

        described = {name: (dtype, shape) for name, (_, dtype, shape) in outputs.items()}
        given, found = (
            [helper.make_tensor_value_info(name, _element(dtype), shape) for name, (dtype, shape) in ends.items()]
            for ends in (inputs, described)
        )
        named = [helper.make_node("Identity", [value], [name]) for name, (value, _, _) in outputs.items()]
        graph = helper.make_graph([*self._nodes, *named], "deepmse", given, found, self._constants)
        return helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=_IR_VERSION, producer_name="deepmse"
        )

    def _branch(self, write: Callable[[GraphWriter], Value]) -> Any:
        from onnx import ValueInfoProto, helper

        inner = GraphWriter(self)
        value = write(inner)
        return helper.make_graph(inner._nodes, self._name(), [], [ValueInfoProto(name=value)])

    def _constant(self, value: NDArray[Any] | np.generic) -> Value:
        from onnx import numpy_helper

        name = self._name()
        self._constants.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def _name(self) -> str:
        return f"v{next(self._numbers)}"


def _element(dtype: type[np.generic]) -> int:
    from onnx import helper

    return int(helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))


def as_arrays(**inputs: torch.Tensor) -> dict[str, NDArray[Any]]:
    """Tensors as a graph is fed them."""
    return {name: np.ascontiguousarray(tensor.cpu().numpy()) for name, tensor in inputs.items()}
