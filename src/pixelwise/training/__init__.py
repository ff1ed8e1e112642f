"""Training: the loop, its schedule, its length and the candidates it offers."""

from pixelwise.training.candidates import Candidates, Choice
from pixelwise.training.length import Steps, Until
from pixelwise.training.loop import Step, fit, total_loss
from pixelwise.training.precision import build_fabric, choose_precision

__all__ = [
    "Candidates",
    "Choice",
    "Step",
    "Steps",
    "Until",
    "build_fabric",
    "choose_precision",
    "fit",
    "total_loss",
]
