"""Poses found on a COCO data set as one list of results, which pycocotools reads beside the set's own file."""

from __future__ import annotations

from pathlib import Path

from pixelwise.data.dataset import Dataset
from pixelwise.errors import DataError
from pixelwise.evaluation import Scored
from pixelwise.prediction import Segmenter
from pixelwise.tasks import PoseResult, PoseTask
from pixelwise.tasks.pose.writing import coco, write_json
from pixelwise.types import Json


class CocoResults:
    """Collects results of images as they are scored; ids and the order of joints are the data set's."""

    def __init__(self, predictor: Segmenter, dataset: Dataset) -> None:
        """
        Raises:
            DataError: the model finds no joints, or the data is no COCO set of joints.
        """
        found = [(name, task) for name, task in predictor.tasks.items() if isinstance(task, PoseTask)]
        if not found or dataset.skeleton is None or all(one.coco is None for one in dataset.samples):
            raise DataError(
                f"{dataset.root} and the model are not both of people's joints in COCO's format, so there are no ids "
                "to write results by; leave out --coco."
            )
        [(self._name, task)] = found
        dataset.jointed_like(task.skeleton)  # refuses joints that the model does not know
        self._order = [task.skeleton.joints.index(joint) for joint in dataset.skeleton.joints]
        self._results: list[Json] = []

    def add(self, scored: Scored) -> None:
        """Take the people of one image; of one that no COCO file names there is nothing to write."""
        sample = scored.sample
        if sample.coco is None:
            return
        found: PoseResult = scored.prediction[self._name]
        self._results += coco(found.reordered(self._order), sample.coco, sample.window)

    def write(self, path: Path) -> None:
        """The list, whole or not at all."""
        write_json(path, self._results)
