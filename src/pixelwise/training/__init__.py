"""Training: the loop, its schedule, its length and the candidates it offers."""

from pixelwise.training.candidates import Candidates, Choice
from pixelwise.training.checkpoint import Snapshot, read_checkpoint, write_checkpoint
from pixelwise.training.length import Steps, Until
from pixelwise.training.loop import Step, fit
from pixelwise.training.precision import Pace, build_fabric, measure_pace
from pixelwise.training.session import Session, total_loss

__all__ = [
    "Candidates",
    "Choice",
    "Pace",
    "Session",
    "Snapshot",
    "Step",
    "Steps",
    "Until",
    "build_fabric",
    "fit",
    "measure_pace",
    "read_checkpoint",
    "total_loss",
    "write_checkpoint",
]
