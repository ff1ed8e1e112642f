"""The Predictor: an image in, a Prediction out, at the image's own size.

Evaluation after training, ``pixelwise evaluate``, ``pixelwise predict`` and the Python API all go through this class.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import torch
from numpy.typing import NDArray
from torch import Tensor

from pixelwise.data.images import picture_to_pixels, read_image
from pixelwise.errors import DataError, ModelFileError
from pixelwise.geometry import flip_field
from pixelwise.memory import keep_freed_memory
from pixelwise.modelfile import Header, read_model
from pixelwise.models import Network, Outputs, build_model
from pixelwise.prediction.values import check_format, normalise, padding, viewable
from pixelwise.recipe import Preprocessing, Values
from pixelwise.tasks import AnyTask, build_tasks
from pixelwise.tiling import Tiling
from pixelwise.types import RGB8, Field, Image, Json, PixelFormat, Pixels, Size

ImageSource = str | Path | PIL.Image.Image | Pixels
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
        """From a model file or the folder of a run; :class:`ModelFileError` if it cannot be used.

        Of a file that holds several models it is an :class:`Ensemble`.
        """
        keep_freed_memory()
        stored = read_model(Path(path))
        header = stored.header
        tasks = build_tasks(header.recipe, header.labels)

        def built(weights: Mapping[str, Tensor], settings: Mapping[str, Mapping[str, float]]) -> Predictor:
            network = _network_of(header, weights, tasks, Path(path))
            return Predictor(network, tasks, header.preprocessing, settings, device)

        if header.members is None:
            return built(stored.weights, header.settings)
        members = [
            built(stored.weights_of(number), member.settings) for number, member in enumerate(header.members)
        ]
        return Ensemble(members, header.settings)

    def predict(self, source: ImageSource) -> Prediction:
        """Segment an image.

        Args:
            source: path of an image file, a Pillow image, or an array (H, W, C) of the channels and dtype that the
                model was trained on (sRGB where that is three of uint8); (H, W) will do for one channel.

        Raises:
            DataError: an image that cannot be read, or of another format than the model was trained on.
        """
        image = to_pixels(source, self.preprocessing.values)
        values = self.field_values(image)
        results = {name: task.decode(values[name], self.settings[name]) for name, task in self.tasks.items()}
        return Prediction(image.shape[:2], results)

    __call__ = predict

    def origin(self) -> Json:
        """Nothing: a model's settings tell all."""
        return {}

    def check_format(self, found: PixelFormat, about: object) -> None:
        """Raise :class:`DataError` if ``about`` is not what the model was trained on."""
        check_format(found, self.preprocessing.values, about)

    def viewable(self, image: Pixels) -> Image:
        """(H, W, C) pixels as a picture (H, W, 3) uint8, by the model's range of values."""
        return viewable(image, self.preprocessing.values)

    def field_values(self, image: Pixels) -> FieldsByTask:
        """The fields of an image (H, W, C), by task and field name: (C, H, W) float32 after activation."""
        values, tiling = self.preprocessing.values, Tiling.of(image.shape[:2], self.preprocessing.scale)
        canvas = tiling.canvas.place_image(image, padding(values))
        # All fields of all tasks as channels of one, so that tiles are joined one by one.
        joined = tiling.joined(self._logits(normalise(tile[None], values)) for tile in tiling.cut(canvas))
        found: FieldsByTask = {task: {} for task in self.network.fields}
        for task, field, logits in self._separate(joined):
            found[task][field.name] = activate(tiling.canvas.to_image(logits, field), field).cpu().numpy()
        return found

    @torch.inference_mode()
    def _logits(self, framed: Tensor) -> Tensor:
        """(C, h', w') float32 of a frame (1, C, h, w): the channels of all fields of all tasks, one after another."""
        # The mean over the image and its mirror image costs twice the time and steadies every field.
        batch = torch.cat([framed, framed.flip(-1)]).to(self.device, memory_format=torch.channels_last)
        outputs: Outputs = self.network(batch)
        return torch.cat(
            [_unmirrored(outputs[task][field.name], field) for task, field in self._named_fields()]
        )

    def _separate(self, logits: Tensor) -> Iterator[tuple[str, Field, Tensor]]:
        """The task, the field and its channels, of what :meth:`_logits` puts together."""
        named = list(self._named_fields())
        parts = torch.split(logits, [field.channels for _, field in named])
        for (task, field), part in zip(named, parts, strict=True):
            yield task, field, part

    def _named_fields(self) -> Iterator[tuple[str, Field]]:
        for task, fields in self.network.fields.items():
            yield from ((task, field) for field in fields)


class Ensemble(Predictor):
    """Several models of one recipe as one: each field is the mean of theirs (Lakshminarayanan 2017).

    ``network`` is that of the first.

    Args:
        members: two or more, or one; of the same tasks and preprocessing.
        settings: decision settings for the mean, by task name.
    """

    def __init__(self, members: Sequence[Predictor], settings: Mapping[str, Mapping[str, float]]) -> None:
        first = members[0]
        super().__init__(first.network, first.tasks, first.preprocessing, settings, str(first.device))
        self.members = tuple(members)

    def field_values(self, image: Pixels) -> FieldsByTask:
        """The means of the members' fields (after activation), by task and field name: (C, H, W) float32."""
        total = self.members[0].field_values(image)
        for member in self.members[1:]:  # one after another: fields of large images take their room
            for task, fields in member.field_values(image).items():
                for name, values in fields.items():
                    total[task][name] += values
        for fields in total.values():
            for values in fields.values():
                values /= np.float32(len(self.members))
        return total


def mean_settings(members: Sequence[Predictor]) -> dict[str, dict[str, float]]:
    """The mean of the decision settings of several models, by task name: what suits the mean of their fields."""
    return {
        task: {
            name: sum(member.settings[task][name] for member in members) / len(members) for name in settings
        }
        for task, settings in members[0].settings.items()
    }


def load(path: Path | str, device: str = "auto") -> Predictor:
    """A trained model from its file or the folder of its run, ready to predict."""
    return Predictor.load(path, device)


def to_pixels(source: ImageSource, values: Values) -> Pixels:
    """Any image source as pixels (H, W, C) of the format that ``values`` name.

    Raises:
        DataError: an image that cannot be read, or of another format.
    """
    if isinstance(source, str | Path):
        found, about = read_image(Path(source)), str(source)
    elif isinstance(source, PIL.Image.Image):
        found, about = picture_to_pixels(source), "the picture"
    else:
        return _checked_array(source, values)
    check_format(PixelFormat.of(found), values, about)
    return found


def _checked_array(array: Pixels, values: Values) -> Pixels:
    channels = values.channels
    shaped = array[..., None] if array.ndim == 2 and channels == 1 else array
    if (
        shaped.ndim != 3
        or shaped.shape[2] != channels
        or 0 in shaped.shape
        or array.dtype.name != values.dtype
    ):
        order = " in RGB order" if values.pixel_format == RGB8 else ""
        raise DataError(
            f"the array is {array.dtype} {array.shape}; give (height, width, {channels}) {values.dtype}{order}."
        )
    if values.dtype == "float32" and not np.isfinite(shaped).all():
        raise DataError("the array holds values that are no finite numbers; replace them, by 0 for instance.")
    return shaped if shaped.dtype.isnative else shaped.astype(values.dtype)


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


def _network_of(
    header: Header, weights: Mapping[str, Tensor], tasks: Mapping[str, AnyTask], path: Path
) -> Network:
    fields = {name: task.fields() for name, task in tasks.items()}
    if fields != header.fields:
        raise ModelFileError(
            f"{path} predicts fields that its recipe does not name; copy it again from its run."
        )
    channels = header.preprocessing.values.channels
    network = build_model(header.recipe.model, fields, pretrained=False, channels=channels)
    try:
        network.load_state_dict(dict(weights))
    except RuntimeError as error:
        raise ModelFileError(f"{path} holds weights of another network than its recipe names.") from error
    return network
