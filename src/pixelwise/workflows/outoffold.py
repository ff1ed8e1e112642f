"""What several models as one take from images that each was predicted by the one of them that never saw it.

Of a run of folds there are such predictions of every image, several times as many as each model has validation images:
the threshold, the predicted score and the limit of unlikeness are fitted on them for the model that all become. What is
said of the images themselves stays that of each fold's own model, which had its threshold and its confidence before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pixelwise.confidence import Confidence, Traits, fit_score, fit_unlike
from pixelwise.evaluation import Scored
from pixelwise.prediction import Ensemble, Predictor, mean_settings
from pixelwise.tasks import SemanticTask
from pixelwise.tasks.semantic import dice_by_threshold


@dataclass
class OutOfFold:
    """Collects what the images tell, one after another; no pixels are kept.

    Attributes:
        curves: Dice of each image by threshold.
        traits, scores: of each image, what was seen without its truth, and its true headline score.
        unlikeness: of each image, in parts of the limit of the model that predicted it.
    """

    curves: list[NDArray[np.float64]] = field(default_factory=list)
    traits: list[Traits] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    unlikeness: list[float] = field(default_factory=list)

    def add(self, scored: Scored) -> None:
        """Take note of an image that a model has predicted; without a semantic task of how unlike it is alone."""
        predictor, prediction = scored.by, scored.prediction
        if not isinstance(predictor, Predictor):
            return
        if prediction.unlikeness is not None:
            self.unlikeness.append(prediction.unlikeness)
        name = predictor.classified
        if name is None:
            return
        task = predictor.tasks[name]
        if task.labels.is_binary:
            self.curves.append(dice_by_threshold(prediction[name].probs[1], scored.truth.class_map))
        if prediction.evidence is not None:
            self.traits.append(prediction.evidence.traits)
            self.scores.append(task.headline_score(scored.rows[name]))

    def ensemble(self, members: Sequence[Predictor]) -> Ensemble:
        """All models as one, with what the images told; where they told nothing the mean of the models' own holds."""
        settings, name = mean_settings(members), members[0].classified
        if name is None:
            return Ensemble(members, settings, self._likeness())
        task = members[0].tasks[name]
        assert isinstance(task, SemanticTask)
        settings[name] |= task.tuned(self.curves)
        score = fit_score(self.traits, self.scores)
        if score is None or any(one.confidence is None for one in members):
            return Ensemble(members, settings)
        every = len(self.unlikeness) == len(self.scores)
        unlike = fit_unlike(np.array(self.unlikeness)) if every else None
        return Ensemble(
            members, settings, Confidence(fitted_on=len(self.scores), score={name: score}, unlike=unlike)
        )

    def _likeness(self) -> Confidence | None:
        """The limit of unlikeness alone; None where no model told how unlike an image is."""
        if not self.unlikeness:
            return None
        return Confidence(fitted_on=len(self.unlikeness), unlike=fit_unlike(np.array(self.unlikeness)))
