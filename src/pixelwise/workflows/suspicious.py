"""Labels of a data set held against what models say that never saw them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pixelwise.checks import KINDS, MOST_RANKED, Finding, Subject
from pixelwise.checks.suspicion import FEWEST, Disagreement, disagreement, suspicious
from pixelwise.confidence import raw_probs
from pixelwise.data.dataset import Dataset
from pixelwise.data.folds import Folds, read_folds
from pixelwise.data.splits import read_splits
from pixelwise.errors import DataError, one_line
from pixelwise.evaluation import labelled_like
from pixelwise.prediction import Ensemble, Predictor, load
from pixelwise.tasks import SemanticTask
from pixelwise.types import LabelMap, Probs, Sample
from pixelwise.workflows import runfolder
from pixelwise.workflows.listener import Listener

KIND = "label-suspicious"


@dataclass(frozen=True)
class Judge:
    """A run's models, and which of them may judge an image: one that learned nothing from it.

    Attributes:
        name: of the run's folder.
        predictor: what the run's model file holds.
        folds: of a run of folds.
        learned: names of the images that an ordinary run was trained on.
    """

    name: str
    predictor: Predictor
    folds: Folds | None
    learned: frozenset[str]

    @classmethod
    def of(cls, run: Path, dataset: Dataset) -> Judge:
        """The models of a run, and what they have learned from among the images of ``dataset``.

        Raises:
            ModelFileError: the model cannot be read.
            DataError: nothing beside the model tells which images it was trained on, or it predicts no classes.
        """
        folder = run if run.is_dir() else run.parent
        predictor = load(run)
        name = one_line(folder.resolve().name)
        if not all(isinstance(task, SemanticTask) for task in predictor.tasks.values()):
            raise DataError(
                f"the model of {name} does more than tell classes apart; labels of those alone are judged."
            )
        if isinstance(predictor, Ensemble):
            return cls(name, predictor, read_folds(folder / runfolder.FOLDS, dataset), frozenset())
        listed = folder / runfolder.SPLITS
        if not listed.is_file():
            raise DataError(
                f"{folder} holds no {runfolder.SPLITS} to tell which images the model was trained on; give the "
                "folder of a run."
            )
        trained = read_splits(listed, dataset, ignore_unknown=True).split("train")
        return cls(name, predictor, None, frozenset(sample.name for sample in trained.samples))

    def of_image(self, name: str) -> Predictor | None:
        """What may judge the image of this name; None where every model has learned from it."""
        if self.folds is None or not isinstance(self.predictor, Ensemble):
            return None if name in self.learned else self.predictor
        fold, members = self.folds.fold_of(name), self.predictor.members
        if fold is None:  # new to all of them
            return self.predictor
        return members[fold] if fold < len(members) else None


@dataclass(frozen=True)
class Judged:
    """An image whose label was held against a prediction."""

    sample: Sample
    disagreement: Disagreement


@dataclass(frozen=True)
class Suspicion:
    """What the models of a run make of the labels.

    Attributes:
        judged: all images that were judged, the most suspicious first.
        count: how many of them stand out, see :func:`~pixelwise.checks.suspicion.suspicious`.
        said: which images were judged and by what, in sentences.
        predictions: (H, W) class ids of the images that pages show, by the name of their mask file.
    """

    judged: tuple[Judged, ...]
    count: int
    said: str
    predictions: Mapping[str, LabelMap]

    def finding(self, subject: Subject) -> Finding | None:
        """The labels that stand out as a finding, the most suspicious first; None where there are none."""
        if not self.count:
            return None
        places = [
            subject.place(
                one.sample.labels["mask"],
                detail=f"Dice of label and prediction {one.disagreement.dice:.2f}, where the model expected "
                f"{one.disagreement.expected:.2f}.",
            )
            for one in self.judged[: self.count]
        ]
        return Finding(kind=KIND, places=tuple(places), **KINDS[KIND].model_dump())


def suspect(subject: Subject, judge: Judge, listener: Listener) -> Suspicion:
    """Hold every label against the prediction of a model that learned nothing from it.

    Args:
        subject: the data, looked at; labels that cannot be read are not judged.
        judge: of a run of folds each image is judged by the model that never saw it.

    Raises:
        DataError: other classes or images than the model is for, or nothing that could be judged.
    """
    names = {one.sample.name for one, _, _ in subject.pairs}
    usable = labelled_like(judge.predictor, subject.dataset.where(lambda sample: sample.name in names))
    able = [sample for sample in usable.samples if judge.of_image(sample.name) is not None]
    if not able:
        raise DataError(
            f"all images of {subject.dataset.root} that can be read have names of images that the models of "
            f"{judge.name} have learned from; give a run that was trained with --folds, whose models each leave a part "
            "of the images out, or rename images that are others."
        )
    judge.predictor.check_format(replace(usable, samples=tuple(able)).pixel_format, subject.dataset.root)
    found: list[Judged] = []
    for done, sample in enumerate(able, start=1):
        judged = _judged(judge, usable, sample)
        found += [] if judged is None else [judged]
        listener.scored(done, len(able))
    found.sort(key=lambda one: -one.disagreement.excess)
    count = len(suspicious([one.disagreement.excess for one in found]))
    shown = (_predicted(judge, usable, one.sample) for one in found[: min(count, MOST_RANKED)])
    return Suspicion(
        tuple(found),
        count,
        _said(judge, subject.dataset, [one.sample for one in found]),
        {subject.name(sample.labels["mask"]): label_map for sample, label_map in shown},
    )


def _judged(judge: Judge, dataset: Dataset, sample: Sample) -> Judged | None:
    """None where the label or image cannot be read, which other findings tell."""
    predictor = judge.of_image(sample.name)
    assert predictor is not None
    try:
        image, label = dataset.read(sample)
        prediction = predictor.predict(image)
    except DataError:
        return None
    name, task = next(iter(predictor.tasks.items()))
    result = prediction[name]
    probs = _own(predictor, name, result.probs)
    return Judged(sample, disagreement(label.class_map, result.label_map, probs, task.labels.scored))


def _own(predictor: Predictor, task: str, probs: Probs) -> Probs:
    """Probabilities as the network says them: calibration was fitted to labels, of which some may be wrong."""
    known = predictor.confidence
    return raw_probs(probs, known.calibration[task]) if known and task in known.calibration else probs


def _predicted(judge: Judge, dataset: Dataset, sample: Sample) -> tuple[Sample, LabelMap]:
    predictor = judge.of_image(sample.name)
    assert predictor is not None
    prediction = predictor.predict(dataset.read(sample)[0])
    label_map: LabelMap = prediction[next(iter(predictor.tasks))].label_map
    return sample, label_map


def _said(judge: Judge, dataset: Dataset, judged: Sequence[Sample]) -> str:
    """Which images were judged and by what."""
    new = [sample for sample in judged if judge.folds is None or judge.folds.fold_of(sample.name) is None]
    own, others = len(judged) - len(new), len(dataset) - len(judged)
    by = []
    if own:
        by.append(f"{own} by the model of {judge.name} that never saw them")
    if new and judge.folds is not None:
        by.append(f"{len(new)}, which are new to all of its models, by these as one")
    elif new:
        by.append(f"{len(new)} by {judge.name}, which was not trained on them")
    said = f"Labels judged: {' and '.join(by)}."
    if len(judged) < FEWEST:
        said += f" Of fewer than {FEWEST}, none can be said to stand out."
    if others:
        said += (
            f" {others} were not judged: they have names of images that the models have learned from, or they "
            "cannot be read."
        )
    return said
