"""Looking at files once: what an earlier look learned of files that have not changed is remembered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, astuple, fields, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pixelwise.checks.annotations import said_size
from pixelwise.checks.examine import (
    Examined,
    FileFacts,
    ImageFacts,
    MaskFacts,
    examine_image,
    examine_mask,
)
from pixelwise.checks.maskfacts import MaskContent
from pixelwise.checks.objectfacts import ObjectFacts, facts_of, faulty
from pixelwise.data.cache import Cache, digest
from pixelwise.data.dataset import Dataset
from pixelwise.data.duplicates import Match, Signature, find_near_duplicates
from pixelwise.data.masks import MaskCoding
from pixelwise.errors import DataError
from pixelwise.types import PixelFormat, Sample, Size

VERSION = 5
"""Of what is learned and how: another number makes what is remembered unfindable."""
_NUMBERS = "numbers"

_Facts = TypeVar("_Facts", ImageFacts, MaskFacts)


class Looker:
    """Looks at images and masks, and compares images.

    Args:
        cache: remembers what was learned; faulty files are looked at each time.
    """

    def __init__(self, cache: Cache) -> None:
        self.cache = cache
        self._masks: dict[Path, MaskFacts] = {}

    def values(self, mask: Path) -> list[int]:
        """The values in a mask, or the commonest of very many; none of one that cannot be read.

        The look is kept for :meth:`look`, so that masks whose meaning is guessed are not decoded for that alone.

        Raises:
            OutputError: the cache cannot be written.
        """
        facts = self._masks[mask] = self._mask(mask, coloured=False)
        return [] if facts.content is None or facts.content.coloured else sorted(facts.content.counts)

    def look(self, sample: Sample, coding: MaskCoding) -> Examined:
        """Both files of a sample; a file that cannot be read is a fault, never an error.

        Args:
            coding: what stored values stand for.

        Raises:
            OutputError: the cache cannot be written.
        """
        image = self._remembered(sample.image, {"kind": "image"}, examine_image, _packed_image, _image)
        path = sample.labels.get("mask")
        if path is None:
            return Examined(sample, image, None)
        known = self._masks.pop(path, None)
        if known is None or coding.coloured:
            known = self._mask(path, coloured=coding.coloured)
        if known.content is not None:
            content = known.content.knowing(coding.ids, known.file.format)
            if content.look == "clean" and content.coloured and not coding.coloured:
                content = replace(content, look="coloured")  # blue is 255, and yet no object
            known = replace(known, content=content)
        return Examined(sample, image, known)

    def look_at_objects(self, dataset: Dataset, sample: Sample, size: Size) -> ObjectFacts:
        """The objects of a sample whose image has this (height, width); what cannot be read is a fault, never an error.

        Raises:
            OutputError: the cache cannot be written.
        """
        try:
            about = {
                "kind": "objects",
                "version": VERSION,
                "identity": dataset.label_identity(sample),
                "size": size,
                "said": said_size(dataset, sample),
            }
            name = digest(dataset.label_files(sample), about)
            known = self.cache.get(name)
            if known is not None:
                self.cache.touch(name)
                plain = _read(known[_NUMBERS])
                faults = tuple((kind, detail) for kind, detail in plain.pop("faults"))
                return ObjectFacts(faults, **{key: tuple(numbers) for key, numbers in plain.items()})
            found = facts_of(dataset, sample, size)
            # What a file says is said with its path, which is no part of its digest.
            if not any(kind == "objects-unreadable" for kind, _ in found.faults):
                self.cache.put(name, {_NUMBERS: _written(asdict(found))})
            return found
        except DataError as error:
            return faulty(error)

    def matches(self, signatures: Sequence[Signature]) -> list[Match]:
        """The near-duplicates among images, by their places.

        Raises:
            OutputError: the cache cannot be written.
        """
        hashed = hashlib.blake2b(digest_size=20)
        for one in signatures:
            for part in fields(Signature):
                hashed.update(np.ascontiguousarray(getattr(one, part.name)).data)
        name = digest([], {"kind": "matches", "version": VERSION, "signatures": hashed.hexdigest()})
        known = self.cache.get(name)
        if known is not None:
            self.cache.touch(name)
            return [_match(*plain) for plain in _read(known[_NUMBERS])]
        found = find_near_duplicates(signatures)
        self.cache.put(name, {_NUMBERS: _written([astuple(match) for match in found])})
        return found

    def _mask(self, path: Path, *, coloured: bool) -> MaskFacts:
        about = {"kind": "mask", "coloured": coloured}
        examine = partial(examine_mask, coloured=coloured)
        return self._remembered(path, about, examine, _packed_mask, _mask)

    def _remembered(
        self,
        path: Path,
        about: Mapping[str, Any],
        examine: Callable[[Path], _Facts],
        packed: Callable[[_Facts], dict[str, Tensor] | None],
        unpacked: Callable[[Path, Mapping[str, Tensor]], _Facts],
    ) -> _Facts:
        try:
            name = digest([path], {**about, "version": VERSION, "suffix": path.suffix.lower()})
        except DataError:  # examining it tells which fault that is
            return examine(path)
        known = self.cache.get(name)
        if known is not None:
            self.cache.touch(name)
            return unpacked(path, known)
        found = examine(path)
        tensors = packed(found)
        if tensors is not None:
            self.cache.put(name, tensors)
        return found


def _match(first: int, second: int, score: float, how: str, place: list[list[float]]) -> Match:
    across, down = ((row[0], row[1], row[2]) for row in place)
    return Match(first, second, score, how, (across, down))


def _packed_image(image: ImageFacts) -> dict[str, Tensor] | None:
    """An image's facts as tensors; None where it could not be read."""
    if image.signature is None:
        return None
    numbers = {
        "file": _file_numbers(image.file),
        "mean": image.mean,
        "spread": image.spread,
        "coloured": image.coloured,
    }
    return {
        "grey": _tensor(image.grey),
        **{f"signature.{one.name}": _tensor(getattr(image.signature, one.name)) for one in fields(Signature)},
        _NUMBERS: _written(numbers),
    }


def _image(path: Path, known: Mapping[str, Tensor]) -> ImageFacts:
    numbers = _read(known[_NUMBERS])
    arrays = {one.name: known[f"signature.{one.name}"].numpy() for one in fields(Signature)}
    return ImageFacts(
        file=_file_facts(path, numbers["file"]),
        grey=known["grey"].numpy(),
        mean=numbers["mean"],
        spread=numbers["spread"],
        coloured=numbers["coloured"],
        signature=Signature(**arrays),
    )


def _packed_mask(mask: MaskFacts) -> dict[str, Tensor] | None:
    """A mask's facts as tensors; None where it could not be read."""
    content = mask.content
    if content is None:
        return None
    plain = {one.name: getattr(content, one.name) for one in fields(content) if one.name != "small"}
    plain |= {name: list(plain[name].items()) for name in ("counts", "border")}
    numbers = {"file": _file_numbers(mask.file), "content": {**plain, "dtype": content.small.dtype.name}}
    return {"small": _tensor(content.small.astype(np.int64)), _NUMBERS: _written(numbers)}


def _mask(path: Path, known: Mapping[str, Tensor]) -> MaskFacts:
    numbers = _read(known[_NUMBERS])
    plain = numbers["content"]
    dtype = plain.pop("dtype")
    plain |= {name: {int(value): int(count) for value, count in plain[name]} for name in ("counts", "border")}
    plain |= {"size": tuple(plain["size"]), "chosen": tuple(plain["chosen"])}
    content = MaskContent(**plain, small=known["small"].numpy().astype(dtype))
    return MaskFacts(_file_facts(path, numbers["file"]), content)


def _file_numbers(facts: FileFacts) -> dict[str, Any]:
    plain = {
        one.name: getattr(facts, one.name) for one in fields(facts) if one.name not in {"path", "pixels"}
    }
    return {**plain, "pixels": [getattr(facts.pixels, one.name) for one in fields(facts.pixels)]}


def _file_facts(path: Path, plain: dict[str, Any]) -> FileFacts:
    pixels, stored = PixelFormat(*plain.pop("pixels")), tuple(plain.pop("stored"))
    return replace(FileFacts(path, **plain), pixels=pixels, stored=stored)


def _tensor(values: NDArray[Any]) -> Tensor:
    return torch.from_numpy(np.array(values))


def _written(numbers: object) -> Tensor:
    """(n,) uint8: plain JSON values as text."""
    return torch.from_numpy(np.frombuffer(json.dumps(numbers).encode(), np.uint8).copy())


def _read(text: Tensor) -> Any:
    return json.loads(text.numpy().tobytes())
