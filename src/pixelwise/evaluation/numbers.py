"""Numbers of the files that evaluation writes: NaN in Python, ``null`` in JSON."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer

Number = Annotated[
    float,
    BeforeValidator(lambda value: math.nan if value is None else value),
    PlainSerializer(lambda value: None if math.isnan(value) else value, return_type=float | None),
]
Interval = tuple[Number, Number]


class Strict(BaseModel):
    """Frozen, and of known entries only."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Estimate(Strict):
    """A number and how far it could be off."""

    value: Number
    ci95: Interval
