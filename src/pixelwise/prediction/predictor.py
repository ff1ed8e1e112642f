"""The Predictor: an image in, a Prediction out, at the image's own size.

Evaluation after training, ``pixelwise evaluate``, ``pixelwise predict`` and the Python API all go through this class.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pixelwise.confidence import Confidence, Usual, apply, predicted_score
from pixelwise.data.values import padding, stretched
from pixelwise.models import Network, Outputs
from pixelwise.prediction.doubt import doubt_of, pooled, uncertainty_of
from pixelwise.prediction.look import Evidence, FieldsByTask, Look, Prediction
from pixelwise.prediction.source import ImageSource, to_pixels
from pixelwise.prediction.values import check_format, normalise, viewable
from pixelwise.prediction.views import mean_of_views, views
from pixelwise.recipe import Preprocessing
from pixelwise.tasks import AnyTask, SemanticTask
from pixelwise.tiling import Tiling, windows_of
from pixelwise.types import CLASSES, Field, Image, Json, PixelFormat, Pixels, Window


class Predictor:
    """A trained network with all that turns images into results.

    Args:
        network: the trained network; it is put into evaluation mode.
        tasks: by name, as in the recipe.
        preprocessing: scale policy and value scaling.
        settings: decision settings by task name.
        device: where to compute; ``"auto"`` takes a CUDA GPU where there is one.

    Attributes:
        confidence: what was fitted on validation images: calibration, predicted score, limit of unlikeness; of an
            :class:`Ensemble` on images that each was predicted by the member that never saw it, without calibration.
        references: (N, D) float32 features of training images, for the last of these.
    """

    def __init__(
        self,
        network: Network,
        tasks: Mapping[str, AnyTask],
        preprocessing: Preprocessing,
        settings: Mapping[str, Mapping[str, float]],
        device: str = "auto",
        confidence: Confidence | None = None,
        references: NDArray[np.float32] | None = None,
    ) -> None:
        self.device = torch.device(
            ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
        )
        self.network = network.to(self.device).to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
        self.tasks = dict(tasks)
        self.preprocessing = preprocessing
        self.settings = {task: dict(values) for task, values in settings.items()}
        self.confidence = confidence
        self.learn_usual(references)

    def only(self, tasks: Collection[str]) -> Predictor:
        """The same that gives the results of some tasks alone."""
        found = copy.copy(self)
        found.tasks = {name: task for name, task in self.tasks.items() if name in tasks}
        return found

    def predict(self, source: ImageSource) -> Prediction:
        """Segment an image.

        Args:
            source: path of an image file, a Pillow image, or an array (H, W, C) of the channels and dtype that the
                model was trained on (sRGB where that is three of uint8); (H, W) will do for one channel.

        Raises:
            DataError: an image that cannot be read, or of another format than the model was trained on.
        """
        image = to_pixels(source, self.preprocessing.values)
        size = image.shape[:2]
        places = windows_of(size) if self.preprocessing.scale.policy == "tiles" else ()
        if len(places) > 1:
            return Prediction(size, self._stitched(image, places))
        look = self.look(image)
        return self._judged(look, Prediction(size, self._decoded(look)))

    __call__ = predict

    def _stitched(self, image: Pixels, places: Sequence[Window]) -> dict[str, Any]:
        """Results by task name of an image whose fields would not fit into memory, window by window."""
        size, whole = image.shape[:2], stretched(image, self.preprocessing.values)
        parts = [(self._decoded(self._look(whole[w.y0 : w.y1, w.x0 : w.x1])), w) for w in places]
        return {
            name: task.stitch([(results[name], window) for results, window in parts], size)
            for name, task in self.tasks.items()
        }

    def _decoded(self, look: Look) -> dict[str, Any]:
        """Results by task name, at the size of what was looked at."""
        return {
            name: task.placed(task.decode(look.values[name], self.settings[name]), look.canvas)
            for name, task in self.tasks.items()
        }

    @property
    def tells_uncertainty(self) -> bool:
        """Whether predictions hold a map of uncertainty: there are classes to be unsure of."""
        return self.doubted is not None

    @property
    def orders_review(self) -> bool:
        """Yes: every model's predictions can be listed by what a human should look at first."""
        return True

    @property
    def classified(self) -> str | None:
        """Name of the semantic task, whose probabilities the confidence is of; None where there is none."""
        return next((name for name, task in self.tasks.items() if isinstance(task, SemanticTask)), None)

    @property
    def doubted(self) -> str | None:
        """Name of the task of whose classes the uncertainty is: the semantic one, else the first that has any."""
        if self.classified is not None:
            return self.classified
        fields = self.network.fields
        return next((name for name in self.tasks if CLASSES in {field.name for field in fields[name]}), None)

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
        """The fields of an image (H, W, C), by task and field name: (C, H, W) float32 after activation.

        Fields that are read for points are (C, h, w) over the frame, as the network gives them.
        """
        return self.look(image).values

    def look(self, image: Pixels) -> Look:
        """All that the network says of an image (H, W, C), at its own size; fields for points as the network does."""
        return self._look(stretched(image, self.preprocessing.values))

    def _look(self, image: Pixels) -> Look:
        """The same of an image, or of a part of one, that was stretched as the model's images are."""
        values, tiling = self.preprocessing.values, Tiling.of(image.shape[:2], self.preprocessing.scale)
        canvas = tiling.canvas.place_image(image, padding(values))
        features: list[Tensor] = []

        def outputs() -> Iterator[Tensor]:
            for tile in tiling.cut(canvas):
                logits, of_tile = self._logits(normalise(tile[None], values))
                features.append(of_tile)
                yield logits

        # All fields of all tasks as channels of one, so that tiles are joined one by one.
        joined = tiling.joined(outputs())
        found: FieldsByTask = {task: {} for task in self.network.fields}
        classes: Tensor | None = None
        pair: tuple[Tensor, Tensor] | None = None
        total = sum(field.channels for _, field in self._named_fields())
        for task, field, logits in self._separate(joined[:total]):
            own = logits if field.points else tiling.canvas.to_image(logits, field)
            if field.name == CLASSES:
                if task == self.doubted:
                    higher = tiling.canvas.to_image(joined[total:], field)
                    pair = self._calibrated(task, own + higher), self._calibrated(task, own - higher)
                own = self._calibrated(task, own)
                classes = own if task == self.classified else classes
            found[task][field.name] = activate(own, field).cpu().numpy()
        return Look(found, tiling.canvas, classes, pair, torch.stack(features).cpu().numpy())

    @torch.inference_mode()
    def features(self, framed: Tensor) -> NDArray[np.float32]:
        """(N, D) float32 of frames (N, C, h, w) in the data's values: means of the encoder's features."""
        batch = normalise(framed, self.preprocessing.values)
        encoded = self.network.encode(batch.to(self.device, memory_format=torch.channels_last))
        found: NDArray[np.float32] = pooled(self.network.telling(encoded)).cpu().numpy()
        return found

    def _calibrated(self, task: str, logits: Tensor) -> Tensor:
        known = None if self.confidence is None else self.confidence.calibration.get(task)
        return logits if known is None else apply(logits, known)

    def _judged(self, look: Look, prediction: Prediction) -> Prediction:
        """The prediction with what can be said of how good it is."""
        prediction = replace(prediction, unlikeness=self._unlikeness(look))
        task = self.classified
        if look.views is None:
            return prediction
        if task is None:
            return replace(prediction, uncertainty=uncertainty_of(look.views))
        assert look.logits is not None
        label_map, labels = prediction[task].label_map, self.tasks[task].labels
        doubt = doubt_of(look.logits, look.views, label_map, labels)
        score = None if self.confidence is None else self.confidence.score.get(task)
        return replace(
            prediction,
            uncertainty=doubt.uncertainty,
            predicted_dice=None if score is None else predicted_score(score, doubt.traits),
            evidence=Evidence(doubt.traits, look.features),
        )

    def _unlikeness(self, look: Look) -> float | None:
        """How far an image lies from those of training, in parts of the limit; None where there is none."""
        limit = None if self.confidence is None else self.confidence.unlike
        if limit is None or self._usual is None:
            return None
        return self.distance(look.features) / limit.limit

    def learn_usual(self, references: NDArray[np.float32] | None) -> None:
        """Take note of the features (N, D) of training images, or of none."""
        self.references = references
        self._usual = None if references is None else Usual.of(references)

    def distance(self, features: NDArray[np.float32]) -> float:
        """Of an image from those of training, by the features (T, D) of its tiles: the mean over them."""
        assert self._usual is not None
        return float(self._usual.distances(features).mean())

    @torch.inference_mode()
    def _logits(self, framed: Tensor) -> tuple[Tensor, Tensor]:
        """Of a frame (1, C, h, w): the channels of all fields of all tasks, one after another, and its features.

        The channels are (C, h', w') float32: means over the views of the image; after them, of the field of classes
        that uncertainty is of, half of what the image is higher than its mirror image.
        """
        turn = max(field.turn for _, field in self._named_fields())
        batch = views(framed, turn).to(self.device, memory_format=torch.channels_last)
        encoded = self.network.encode(batch)
        outputs: Outputs = self.network.decode(encoded, (batch.shape[-2], batch.shape[-1]))
        means, differences = [], []
        for task, field in self._named_fields():
            seen = outputs[task][field.name]
            means.append(mean_of_views(seen, field))
            if field.name == CLASSES and task == self.doubted:
                differences.append(seen[0].float() - means[-1])
        return torch.cat(means + differences), pooled(self.network.telling(encoded)[:1])[0]

    def _separate(self, logits: Tensor) -> Iterator[tuple[str, Field, Tensor]]:
        """The task, the field and its channels, of what :meth:`_logits` puts together."""
        named = list(self._named_fields())
        parts = torch.split(logits, [field.channels for _, field in named])
        for (task, field), part in zip(named, parts, strict=True):
            yield task, field, part

    def _named_fields(self) -> Iterator[tuple[str, Field]]:
        for task, fields in self.network.fields.items():
            yield from ((task, field) for field in fields)


def activate(logits: Tensor, field: Field, dim: int = 0) -> Tensor:
    """Logits to the field's values along channel axis ``dim``."""
    match field.activation:
        case "sigmoid":
            return logits.sigmoid()
        case "softmax":
            return logits.softmax(dim=dim)
        case "none":
            return logits
