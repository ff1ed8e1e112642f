"""Checkpoints: a training under way, as one ``.safetensors`` that holds everything that changes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from pixelwise import files
from pixelwise.errors import ModelFileError
from pixelwise.types import Json

VERSION = 1
KEY = "pixelwise-checkpoint"


@dataclass(frozen=True)
class Snapshot:
    """All that changes while training.

    Attributes:
        tensors: weights, averages, the optimiser's moments, by dotted names.
        numbers: all else, as plain JSON values.
    """

    tensors: Mapping[str, Tensor]
    numbers: Json

    def under(self, prefix: str) -> dict[str, Tensor]:
        """The tensors whose names begin with "prefix.", by the rest of their names."""
        start = f"{prefix}."
        return {name[len(start) :]: one for name, one in self.tensors.items() if name.startswith(start)}


def write_checkpoint(path: Path, snapshot: Snapshot) -> None:
    """Write a checkpoint, whole or not at all; the one before stays until then.

    Raises:
        OutputError: the folder cannot be written or the disk is full.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in snapshot.tensors.items()}
    metadata = {KEY: json.dumps({"version": VERSION, **snapshot.numbers})}
    files.write_bytes(path, save(tensors, metadata=metadata))


def read_checkpoint(path: Path) -> Snapshot:
    """Read a checkpoint.

    Raises:
        ModelFileError: damaged, or of another version.
    """
    try:
        with safe_open(path, framework="pt") as stored:
            numbers = json.loads((stored.metadata() or {})[KEY])
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 - no mapping
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise ModelFileError(f"{path} is damaged or no checkpoint; train anew without --resume.") from error
    if numbers["version"] != VERSION:
        raise ModelFileError(
            f"{path} was written by another version of pixelwise; go on with that one, or train anew."
        )
    return Snapshot(tensors, numbers)
