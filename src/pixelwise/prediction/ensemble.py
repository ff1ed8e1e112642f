"""Several models as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch

from pixelwise.confidence import Confidence, ScoreModel, entropy_of_views, predicted_score
from pixelwise.prediction.look import Look, Prediction
from pixelwise.prediction.predictor import Predictor
from pixelwise.types import CLASSES, Pixels


class Ensemble(Predictor):
    """Several models of one recipe as one: each field is the mean of theirs (Lakshminarayanan 2017).

    ``network`` is that of the first.

    Args:
        members: two or more, or one; of the same tasks and preprocessing.
        settings: decision settings for the mean, by task name.
        confidence: what was fitted on images that each was predicted by the member that never saw it: the predicted
            score, and the limit of the members' unlikeness. The members' own hold where it is None.
    """

    def __init__(
        self,
        members: Sequence[Predictor],
        settings: Mapping[str, Mapping[str, float]],
        confidence: Confidence | None = None,
    ) -> None:
        first, device = members[0], str(members[0].device)
        super().__init__(first.network, first.tasks, first.preprocessing, settings, device, confidence)
        self.members = tuple(members)

    def _look(self, image: Pixels) -> Look:
        """The means of the members' fields (after activation), and what each of them says."""
        looks = tuple(self._needed(member._look(image)) for member in self.members)
        mean = {
            task: {
                name: np.stack([look.values[task][name] for look in looks]).mean(axis=0, dtype=np.float32)
                for name in fields
            }
            for task, fields in looks[0].values.items()
        }
        return replace(looks[0], values=mean, logits=None, views=None, members=looks)

    def _needed(self, look: Look) -> Look:
        """What a member says, less its views where only the predicted score would ask for them."""
        return look if self.classified is not None else replace(look, views=None)

    def _judged(self, look: Look, prediction: Prediction) -> Prediction:
        """The prediction with means of what its members say of theirs; uncertainty is of their mean probabilities."""
        prediction = replace(prediction, unlikeness=self._unlikeness(look))
        if self.doubted is None:
            return prediction
        probabilities = torch.from_numpy(look.values[self.doubted][CLASSES])
        prediction = replace(prediction, uncertainty=entropy_of_views(probabilities[None]).numpy())
        task = self.classified
        if task is None:
            return prediction
        each = [
            member._judged(of_member, Prediction(prediction.size, member._decoded(of_member)))
            for member, of_member in zip(self.members, look.members, strict=True)
        ]
        score = None if self.confidence is None else self.confidence.score.get(task)
        return replace(prediction, predicted_dice=expected_score([_predicted(one, score) for one in each]))

    def _unlikeness(self, look: Look) -> float | None:
        """The mean over the members, in parts of the limit that was fitted to that."""
        limit = None if self.confidence is None else self.confidence.unlike
        mean = _mean(
            [
                member._unlikeness(of_member)
                for member, of_member in zip(self.members, look.members, strict=True)
            ]
        )
        return mean if mean is None or limit is None else mean / limit.limit


def _predicted(prediction: Prediction, score: ScoreModel | None) -> float | None:
    """The score that a member's prediction can be expected to reach, by ``score`` where there is that."""
    if score is None or prediction.evidence is None:
        return prediction.predicted_dice
    return predicted_score(score, prediction.evidence.traits)


def expected_score(scores: Sequence[float | None]) -> float | None:
    """The mean of the members' expected scores; one that finds nothing (NaN) where another does expects 0."""
    known = [score for score in scores if score is not None]
    if len(known) < len(scores):
        return None
    return float(np.mean(known if np.isnan(known).all() else np.nan_to_num(known)))


def _mean(values: Sequence[float | None]) -> float | None:
    """Of what all tell; None where one of them does not."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if len(known) == len(values) else None


def mean_settings(members: Sequence[Predictor]) -> dict[str, dict[str, float]]:
    """The mean of the decision settings of several models, by task name: what suits the mean of their fields."""
    return {
        task: {
            name: sum(member.settings[task][name] for member in members) / len(members) for name in settings
        }
        for task, settings in members[0].settings.items()
    }
