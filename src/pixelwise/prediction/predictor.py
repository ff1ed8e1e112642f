"""The Predictor: an image in, a Prediction out, at the image's own size.

Evaluation after training, ``pixelwise evaluate``, ``pixelwise predict`` and the Python API all go through this class.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import torch
from numpy.typing import NDArray
from torch import Tensor

from pixelwise.data.images import picture_to_array, read_image
from pixelwise.errors import DataError, ModelFileError
from pixelwise.geometry import Frame, flip_field
from pixelwise.modelfile import ModelFile, read_model
from pixelwise.models import Network, Outputs, build_model
from pixelwise.prediction.values import PADDING, normalise
from pixelwise.recipe import Preprocessing
from pixelwise.tasks import AnyTask, build_tasks
from pixelwise.types import Field, Image, Size

ImageSource = str | Path | PIL.Image.Image | NDArray[np.uint8]
FieldsByTask = dict[str, dict[str, NDArray[np.float32]]]


@dataclass(frozen=True)
class Prediction:
    """What a model says of one image.

    Attributes:
        size: (height, width) of the image, and of every result.
        results: by task name; ``prediction["semantic"].label_map``, for one.
    """

    size: Size
    results: Mapping[str, Any]

    def __getitem__(self, task: str) -> Any:
        return self.results[task]


class Predictor:
    """A trained network with all that turns images into results.

    Args:
        network: the trained network; it is put into evaluation mode.
        tasks: by name, as in the recipe.
        preprocessing: scale policy and value scaling.
        settings: decision settings by task name.
        device: where to compute; ``"auto"`` takes a CUDA GPU where there is one.
    """

    def __init__(
        self,
        network: Network,
        tasks: Mapping[str, AnyTask],
        preprocessing: Preprocessing,
        settings: Mapping[str, Mapping[str, float]],
        device: str = "auto",
    ) -> None:
        self.device = torch.device(
            ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
        )
        self.network = network.to(self.device).to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
        self.tasks = dict(tasks)
        self.preprocessing = preprocessing
        self.settings = {task: dict(values) for task, values in settings.items()}

    @classmethod
    def load(cls, path: Path | str, device: str = "auto") -> Predictor:
        """From a model file or the folder of a run; :class:`ModelFileError` if it cannot be used."""
        stored = read_model(Path(path))
        tasks = build_tasks(stored.header.recipe, stored.header.labels)
        network = _network_of(stored, tasks, Path(path))
        return cls(network, tasks, stored.header.preprocessing, stored.header.settings, device)

    def predict(self, source: ImageSource) -> Prediction:
        """Segment an image.

        Args:
            source: path of an image file, a Pillow image, or an array (H, W, 3) uint8 sRGB.
        """
        image = to_array(source)
        values = self.field_values(image)
        results = {name: task.decode(values[name], self.settings[name]) for name, task in self.tasks.items()}
        return Prediction(image.shape[:2], results)

    __call__ = predict

    def field_values(self, image: Image) -> FieldsByTask:
        """The fields of an (H, W, 3) uint8 image, by task and field name: (C, H, W) float32 after activation."""
        frame = Frame.fit(image.shape[:2], self.preprocessing.scale.size)
        framed = normalise(frame.place_image(image, PADDING)[None], self.preprocessing.values)
        logits = self._logits(framed)
        return {
            task: {field.name: _at_image(logits[task][field.name], field, frame) for field in fields}
            for task, fields in self.network.fields.items()
        }

    @torch.inference_mode()
    def _logits(self, framed: Tensor) -> dict[str, dict[str, Tensor]]:
        # The mean over the image and its mirror image costs twice the time and steadies every field.
        batch = torch.cat([framed, framed.flip(-1)]).to(self.device, memory_format=torch.channels_last)
        outputs: Outputs = self.network(batch)
        return {
            task: {field.name: _unmirrored(outputs[task][field.name], field) for field in fields}
            for task, fields in self.network.fields.items()
        }


def load(path: Path | str, device: str = "auto") -> Predictor:
    """A trained model from its file or the folder of its run, ready to predict."""
    return Predictor.load(path, device)


def to_array(source: ImageSource) -> Image:
    """Any image source as (H, W, 3) uint8 sRGB; :class:`DataError` for arrays of another shape or dtype."""
    if isinstance(source, str | Path):
        return read_image(Path(source))
    if isinstance(source, PIL.Image.Image):
        return picture_to_array(source)
    if source.ndim != 3 or source.shape[2] != 3 or source.dtype != np.uint8 or 0 in source.shape:
        raise DataError(
            f"the array is {source.dtype} {source.shape}; give (height, width, 3) uint8 in RGB order."
        )
    return source


def activate(logits: Tensor, field: Field, dim: int = 0) -> Tensor:
    """Logits to the field's values along channel axis ``dim``."""
    match field.activation:
        case "sigmoid":
            return logits.sigmoid()
        case "softmax":
            return logits.softmax(dim=dim)
        case "none":
            return logits


def _unmirrored(pair: Tensor, field: Field) -> Tensor:
    return (pair[0] + flip_field(pair[1], field, horizontal=True, vertical=False)).float() / 2


def _at_image(logits: Tensor, field: Field, frame: Frame) -> NDArray[np.float32]:
    return activate(frame.to_image(logits, field), field).cpu().numpy()


def _network_of(stored: ModelFile, tasks: Mapping[str, AnyTask], path: Path) -> Network:
    header = stored.header
    fields = {name: task.fields() for name, task in tasks.items()}
    if fields != header.fields:
        raise ModelFileError(
            f"{path} predicts fields that its recipe does not name; copy it again from its run."
        )
    network = build_model(header.recipe.model, fields, pretrained=False)
    try:
        network.load_state_dict(dict(stored.weights))
    except RuntimeError as error:
        raise ModelFileError(f"{path} holds weights of another network than its recipe names.") from error
    return network
