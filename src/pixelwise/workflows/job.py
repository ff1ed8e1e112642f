"""One training: data in memory, network and recipe, and the steps that a run is made of."""

from __future__ import annotations

import hashlib
import math
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pixelwise._version import __version__
from pixelwise.confidence import Calibration, Confidence
from pixelwise.data.cache import Cache
from pixelwise.data.dataset import Dataset, check_readable
from pixelwise.data.frames import CachedFrames, Frames, read_frames
from pixelwise.errors import RecipeError
from pixelwise.evaluation.confidence import believed_of
from pixelwise.memory import keep_freed_memory
from pixelwise.modelfile import ENSEMBLE, REFERENCES, SINGLE, Header, Member, joined_weights, write_model
from pixelwise.models import Network, build_model
from pixelwise.prediction import Ensemble, Predictor
from pixelwise.recipe import Recipe, Scale
from pixelwise.tasks import AnyTask, FieldValues, build_tasks
from pixelwise.training import (
    Candidates,
    Session,
    Snapshot,
    Step,
    Steps,
    Until,
    build_fabric,
    fit,
    measure_pace,
    total_loss,
)
from pixelwise.training.candidates import Weights
from pixelwise.training.length import Length
from pixelwise.training.validate import spread
from pixelwise.types import SPLITS, Label, LogRow, Sample, SplitName
from pixelwise.workflows import runfolder
from pixelwise.workflows.budget import check_budget, format_seconds
from pixelwise.workflows.confidence import Pixels, fit_confidence
from pixelwise.workflows.data import words_for
from pixelwise.workflows.labelled import scored_part
from pixelwise.workflows.listener import Listener
from pixelwise.workflows.report import EXHIBITS
from pixelwise.workflows.shell import shell_line

SCORING = "--layout", "--legend", "--ignore", "--group-by"
"""Options of ``evaluate`` that say how its images are read: a model knows its task."""
REPORT_SECONDS = 3.0
TIMING_SHARE = 0.02
"""Of the time, that timing the reserve anew may take: large images in tiles take long to predict."""
SLACK = 1.15
"""Machines wander: what comes after training is given this much more time than it took when measured."""


@dataclass(frozen=True)
class Costs:
    """Seconds of an image on this computer, as just measured: to predict it, to count its row, to try settings."""

    predicting: float
    scoring: float
    trying: float


class Timing:
    """Measures a reserve again and again, as often as costs ``TIMING_SHARE`` of the time."""

    def __init__(self, measure: Callable[[], float]) -> None:
        self.measure = measure
        self._due = -math.inf

    def again(self, known: float) -> float:
        """The reserve as it is measured now, or as it is ``known`` where that would be too soon."""
        begin = time.monotonic()
        if begin < self._due:
            return known
        measured, end = self.measure(), time.monotonic()
        self._due = end + (end - begin) * (1 / TIMING_SHARE - 1)
        return measured


@dataclass(frozen=True)
class Job:
    """What a training needs, decoded and built.

    Attributes:
        dataset: the samples, each in a split.
        recipe: complete: nothing in it is left to be measured.
        training, validation: frames of these splits; no validation where the split is empty.
        comparing: seconds of the budget that are kept for the comparison with methods that need no training.
        later: seconds that all takes which comes after training and tuning; of an ordinary run where it is None.
    """

    dataset: Dataset
    recipe: Recipe
    listener: Listener
    tasks: dict[str, AnyTask]
    network: Network
    training: CachedFrames
    validation: CachedFrames | None
    comparing: float = 0.0
    later: Callable[[Costs], float] | None = None

    def length(self, started: float, before: float = 0.0) -> Length:
        """How long to train: the recipe's epochs, or what its budget leaves when counted from ``started``.

        Args:
            before: seconds of training that a resumed one has behind it.
        """
        settings = self.recipe.train
        if settings.epochs is not None:
            return Steps(-(-settings.epochs * len(self.training) // settings.batch_size))
        assert settings.budget_seconds is not None
        reserve = self.reserve()
        if not before and self.later is None:
            check_budget(started, settings.budget_seconds, reserve)
        return Until(started + settings.budget_seconds, reserve, before=before)

    def session(self) -> Session:
        """A training that has not begun."""
        assert self.recipe.train.precision != "auto"
        fabric = build_fabric(self.recipe.train.precision)
        wanted = self._wanted() if self.recipe.train.oversample else ()
        return Session(self.network, self.tasks, self.training, self.validation, self.recipe, fabric, wanted)

    def fit(
        self,
        session: Session,
        length: Length,
        stopped: Callable[[], bool],
        on_row: Callable[[Sequence[LogRow]], None],
        keep: Callable[[Snapshot], None],
    ) -> Candidates:
        """Train; ``on_row`` gets all log rows whenever there is a new one, ``keep`` all that changes now and then."""

        timing = Timing(self.reserve)

        def on_step(step: Step) -> None:
            self.listener.step(step)
            if step.row is None:
                return
            on_row(session.recorder.candidates.rows)
            if isinstance(length, Until) and step.progress < 1:
                length.reserve = timing.again(length.reserve)  # the computer may be slower by now, or faster

        return fit(session, length, on_step, stopped, keep)

    def identity(self) -> str:
        """A digest of all decoded images and masks that training and validation use, in order."""
        return identity_of(self.training, self.validation)

    def tuned(self, weights: Weights) -> Predictor:
        """The predictor with these weights; settings and confidence are of validation images at their own size."""
        predictor, validating, pixels = self.untuned(weights), self.tuning(), Pixels()

        def pairs(name: str) -> Iterator[tuple[FieldValues, Label]]:
            for sample in validating:
                image, label = self.dataset.read(sample)
                look = predictor.look(image)
                if name == predictor.classified and look.logits is not None:
                    pixels.add(look.logits, label)
                yield look.values[name], label

        for name, task in self.tasks.items():
            seen = pairs(name)
            predictor.settings[name] = task.tune(seen)
            for _ in seen:  # a task without settings looks at none
                pass
        fit_confidence(predictor, self.dataset, validating, pixels, self.training)
        return predictor

    def untuned(self, weights: Weights) -> Predictor:
        """The predictor with these weights and default settings."""
        self.network.load_state_dict(weights)
        return self._predictor()

    def write_model(self, path: Path, predictor: Predictor, scores: dict[str, object]) -> None:
        """Write the model file; of an ensemble, one that holds all of its members."""
        members = predictor.members if isinstance(predictor, Ensemble) else ()
        header = Header(
            format=ENSEMBLE if members else SINGLE,
            versions={"pixelwise": __version__, "torch": torch.__version__},
            fields=predictor.network.fields,
            labels={name: task.labels for name, task in self.tasks.items()},
            preprocessing=self.recipe.preprocessing,
            recipe=self.recipe,
            settings=predictor.settings,
            members=tuple(Member(settings=one.settings, confidence=one.confidence) for one in members)
            or None,
            scores=scores,
            confidence=predictor.confidence,
        )
        written = joined_weights([_tensors(member) for member in members]) if members else _tensors(predictor)
        write_model(path, header, written)

    def facts(self, trained: str, weights: str, seconds: float) -> dict[str, str]:
        """How the model was made, for the report.

        Args:
            trained: how long, and ``weights`` which were chosen, in words.
            seconds: of all of it.
        """
        model = self.recipe.model
        counts = ", ".join(f"{len(self.dataset.split(split))} {split}" for split in SPLITS)
        parameters = sum(parameter.numel() for parameter in self.network.parameters())
        threads = self.recipe.train.threads
        return {
            "Data": f"{self.dataset.root.resolve().name} ({self.dataset.layout}): {counts}",
            "Fingerprint": f"{self.identity()} (of the training and validation images and masks, as decoded)",
            "Network": f"{model.decoder} over {model.encoder}, {parameters / 1e6:.2f} million parameters",
            "Frame": frame_text(self.recipe.scale, f"{len(self.training)} for training"),
            "Trained": trained,
            "Weights": weights,
            "Duration": format_seconds(seconds),
            "Machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
            "Arithmetic": f"{self.recipe.train.precision}, {threads} thread{'s' * (threads != 1)}",
            "Versions": f"pixelwise {__version__}, torch {torch.__version__}, Python {platform.python_version()}",
        }

    def commands(self, folder: Path) -> list[str]:
        """Lines that train by the same recipe again, and that score this model again."""
        data = self.dataset.opened or (self.dataset.root,)
        splits, recipe = folder / runfolder.SPLITS, folder / runfolder.RECIPE
        # A list of splits is of one set: of two, those without are drawn by the same seed again.
        listed = () if "--joints" in data else ("--splits", splits)
        scored = [*words_for(data, *SCORING), *listed, "--split", self._scored[1]]
        commands = (
            ["train", *data, *listed, "--recipe", recipe, "--out", "again"],
            ["evaluate", folder, *scored, "--json", "again.json"],
        )
        return [shell_line(["pixelwise", *command]) for command in commands]

    def tuning(self) -> list[Sample]:
        """Validation images that settings are tuned on: of very many, as many as tell one from another."""
        samples = self.dataset.split("val").samples
        return [samples[index] for index in spread(len(samples))]

    def _wanted(self) -> list[NDArray[np.int64]]:
        """The training frames that show each class, background aside."""
        labels = self.dataset.labels
        ids = labels.scored
        return list(self.training.showing(ids).values())

    def _predictor(self) -> Predictor:
        settings = {name: task.default_settings() for name, task in self.tasks.items()}
        return Predictor(self.network, self.tasks, self.recipe.preprocessing, settings)

    def reserve(self) -> float:
        """Seconds that tuning, evaluation, comparison and report will take, from timing some of their images.

        It leaves the network in evaluation mode.
        """
        costs = self.costs()
        return self.tuning_seconds(costs) + (self.later or self._finishing)(costs)

    def costs(self) -> Costs:
        """What an image costs; the network is in evaluation mode then."""
        predictor, times = self._predictor(), []
        for sample in self._timed():
            begin = time.monotonic()
            image, _label = self.dataset.read(sample)
            predictor.predict(image)
            times.append(time.monotonic() - begin)
        return Costs(statistics.median(times), self._scoring_seconds, self._trying_seconds)

    def tuning_seconds(self, costs: Costs) -> float:
        """How long settings and confidence will take."""
        # Validation images are seen twice, for settings and for confidence; training frames, of which tiled images
        # have many, without flip and decoder.
        frames = len(self.training) / len(self.dataset.split("train"))
        images = 2 * len(self.tuning()) + len(spread(len(self.training))) / frames / 2
        return SLACK * (images * costs.predicting + len(self.tuning()) * costs.trying)

    def _finishing(self, costs: Costs) -> float:
        scored = len(self._scored[0])
        seconds = (scored + 3 * EXHIBITS) * costs.predicting + scored * costs.scoring
        return SLACK * seconds + REPORT_SECONDS + self.comparing

    @cached_property
    def _scoring_seconds(self) -> float:
        """How long counting the row of an image will take; timed once, so that training loses nothing."""
        predictor, times = self._predictor(), []
        for sample in self._timed():
            image, label = self.dataset.read(sample)
            prediction, spacing = predictor.predict(image), self.dataset.spacing(sample)
            begin = time.monotonic()
            for name, task in self.tasks.items():
                task.full_row(prediction[name], label, spacing)
                if name == predictor.classified and prediction.uncertainty is not None:
                    said = Confidence(fitted_on=0, calibration={name: Calibration(scale_below=1.0)})
                    believed_of(prediction, prediction[name].probs, label, 0.0, said, name)
            times.append(time.monotonic() - begin)
        return statistics.median(times)

    @cached_property
    def _trying_seconds(self) -> float:
        """How long trying settings on an image will take beside predicting it; timed once."""
        predictor, samples = self._predictor(), self.tuning()
        if not samples:
            return 0.0
        image, label = self.dataset.read(samples[len(samples) // 2])
        values = predictor.field_values(image)
        begin = time.monotonic()
        for name, task in self.tasks.items():
            task.tune([(values[name], label)])
        return time.monotonic() - begin

    @cached_property
    def _scored(self) -> tuple[Dataset, SplitName]:
        """What the model is scored on, and its split."""
        return scored_part(self.dataset, [task.kind for task in self.recipe.tasks.values()])

    def _timed(self) -> list[Sample]:
        """Some of the images that will be scored."""
        scored = self._scored[0].samples
        return [scored[place] for place in (0, len(scored) // 2, -1)]


def frame_text(scale: Scale, counted: str) -> str:
    """What the network sees, in words; ``counted``: how many tiles there are, where there are any."""
    text = "{1} × {0} pixels (width × height)".format(*scale.size)
    if scale.policy == "fit":
        return text
    zoomed = "" if scale.zoom == 1 else f" scaled by {scale.zoom:g}"
    return f"tiles of {text} of the images{zoomed}: {counted}"


def _tensors(predictor: Predictor) -> dict[str, Tensor]:
    """What a file of one model holds, by name."""
    found = dict(predictor.network.state_dict())
    if predictor.references is not None:
        found[REFERENCES] = torch.from_numpy(predictor.references)
    return found


def identity_of(training: CachedFrames, validation: CachedFrames | None = None) -> str:
    """A digest of decoded images and masks, in order."""
    names = [entry.name for entry in (*training.entries, *(validation.entries if validation else ()))]
    names.insert(len(training), "")
    return hashlib.blake2b("\n".join(names).encode(), digest_size=20).hexdigest()


def prepare(dataset: Dataset, recipe: Recipe, listener: Listener, cache: Cache) -> Job:
    """Decode the images, build the network and settle what is measured on this machine.

    Raises:
        DataError: an image or mask, of whatever split, that cannot be used.
        OutputError: the cache cannot be written.
        ModelFileError: the pretrained weights are missing.
    """
    build_tasks(recipe, dict.fromkeys(recipe.tasks, dataset.labels))  # refuses before anything is decoded
    keep_freed_memory()
    cache.trim()
    training = read_frames(dataset.split("train"), recipe.scale, recipe.values, cache)
    validating = dataset.split("val")
    validation = read_frames(validating, recipe.scale, recipe.values, cache) if validating else None
    check_readable(dataset.split("test"))  # better now than after an hour of training
    return built(dataset, recipe, listener, training, validation)


def built(
    dataset: Dataset,
    recipe: Recipe,
    listener: Listener,
    training: CachedFrames,
    validation: CachedFrames | None,
) -> Job:
    """Build the network over decoded images, and settle what is measured on this machine.

    Raises:
        RecipeError: batches of a single value.
        ModelFileError: the pretrained weights are missing.
    """
    tasks = build_tasks(recipe, dict.fromkeys(recipe.tasks, dataset.labels))
    if recipe.train.threads:
        torch.set_num_threads(recipe.train.threads)
    torch.manual_seed(recipe.seed)
    fields = {name: task.fields() for name, task in tasks.items()}
    network = build_model(recipe.model, fields, pretrained=True, channels=recipe.values.channels)
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if recipe.train.frozen:
        network.freeze(recipe.train.frozen)
    _check_normalised(recipe, network)
    measured = _measured(recipe, tasks, network, training, listener)
    return Job(dataset, measured, listener, tasks, network, training, validation)


def _check_normalised(recipe: Recipe, network: Network) -> None:
    """Raise :class:`RecipeError` where a batch leaves the deepest channels a single value, which has no deviation."""
    values = recipe.train.batch_size * math.prod(-(-side // network.multiple) for side in recipe.scale.size)
    if values < 2:
        height, width = recipe.scale.size
        raise RecipeError(
            f"of one image of {width}×{height} pixels a step can normalise nothing; set train.batch_size to 2 or more, "
            "or a larger scale.size."
        )


def _measured(
    recipe: Recipe, tasks: dict[str, AnyTask], network: Network, training: Frames, listener: Listener
) -> Recipe:
    """The recipe with what is chosen by measuring written into it: precision and threads."""
    precision = recipe.train.precision
    if precision == "auto":
        generator = torch.Generator().manual_seed(recipe.seed)
        batch = torch.arange(recipe.train.batch_size) % len(training)
        precision = measure_pace(
            network,
            lambda model, fabric: fabric.backward(
                total_loss(model, tasks, training, batch, recipe, generator, fabric)
            ),
        ).precision
        listener.say(f"Arithmetic: {precision} is the faster on this computer.")
    updated = recipe.train.model_copy(update={"precision": precision, "threads": torch.get_num_threads()})
    return recipe.model_copy(update={"train": updated})
