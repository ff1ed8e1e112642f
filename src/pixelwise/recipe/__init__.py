"""The recipe: every choice that makes a model, typed and validated, as TOML.

``recipe.toml`` of a run trains by the same choices again. Unknown keys are refused. What ``plan`` chose and what was
found on the machine (precision, threads) is written into it, so nothing is measured anew.
"""

from pixelwise.recipe.network import DECODERS, ENCODERS, LITE, DecoderName, Model
from pixelwise.recipe.preprocessing import Preprocessing, Scale, Values
from pixelwise.recipe.reading import (
    by_dotted_name,
    check_settings,
    parse_model,
    parse_recipe,
    parse_setting,
    read_recipe,
    with_settings,
)
from pixelwise.recipe.tasks import KINDS, LOSSES, LossName, PanopticTask, PoseTask, SemanticTask, TaskRecipe
from pixelwise.recipe.training import MAX_FOLDS, Augment, Precision, Train
from pixelwise.recipe.whole import Recipe

__all__ = [
    "DECODERS",
    "ENCODERS",
    "KINDS",
    "LITE",
    "LOSSES",
    "MAX_FOLDS",
    "Augment",
    "DecoderName",
    "LossName",
    "Model",
    "PanopticTask",
    "PoseTask",
    "Precision",
    "Preprocessing",
    "Recipe",
    "Scale",
    "SemanticTask",
    "TaskRecipe",
    "Train",
    "Values",
    "by_dotted_name",
    "check_settings",
    "parse_model",
    "parse_recipe",
    "parse_setting",
    "read_recipe",
    "with_settings",
]
