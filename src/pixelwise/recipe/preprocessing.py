"""What turns an image into network input."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pixelwise.recipe.base import Finite, Positive, Strict
from pixelwise.types import MAX_CHANNELS, PixelFormat, PixelType

Side = Annotated[int, Field(ge=32, le=8192, multiple_of=32)]


class Scale(Strict):
    """How images get to the network's size."""

    policy: Literal["fit", "tiles"] = Field(
        default="fit",
        description="fit: scale with the aspect kept, pad the rest; tiles: cut into overlapping frames.",
    )
    size: tuple[Side, Side] = Field(
        default=(224, 224),
        strict=False,  # TOML has arrays, no tuples
        description="(height, width) of the frame, in pixels.",
    )
    zoom: Annotated[float, Field(gt=0, le=1)] = Field(
        default=1.0, description="Of tiles: factor that the image is scaled by before it is cut; 1: none."
    )
    crop: Annotated[float, Field(ge=0, le=4)] = Field(
        default=0.0,
        description="Of labelled images of a single person: cut to the person's box, enlarged by this share of its "
        "longer side on all sides; 0: whole images.",
    )


class Values(Strict):
    """What images hold, and how that becomes network input.

    Input = (share - mean) / std, where share = (value - minimum) / (maximum - minimum), of values held to that range.
    """

    channels: Annotated[int, Field(ge=1, le=MAX_CHANNELS)] = 3
    dtype: PixelType = "uint8"
    minimum: Finite = 0.0
    maximum: Finite = 255.0
    stretch: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        default=0.0,
        description="Where above 0, each image's own 1st to 99.8th percentile become the range, and are taken to be at "
        "least so far apart.",
    )
    mean: Positive = 0.5
    std: Positive = 0.5

    @model_validator(mode="after")
    def _some_range(self) -> Values:
        if self.maximum <= self.minimum:
            raise ValueError("maximum must be greater than minimum")
        return self

    @property
    def pixel_format(self) -> PixelFormat:
        """What images have to hold."""
        return PixelFormat(self.channels, self.dtype)

    @property
    def span(self) -> float:
        """The range's width, in units of the images' values: full scale."""
        return self.maximum - self.minimum


class Preprocessing(Strict):
    """What turns an image into network input; a model file carries it."""

    scale: Scale
    values: Values
