"""The layers of a network, read off its exported graph.

Receptive fields follow from kernels, strides and padding alone (A. Araujo, W. Norris and J. Sim, "Computing receptive
fields of convolutional neural networks", 2019). Which pixels a value depends on is followed position by position, since
after an enlargement neighbours see differently far; where paths join, all that any of them sees counts. The field is
that of the position which sees farthest, of a picture without borders.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
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
    """What values depend on along a side of the picture, position by position.

    Attributes:
        first, last: pixels, of some neighbouring positions; all that follow repeat them, ``period`` pixels on.
        whole: all of the picture instead.
    """

    first: tuple[int, ...] = (0,)
    last: tuple[int, ...] = (0,)
    period: int = 1
    whole: bool = False

    @property
    def field(self) -> float:
        """Pixels a side, of the position that sees farthest."""
        return WHOLE if self.whole else 1 + max(b - a for a, b in zip(self.first, self.last, strict=True))

    def at(self, position: int) -> tuple[int, int]:
        """The first and the last pixel that a position sees, whichever one."""
        turns, place = divmod(position, len(self.first))
        return self.first[place] + turns * self.period, self.last[place] + turns * self.period

    def reading(
        self, count: int, sources: Callable[[int], Sequence[int]], period: int | None = None
    ) -> _Seen:
        """``count`` new positions over ``period`` pixels, each made of some of these."""
        if self.whole:
            return self
        spans = [[self.at(position) for position in sources(new)] for new in range(count)]
        first = tuple(min(a for a, _ in one) for one in spans)
        last = tuple(max(b for _, b in one) for one in spans)
        return _Seen(first, last, period or self.period)

    def shrunk(self, stride: int, kernel: int, apart: int, padding: int) -> _Seen:
        """By a kernel of so many places, ``apart`` from each other, at every ``stride``-th position."""
        turns = stride // math.gcd(stride, len(self.first))
        return self.reading(
            turns * len(self.first) // stride,
            lambda new: [new * stride - padding + place * apart for place in range(kernel)],
            turns * self.period,
        )

    def enlarged(self, factor: int, sources: Callable[[int], Sequence[int]] | None = None) -> _Seen:
        """So many times as many positions; each repeats one of these if it is not said what it is made of."""
        return self.reading(factor * len(self.first), sources or (lambda new: [new // factor]))


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
            name: _Seen() for name in signature.user_inputs if isinstance(name, str)
        }
        self.layers: list[Layer] = []
        self.ends: list[str] = []
        self.layer_of: dict[str, int] = {}  # of a node, the layer that it ends

    def read(self, node: Node) -> None:
        """Take note of a node: it is a layer, belongs to the one before it, or only moves values."""
        sources = [one for one in node.all_input_nodes if one.name in self.seen]
        if not sources:  # parameters in another shape, if anything
            self.parameters[node.name] = self._learned(node)
            return
        before = _together([self.seen[one.name] for one in sources])
        name = _operation(node)
        if name in _PADDING:
            before = _padded(node, before)
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
    seen = before.shrunk(stride, kernel, dilation, _padding(node, 4, dilation * (kernel - 1) // 2))
    return _Found(words, seen, outputs * inputs * kernel * weight[3] * height * width)


def _transposed(node: Node, before: _Seen) -> _Found:
    weight, stride, padding = _shape(node.args[1]), _side(node, 3), _padding(node, 4)
    source = _shape(node.args[0])
    kernel = weight[2]

    def sources(new: int) -> Sequence[int]:  # those whose kernel covers the new position
        last = (new + padding) // stride
        return range(min(last, -((kernel - 1 - new - padding) // stride)), last + 1)

    seen = before.enlarged(stride, sources)
    costs = weight[0] * weight[1] * kernel * weight[3] * source[2] * source[3]
    return _Found(f"{kernel}×{kernel} transposed convolution, stride {stride}", seen, costs)


def _pooling(node: Node, before: _Seen) -> _Found:
    kernel = _side(node, 1)
    stride = _side(node, 2, kernel)
    seen = before.shrunk(stride, kernel, 1, _padding(node, 3))
    indices = " with indices" if "indices" in _operation(node) else ""
    return _Found(f"{kernel}×{kernel} max pooling{indices}", seen)


def _enlarging(node: Node, before: _Seen) -> _Found:
    factor = _shape(node)[-1] // _shape(node.args[0])[-1]
    is_bilinear = "bilinear" in _operation(node)

    def sources(new: int) -> Sequence[int]:
        # A new centre lies at (new + 1/2) / factor - 1/2 among the old ones: in the middle of two, or on one.
        place, beside = divmod(2 * new + 1 - factor, 2 * factor)
        return (place, place + 1) if beside else (place,)

    words = f"enlarged {factor}× ({'bilinear' if is_bilinear else 'repeated'})"
    return _Found(words, before.enlarged(factor, sources if is_bilinear else None))


def _joining(node: Node, before: _Seen) -> _Found:
    parts = [_shape(one)[1] for one in node.all_input_nodes]
    return _Found(f"joined: {' + '.join(map(str, parts))} channels", before)


def _adding(node: Node, before: _Seen) -> _Found:
    return _Found("sum", before)


def _averaging(node: Node, before: _Seen) -> _Found:
    return _Found("mean over the picture", _Seen(whole=True))


def _linear(node: Node, before: _Seen) -> _Found:
    shape, weight = _shape(node), _shape(node.args[1])
    return _Found("linear map", before, math.prod(shape[1:]) * weight[1])


def _unpooling(node: Node, before: _Seen) -> _Found | None:
    scattered = node.args[0]
    if not isinstance(scattered, Node) or _operation(scattered) != "scatter":
        return None
    flat = scattered.args[3]
    assert isinstance(flat, Node)
    factor = _shape(node)[-1] // _shape(flat.args[0])[-1]
    return _Found("unpooled to where the maxima were", before.enlarged(factor))


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


def _padding(node: Node, place: int, same: int = 0) -> int:
    """Of a kernel; ``same`` where it is asked for by that word."""
    value = _argument(node, place, 0)
    return (same if value == "same" else 0) if isinstance(value, str) else _side(node, place, 0)


def _padded(node: Node, before: _Seen) -> _Seen:
    """Positions moved by what is put before them."""
    sides = node.args[1]
    assert isinstance(sides, list | tuple)
    left = int(str(sides[0]))
    return before.reading(len(before.first), lambda new: [new - left])


def _together(seen: Sequence[_Seen]) -> _Seen:
    """All that several values see, which are as a rule of one size."""
    if len(seen) == 1 or any(one.whole for one in seen):
        return next((one for one in seen if one.whole), seen[0])
    period = math.lcm(*(one.period for one in seen))
    counts = [len(one.first) * period // one.period for one in seen]
    finest = max(counts)
    alike = [
        one.reading(finest, lambda new, count=count: [new * count // finest], period)  # type: ignore[misc]
        for one, count in zip(seen, counts, strict=True)
    ]
    first = tuple(map(min, zip(*(one.first for one in alike), strict=True)))
    last = tuple(map(max, zip(*(one.last for one in alike), strict=True)))
    return _Seen(first, last, period)


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
_PADDING = {"pad", "constant_pad_nd"}
_MOVING = dict.fromkeys(("getitem", "clone", "contiguous", "dropout", "permute", "mul"))
"""What only moves or scales values; some encoders learn such a scale for each channel."""
