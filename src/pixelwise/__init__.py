"""From a folder of images and labels to a segmentation model that its owner can trust.

Names are imported where they are first used, so that ``import pixelwise`` is quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from pixelwise._version import __version__

if TYPE_CHECKING:
    from pixelwise.data.dataset import Dataset
    from pixelwise.errors import DataError, ModelFileError, OutputError, PixelwiseError, RecipeError
    from pixelwise.evaluation import Comparison, Metrics
    from pixelwise.prediction import Prediction, Predictor, load
    from pixelwise.recipe import Recipe, read_recipe
    from pixelwise.workflows.baseline import Baselines, baseline
    from pixelwise.workflows.check import Checked, check
    from pixelwise.workflows.compare import Compared, compare
    from pixelwise.workflows.data import open_data
    from pixelwise.workflows.evaluate import evaluate
    from pixelwise.workflows.predict import predict
    from pixelwise.workflows.run import Run
    from pixelwise.workflows.train import train

_HOMES = {
    "Baselines": "pixelwise.workflows.baseline",
    "Checked": "pixelwise.workflows.check",
    "Compared": "pixelwise.workflows.compare",
    "Comparison": "pixelwise.evaluation",
    "Dataset": "pixelwise.data.dataset",
    "DataError": "pixelwise.errors",
    "ModelFileError": "pixelwise.errors",
    "OutputError": "pixelwise.errors",
    "PixelwiseError": "pixelwise.errors",
    "RecipeError": "pixelwise.errors",
    "Metrics": "pixelwise.evaluation",
    "Prediction": "pixelwise.prediction",
    "Predictor": "pixelwise.prediction",
    "Recipe": "pixelwise.recipe",
    "read_recipe": "pixelwise.recipe",
    "Run": "pixelwise.workflows.run",
    "baseline": "pixelwise.workflows.baseline",
    "check": "pixelwise.workflows.check",
    "compare": "pixelwise.workflows.compare",
    "evaluate": "pixelwise.workflows.evaluate",
    "load": "pixelwise.prediction",
    "open_data": "pixelwise.workflows.data",
    "predict": "pixelwise.workflows.predict",
    "train": "pixelwise.workflows.train",
}

__all__ = [
    "Baselines",
    "Checked",
    "Compared",
    "Comparison",
    "DataError",
    "Dataset",
    "Metrics",
    "ModelFileError",
    "OutputError",
    "PixelwiseError",
    "Prediction",
    "Predictor",
    "Recipe",
    "RecipeError",
    "Run",
    "__version__",
    "baseline",
    "check",
    "compare",
    "evaluate",
    "load",
    "open_data",
    "predict",
    "read_recipe",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'pixelwise' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
