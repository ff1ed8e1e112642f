"""The layers of a network, read off its exported graph.

Receptive fields follow from kernels and strides alone (A. Araujo, W. Norris and J. Sim, "Computing receptive fields of
convolutional neural networks", 2019): a kernel of k places, s pixels apart, widens the field by (k − 1) · s. Where
paths join, the widest counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.export import ExportedProgram
from torch.fx import Node

from pixelwise.models import Network

WHOLE = math.inf


@dataclass(frozen=True)
class Layer:
    """One step of a network, with the normalisation and activation that follow it.

    Attributes:
        name: of the module in the network ("encoder.stem.0").
        operation: in words.
        shape: of the result for one image, as a rule (channels, height, width).
        parameters: numbers that are learned.
        multiply_adds: multiplications with addition, for one image.
        receptive_field: pixels a side of the image that a value depends on; ``WHOLE`` for all of them.
    """

    name: str
    operation: str
    shape: tuple[int, ...]
    parameters: int
    multiply_adds: int
    receptive_field: float


@dataclass(frozen=True)
class Traced:
    """A network's layers.

    Attributes:
        layers: in order of computation.
        program: the exported graph.
        nodes: of the graph, the last of each layer.
    """

    layers: tuple[Layer, ...]
    program: ExportedProgram
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class _Seen:
    """What a value depends on: ``field`` pixels a side, neighbours ``step`` pixels apart."""

    field: float
    step: float


def trace(network: Network, images: Tensor) -> Traced:
    """The layers of ``network``, which is put into evaluation mode.

    Args:
        images: (1, C, H, W) of the size that shapes and costs are for; the values do not matter.
    """
    program = torch.export.export(network.eval(), (images,))
    reader = _Reader(program)
    for node in program.graph.nodes:
        if node.op == "call_function":
            reader.read(node)
    return Traced(tuple(reader.layers), program, tuple(reader.ends))


class _Reader:
    """Makes layers of nodes, one after the other."""

    def __init__(self, program: ExportedProgram) -> None:
        signature = program.graph_signature
        self.parameters = {
            name: program.state_dict[path].numel() for name, path in signature.inputs_to_parameters.items()
        }
        self.seen: dict[str, _Seen] = {
            name: _Seen(1.0, 1.0) for name in signature.user_inputs if isinstance(name, str)
        }
        self.layers: list[Layer] = []
        self.ends: list[str] = []
        self.layer_of: dict[str, int] = {}  # of a node, the layer that it ends

    def read(self, node: Node) -> None:
        """Take note of a node: it is a layer, belongs to the one before it, or only moves values."""
        sources = [one for one in node.all_input_nodes if one.name in self.seen]
        if not sources:
            return
        before = _widest([self.seen[one.name] for one in sources])
        name = _operation(node)
        rule = _RULES.get(name)
        found = rule(node, before) if rule is not None and (name != "add" or len(sources) > 1) else None
        self.seen[node.name] = before if found is None else found.seen
        if name == "getitem" and node.args[1] != 0:  # the indices of a pooling are no features
            return
        if found is not None:
            self._add(node, found)
        elif name in _FOLLOWING | _MOVING and sources[0].name in self.layer_of:
            self._extend(node, self.layer_of[sources[0].name], _FOLLOWING.get(name))

    def _add(self, node: Node, found: _Found) -> None:
        self.layer_of[node.name] = len(self.layers)
        self.ends.append(node.name)
        learned, field = self._learned(node), found.seen.field
        shape = _shape(node)[1:]
        self.layers.append(Layer(_module(node), found.words, shape, learned, found.multiply_adds, field))

    def _extend(self, node: Node, layer: int, words: str | None) -> None:
        """What follows belongs to the layer."""
        known = self.layers[layer]
        self.layers[layer] = replace(
            known,
            operation=f"{known.operation}, {words}" if words else known.operation,
            parameters=known.parameters + self._learned(node),
        )
        self.layer_of[node.name] = layer
        self.ends[layer] = node.name

    def _learned(self, node: Node) -> int:
        return sum(self.parameters.get(one.name, 0) for one in node.all_input_nodes)


@dataclass(frozen=True)
class _Found:
    words: str
    seen: _Seen
    multiply_adds: int = 0


def _convolution(node: Node, before: _Seen) -> _Found:
    weight = _shape(node.args[1])
    stride, dilation, groups = _side(node, 3), _side(node, 5), _argument(node, 6, 1)
    outputs, inputs, kernel = weight[0], weight[1], weight[2]
    height, width = _shape(node)[2:]
    words = f"{kernel}×{kernel} convolution"
    if groups > 1:
        words = f"{kernel}×{kernel} depthwise convolution" if inputs == 1 else f"{words} in {groups} groups"
    words += f", stride {stride}" if stride > 1 else ""
    words += f", dilation {dilation}" if dilation > 1 else ""
    seen = _Seen(before.field + (kernel - 1) * dilation * before.step, before.step * stride)
    return _Found(words, seen, outputs * inputs * kernel * weight[3] * height * width)


def _transposed(node: Node, before: _Seen) -> _Found:
    weight, stride = _shape(node.args[1]), _side(node, 3)
    source = _shape(node.args[0])
    kernel = weight[2]
    reach = math.ceil(kernel / stride) - 1
    seen = _Seen(before.field + reach * before.step, before.step / stride)
    costs = weight[0] * weight[1] * kernel * weight[3] * source[2] * source[3]
    return _Found(f"{kernel}×{kernel} transposed convolution, stride {stride}", seen, costs)


def _pooling(node: Node, before: _Seen) -> _Found:
    kernel = _side(node, 1)
    stride = _side(node, 2, kernel)
    seen = _Seen(before.field + (kernel - 1) * before.step, before.step * stride)
    indices = " with indices" if "indices" in _operation(node) else ""
    return _Found(f"{kernel}×{kernel} max pooling{indices}", seen)


def _enlarging(node: Node, before: _Seen) -> _Found:
    factor = _shape(node)[-1] / _shape(node.args[0])[-1]
    is_bilinear = "bilinear" in _operation(node)
    reach = before.step if is_bilinear else 0.0
    words = f"enlarged {factor:g}× ({'bilinear' if is_bilinear else 'repeated'})"
    return _Found(words, _Seen(before.field + reach, before.step / factor))


def _joining(node: Node, before: _Seen) -> _Found:
    parts = [_shape(one)[1] for one in node.all_input_nodes]
    return _Found(f"joined: {' + '.join(map(str, parts))} channels", before)


def _adding(node: Node, before: _Seen) -> _Found:
    return _Found("sum", before)


def _averaging(node: Node, before: _Seen) -> _Found:
    return _Found("mean over the picture", _Seen(WHOLE, before.step))


def _linear(node: Node, before: _Seen) -> _Found:
    shape, weight = _shape(node), _shape(node.args[1])
    return _Found("linear map", before, math.prod(shape[1:]) * weight[1])


def _unpooling(node: Node, before: _Seen) -> _Found | None:
    scattered = node.args[0]
    if not isinstance(scattered, Node) or _operation(scattered) != "scatter":
        return None
    flat = scattered.args[3]
    assert isinstance(flat, Node)
    factor = _shape(node)[-1] / _shape(flat.args[0])[-1]
    return _Found("unpooled to where the maxima were", _Seen(before.field, before.step / factor))


def _operation(node: Node) -> str:
    """The name of a node's operation, whatever variant of it."""
    schema = getattr(node.target, "_schema", None)
    return (
        str(schema.name).removeprefix("aten::")
        if schema is not None
        else str(getattr(node.target, "__name__", ""))
    )


def _module(node: Node) -> str:
    """The path of the module that a node comes from; empty for the network itself."""
    stack = node.meta.get("nn_module_stack") or {}
    return str(list(stack.values())[-1][0]) if stack else ""


def _shape(node: Any) -> tuple[int, ...]:
    value = node.meta["val"]
    return tuple((value[0] if isinstance(value, tuple | list) else value).shape)


def _argument(node: Node, place: int, default: Any) -> Any:
    return node.args[place] if len(node.args) > place else default


def _side(node: Node, place: int, default: int = 1) -> int:
    """A kernel, stride or dilation: the first of two numbers, which are equal in all that is built here."""
    value = _argument(node, place, default)
    return int(value[0]) if isinstance(value, list | tuple) and value else int(value or default)


def _widest(seen: list[_Seen]) -> _Seen:
    return _Seen(max(one.field for one in seen), max(one.step for one in seen))


_RULES: dict[str, Callable[[Node, _Seen], _Found | None]] = {
    "conv2d": _convolution,
    "conv_transpose2d": _transposed,
    "max_pool2d": _pooling,
    "max_pool2d_with_indices": _pooling,
    "upsample_nearest2d": _enlarging,
    "upsample_bilinear2d": _enlarging,
    "cat": _joining,
    "add": _adding,
    "mean": _averaging,
    "adaptive_avg_pool2d": _averaging,
    "linear": _linear,
    "unflatten": _unpooling,
}
_FOLLOWING = {
    "batch_norm": "batch norm",
    "layer_norm": "layer norm",
    "relu": "ReLU",
    "relu_": "ReLU",
    "hardtanh": "ReLU6",
    "hardtanh_": "ReLU6",
    "silu": "SiLU",
    "silu_": "SiLU",
    "gelu": "GELU",
    "sigmoid": "sigmoid",
}
_MOVING = dict.fromkeys(("getitem", "clone", "contiguous", "dropout"))
