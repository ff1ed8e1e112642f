"""Going on with a run that was killed."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from pixelwise.data.dataset import Dataset
from pixelwise.errors import RecipeError
from pixelwise.plan import Plan
from pixelwise.recipe import Recipe, by_dotted_name, read_recipe
from pixelwise.training import Session, Snapshot, read_checkpoint, write_checkpoint
from pixelwise.workflows import runfolder
from pixelwise.workflows.job import Job
from pixelwise.workflows.listener import Listener
from pixelwise.workflows.preparation import complete_recipe
from pixelwise.workflows.wishes import Wishes

MEASURED = ("train.precision", "train.threads")
"""Settings that a run has written into its recipe, whatever was asked for."""


class Progress:
    """Keeps a run's checkpoint, and takes up the one that is there.

    Args:
        job: prepared by the run's recipe.
        path: of the checkpoint.
        started: moment on ``time.monotonic`` that the budget counts from.
        images: tells whether images and masks are still the same; without it, those of the job do.
        fold: which of several trainings of the run it is.

    Attributes:
        started: the same; for a resumed run earlier, by all the time that it was at work before.
    """

    def __init__(
        self, job: Job, path: Path, started: float, images: str | None = None, fold: int = 0
    ) -> None:
        self.job, self.path, self.started, self.fold = job, path, started, fold
        self.images = job.identity() if images is None else images

    def keep(self, snapshot: Snapshot) -> None:
        """Write a checkpoint in the place of the one before; :class:`OutputError` where there is no room."""
        about = {
            "seconds": time.monotonic() - self.started,
            "images": self.images,
            **({"fold": self.fold} if self.fold else {}),
        }
        write_checkpoint(self.path, Snapshot(snapshot.tensors, {**snapshot.numbers, **about}))

    def restore(self, session: Session) -> None:
        """Take up the checkpoint, if there is one; of another fold's, which is finished, the time alone.

        Raises:
            ModelFileError: it cannot be read.
            RecipeError: images or masks are others than when it was written.
        """
        kept = self.past()
        if kept is None or kept.numbers.get("fold", 0) != self.fold:
            return
        session.restore(kept)
        self.job.listener.say(f"Resumed: {session.step} steps were done already.")

    def past(self) -> Snapshot | None:
        """The checkpoint, if there is one, and the time that it took; raises as :meth:`restore` does."""
        if not self.path.exists():
            return None
        kept = read_checkpoint(self.path)
        if kept.numbers["images"] != self.images:
            raise RecipeError(
                f"the images of {self.job.dataset.root} have changed since {self.path.parent} was begun; "
                "put them back, or train anew without --resume."
            )
        self.started -= kept.numbers["seconds"]
        return kept


def resumed_plan(wishes: Wishes, dataset: Dataset, folder: Path, listener: Listener) -> Plan:
    """The recipe of the run in ``folder``, with its reasons; :class:`RecipeError` if another is wished for."""
    stored = read_recipe(folder / runfolder.RECIPE)
    wished = complete_recipe(replace(wishes, recipe=wishes.recipe or stored), dataset, listener)
    one, other = _settings(stored), _settings(wished)
    for name in [*one, *other]:
        if name not in MEASURED and one.get(name) != other.get(name):
            raise RecipeError(
                f"the run in {folder} was begun with {name} = {one.get(name)}, not {other.get(name)}; "
                "ask for the same, or train anew without --resume."
            )
    return Plan(stored, runfolder.read_reasons(folder / runfolder.PLAN))


def _settings(recipe: Recipe) -> dict[str, Any]:
    """All settings that have a value, by their dotted names."""
    return {name: value for name, value in by_dotted_name(recipe.model_dump()).items() if value is not None}
