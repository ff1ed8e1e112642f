"""What an earlier check learned of files that have not changed, so that they need no second look."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pixelwise.checks.examine import Examined, FileFacts, ImageFacts, MaskFacts, examine_sample
from pixelwise.checks.maskfacts import MaskContent
from pixelwise.data.cache import Cache, digest
from pixelwise.data.duplicates import Signature
from pixelwise.data.masks import MaskCoding
from pixelwise.types import PixelFormat, Sample

VERSION = 1
"""Of what is learned and how: another number makes what is remembered unfindable."""
_NUMBERS = "numbers"


def recall_or_examine(sample: Sample, coding: MaskCoding, cache: Cache) -> Examined:
    """Both files of one sample, from the cache where their contents are known; faulty ones are looked at each time.

    Args:
        coding: what stored values stand for.

    Raises:
        OutputError: the cache cannot be written.
    """
    files = [sample.image, *sample.labels.values()]
    if not all(path.is_file() for path in files):
        return examine_sample(sample, coding)
    settings = {
        "facts": VERSION,
        "coding": coding.settings(),
        "suffixes": [path.suffix.lower() for path in files],
    }
    name = digest(files, settings)
    known = cache.get(name)
    if known is not None:
        cache.touch(name)
        return _unpacked(sample, known)
    found = examine_sample(sample, coding)
    if found.image.signature is not None and (found.mask is None or found.mask.content is not None):
        cache.put(name, _packed(found))
    return found


def _packed(found: Examined) -> dict[str, Tensor]:
    image, mask = found.image, found.mask
    assert image.signature is not None
    tensors = {
        "grey": _tensor(image.grey),
        **{f"signature.{one.name}": _tensor(getattr(image.signature, one.name)) for one in fields(Signature)},
    }
    numbers: dict[str, Any] = {
        "image": _file_numbers(image.file),
        "mean": image.mean,
        "spread": image.spread,
        "coloured": image.coloured,
    }
    if mask is not None and mask.content is not None:
        content = mask.content
        tensors["small"] = _tensor(content.small.astype(np.int64))
        numbers["mask"] = _file_numbers(mask.file)
        plain = {one.name: getattr(content, one.name) for one in fields(content) if one.name != "small"}
        plain |= {name: list(plain[name].items()) for name in ("counts", "border")}
        numbers["content"] = {**plain, "dtype": content.small.dtype.name}
    tensors[_NUMBERS] = torch.tensor(list(json.dumps(numbers).encode()), dtype=torch.uint8)
    return tensors


def _unpacked(sample: Sample, known: Mapping[str, Tensor]) -> Examined:
    numbers = json.loads(bytes(known[_NUMBERS].tolist()))
    arrays = {one.name: known[f"signature.{one.name}"].numpy() for one in fields(Signature)}
    image = ImageFacts(
        file=_file_facts(sample.image, numbers["image"]),
        grey=known["grey"].numpy(),
        mean=numbers["mean"],
        spread=numbers["spread"],
        coloured=numbers["coloured"],
        signature=Signature(**arrays),
    )
    if "mask" not in numbers:
        return Examined(sample, image, None)
    plain = numbers["content"]
    dtype = plain.pop("dtype")
    plain |= {name: {int(value): int(count) for value, count in plain[name]} for name in ("counts", "border")}
    plain |= {"size": tuple(plain["size"]), "chosen": tuple(plain["chosen"])}
    content = MaskContent(**plain, small=known["small"].numpy().astype(dtype))
    return Examined(sample, image, MaskFacts(_file_facts(sample.labels["mask"], numbers["mask"]), content))


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
