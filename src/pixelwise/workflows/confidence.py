"""Fitting a model's confidence in itself: on validation images, at their own size, after training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pixelwise.confidence import (
    Confidence,
    Traits,
    Unlike,
    contour_band,
    fit_calibration,
    fit_score,
    fit_unlike,
    moved_probability,
)
from pixelwise.data.dataset import Dataset
from pixelwise.data.frames import Frames
from pixelwise.prediction import Predictor
from pixelwise.tasks.semantic import THRESHOLD
from pixelwise.training.validate import spread
from pixelwise.types import IGNORE_INDEX, Label, Sample

SAMPLED = 4000
"""Pixels of an image that calibration is fitted on."""
BATCH = 8
Sampled = tuple[NDArray[np.float32], NDArray[np.uint8]]


@dataclass
class Pixels:
    """Pixels near the contours of images, at random places that are the same every time."""

    of_images: list[Sampled] = field(default_factory=list)

    def add(self, logits: Tensor, label: Label) -> None:
        """Take some of an image: logits (C, H, W). Where there is no contour, of all labelled pixels."""
        truth = label.class_map
        band = contour_band(truth)
        places = np.flatnonzero(band if band.any() else truth != IGNORE_INDEX)
        if places.size > SAMPLED:
            places = np.random.default_rng(0).choice(places, SAMPLED, replace=False)
        flat = logits.flatten(1)[:, torch.from_numpy(places).to(logits.device)]
        self.of_images.append((flat.float().cpu().numpy(), truth.ravel()[places]))


def fit_confidence(
    predictor: Predictor, dataset: Dataset, samples: Sequence[Sample], pixels: Pixels, training: Frames
) -> None:
    """Give a predictor, whose settings are tuned but whose probabilities are the network's own, its confidence.

    The threshold moves along with the probabilities, so that no pixel is decided otherwise. Without a semantic task
    there is a limit of unlikeness, and nothing else.

    Args:
        samples: validation images.
        pixels: of the same; none are needed without a semantic task.
        training: the frames that it was trained on.
    """
    if not samples:
        return
    predictor.learn_usual(_references(predictor, training))
    name = predictor.classified
    if name is None:
        predictor.confidence = Confidence(
            fitted_on=len(samples), unlike=_limit_of(predictor, dataset, samples)
        )
        return
    calibration = fit_calibration(pixels.of_images)
    settings = predictor.settings[name]
    if THRESHOLD in settings:
        settings[THRESHOLD] = moved_probability(settings[THRESHOLD], calibration)
    known = Confidence(fitted_on=len(samples), calibration={name: calibration})
    predictor.confidence = known
    traits: list[Traits] = []
    scores, distances = [], []
    task = predictor.tasks[name]
    for sample in samples:
        image, label = dataset.read(sample)
        prediction = predictor.predict(image)
        if prediction.evidence is None:  # predicted in windows: nothing will be said of such images
            continue
        traits.append(prediction.evidence.traits)
        scores.append(task.headline_score(task.row(prediction[name], label)))
        distances.append(predictor.distance(prediction.evidence.features))
    score = fit_score(traits, scores)
    unlike = fit_unlike(np.array(distances))
    update = {"score": {} if score is None else {name: score}, "unlike": unlike}
    predictor.confidence = known.model_copy(update=update)


def _limit_of(predictor: Predictor, dataset: Dataset, samples: Sequence[Sample]) -> Unlike | None:
    """The limit of unlikeness from images alone: what they show need not be found in them."""
    looks = (predictor.look(dataset.read(sample)[0]) for sample in samples)
    return fit_unlike(np.array([predictor.distance(look.features) for look in looks]))


def _references(predictor: Predictor, training: Frames) -> NDArray[np.float32]:
    """(N, D) features of training frames, as many as tell what is usual."""
    chosen = torch.tensor(spread(len(training)))
    return np.concatenate(
        [predictor.features(training.batch(part)[0]) for part in torch.split(chosen, BATCH)]
    )
