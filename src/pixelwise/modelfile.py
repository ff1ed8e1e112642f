"""The model file: one ``.safetensors`` with everything that prediction needs.

The tensors are the network's weights in float32. The metadata entry ``pixelwise`` is JSON (:class:`Header`): fields,
labels, preprocessing and recipe, decision settings, scores and versions. Nothing in the file can run code.

A file may hold several models of one recipe, whose fields are averaged. It is of format 2, which readers that do not
know of that refuse; a file of one model is of format 1, which they read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, uint8

from pixelwise import files
from pixelwise._version import __version__
from pixelwise.confidence import Confidence
from pixelwise.errors import ModelFileError
from pixelwise.labels import Labels
from pixelwise.recipe import Preprocessing, Recipe
from pixelwise.types import Field

SINGLE, ENSEMBLE = 1, 2
FORMAT = ENSEMBLE
"""The newest that is read."""
KEY = "pixelwise"
REFERENCES = "confidence.references"
"""Name of the one tensor that is no weight of the network."""
_MEMBERS = "members"


class Member(BaseModel):
    """One of several models in a file.

    Attributes:
        settings: decision settings tuned on the validation images of this model, by task name.
        confidence: how far the probabilities of this model can be believed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    settings: dict[str, dict[str, float]]
    confidence: Confidence | None = None


class Header(BaseModel):
    """What a model file says besides its weights.

    Attributes:
        format: version of this layout; a reader refuses what is newer than itself.
        versions: of pixelwise and torch, as written.
        fields: what the network predicts, by task name.
        labels: meaning of class ids, by task name.
        preprocessing: scale policy and value scaling.
        recipe: how it was trained.
        settings: decision settings tuned on validation, by task name; of several models those for their mean.
        members: the models, where there are several; the weights of the first are called ``members.0.…``.
        scores: headline scores by metric and statistic, with the split they are of.
        confidence: how far its probabilities can be believed; None in files that were written before there was such
            a thing, and where there was nothing to fit it on.
        sha256: over the rest of this header and all tensors in order of their names; tells damage.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int = SINGLE
    versions: dict[str, str]
    fields: dict[str, tuple[Field, ...]]
    labels: dict[str, Labels]
    preprocessing: Preprocessing
    recipe: Recipe
    settings: dict[str, dict[str, float]]
    members: tuple[Member, ...] | None = None
    scores: dict[str, Any] = {}
    confidence: Confidence | None = None
    sha256: str = ""

    @model_validator(mode="after")
    def _same_tasks(self) -> Header:
        for name, found in (("fields", self.fields), ("labels", self.labels), ("settings", self.settings)):
            if found.keys() != self.recipe.tasks.keys():
                raise ValueError(f"{name} and recipe name different tasks")
        return self

    @model_validator(mode="after")
    def _several_are_an_ensemble(self) -> Header:
        if (self.format == ENSEMBLE) != bool(self.members):
            raise ValueError(f"files of several models, and no others, are of format {ENSEMBLE}")
        return self


@dataclass(frozen=True)
class ModelFile:
    """A model file read: header, weights by name and, where ``header.confidence`` needs them, the training images.

    Attributes:
        references: (N, D) float32, what the encoder makes of training images.
    """

    header: Header
    weights: Mapping[str, Tensor]
    references: Tensor | None = None

    def of(self, member: int | None) -> tuple[dict[str, Tensor], Tensor | None]:
        """Weights by the names that they have in the network, and references; of the only model, or one of several."""
        if member is None:
            return dict(self.weights), self.references
        prefix = f"{_MEMBERS}.{member}."
        found = {
            name.removeprefix(prefix): one for name, one in self.weights.items() if name.startswith(prefix)
        }
        return found, found.pop(REFERENCES, None)


def joined_weights(members: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The tensors of several models by the names that they have in one file."""
    return {
        f"{_MEMBERS}.{number}.{name}": tensor
        for number, weights in enumerate(members)
        for name, tensor in weights.items()
    }


def write_model(path: Path, header: Header, weights: Mapping[str, Tensor]) -> None:
    """Write a model file, whole or not at all; the tensor of ``REFERENCES`` may stand among the weights."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    described = json.loads(header.model_dump_json(exclude_none=True))
    # Without the key, data that has no background would come back with class 0 as its background.
    described["labels"] = {name: labels.model_dump(mode="json") for name, labels in header.labels.items()}
    complete = {**described, "sha256": _digest(described, tensors)}
    files.write_bytes(path, save(tensors, metadata={KEY: json.dumps(complete, ensure_ascii=False)}))


def read_model(path: Path) -> ModelFile:
    """Read a model file, or the ``model.safetensors`` in a run's folder.

    Raises:
        ModelFileError: missing, cut short, damaged, of another kind or from a newer version; one sentence.
    """
    path = path / "model.safetensors" if path.is_dir() else path
    if not path.is_file():
        raise ModelFileError(
            f"{path} does not exist; give a model.safetensors or the folder of a run that holds one."
        )
    try:
        with safe_open(path, framework="pt") as stored:
            metadata = stored.metadata() or {}
            weights = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 - no mapping
    except (SafetensorError, OSError, ValueError) as error:
        if path.suffix.lower() != ".safetensors":
            raise ModelFileError(
                f"{path} is no model file; give a model.safetensors or the folder of a run that holds one."
            ) from error
        raise ModelFileError(
            f"{path} is cut short or no model file; copy it again from where it was made."
        ) from error
    header = _read_header(path, metadata)
    if header.sha256 != _digest(json.loads(metadata[KEY]), weights):
        raise ModelFileError(f"{path} is damaged; copy it again from where it was made.")
    return ModelFile(header, weights, weights.pop(REFERENCES, None))


def _read_header(path: Path, metadata: Mapping[str, str]) -> Header:
    if KEY not in metadata:
        raise ModelFileError(
            f"{path} was not written by pixelwise; give a model.safetensors that pixelwise trained."
        )
    made_by = "of unknown version"
    try:
        values = json.loads(metadata[KEY])
        made_by = str(values["versions"]["pixelwise"])
        if int(values["format"]) > FORMAT:
            raise ModelFileError(
                f"{path} comes from pixelwise {made_by}, newer than this one; upgrade pixelwise."
            )
        return Header.model_validate(values)
    except (ValueError, KeyError, TypeError) as error:  # pydantic's errors are ValueErrors
        advice = "copy it again from where it was made" if made_by == __version__ else "upgrade pixelwise"
        raise ModelFileError(
            f"{path}, written by pixelwise {made_by}, has a header that pixelwise {__version__} cannot read; {advice}."
        ) from error


def _digest(header: Mapping[str, Any], weights: Mapping[str, Tensor]) -> str:
    """Over the header as the file holds it: one of the past lacks settings that have a default today."""
    described = {name: value for name, value in header.items() if name != "sha256"}
    digest = hashlib.sha256(json.dumps(described, sort_keys=True).encode())
    for name in sorted(weights):
        tensor = weights[name].contiguous()
        digest.update(f"{name}:{tensor.dtype}:{tuple(tensor.shape)};".encode())
        digest.update(tensor.flatten().view(uint8).numpy().tobytes() if tensor.numel() else b"")
    return digest.hexdigest()
