"""What a model file keeps of a model's confidence, beside the tensors of :class:`Unlike`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class _Stored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Calibration(_Stored):
    """Logits as they should be: ``scale`` times what the network says, plus ``bias``.

    Of two classes there may be a ``scale_below``, which logits far below 0 are multiplied by, as those far above are by
    ``scale``: ``scale * softplus(logit) - scale_below * softplus(-logit) + bias``. That is the beta calibration of Kull
    2017, and where both scales are the same, the line.

    Attributes:
        scale: one over the temperature of Guo 2017; below 1 where the network is too sure of itself.
        bias: of the one channel that two classes have (Platt 1999); 0 of several classes, whose order it would change.
        scale_below: as ``scale`` where it is None.
    """

    scale: float = Field(default=1.0, gt=0)
    bias: float = 0.0
    scale_below: float | None = Field(default=None, gt=0)


class ScoreModel(_Stored):
    """What the score of an image follows from, see :func:`~pixelwise.confidence.score.predicted_score`.

    Attributes:
        intercept: of the linear model.
        coefficients: of each of :data:`~pixelwise.confidence.score.TRAITS`.
        left_out: of each image fitted on, the score predicted by a fit to the others, and the true one.
    """

    intercept: float
    coefficients: tuple[float, ...]
    left_out: tuple[tuple[float, float], ...] = ()


class Unlike(_Stored):
    """When an image counts as unlike the training images, whose features the model file holds as a tensor.

    Attributes:
        limit: greatest distance that an image may have.
        false_alarms: share of images like those of training that are flagged all the same, at most, on average.
    """

    limit: float
    false_alarms: float


class Confidence(_Stored):
    """All of it; each part is absent where it could not be fitted.

    Attributes:
        fitted_on: number of validation images; of several models as one, of images that each was predicted by the
            model that never saw it.
        calibration, score: by task name. Several models as one have no calibration beside that of each.
    """

    fitted_on: int
    calibration: dict[str, Calibration] = {}
    score: dict[str, ScoreModel] = {}
    unlike: Unlike | None = None
