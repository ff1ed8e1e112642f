"""From data to a run: model, recipe, log, metrics and report."""

from __future__ import annotations

import platform
import shlex
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from pixelwise._version import __version__
from pixelwise.data.dataset import Dataset, check_pairs, read_pair
from pixelwise.data.frames import Frames, read_frames
from pixelwise.data.splits import write_splits
from pixelwise.evaluation import Metrics, Scored, evaluate
from pixelwise.modelfile import Header, write_model
from pixelwise.models import Network, build_model
from pixelwise.prediction import PADDING, Predictor
from pixelwise.recipe import Recipe
from pixelwise.tasks import AnyTask, build_tasks
from pixelwise.training import Candidates, Step, Steps, Until, build_fabric, choose_precision, fit, total_loss
from pixelwise.training.candidates import Weights
from pixelwise.training.length import Length
from pixelwise.types import SPLITS, LogRow
from pixelwise.workflows import runfolder
from pixelwise.workflows.budget import format_seconds, parse_budget, training_deadline
from pixelwise.workflows.data import open_data
from pixelwise.workflows.interrupt import stop_on_interrupt
from pixelwise.workflows.listener import Listener
from pixelwise.workflows.preparation import complete_recipe, with_splits
from pixelwise.workflows.report import EXHIBITS, report_run

REPORT_SECONDS = 3.0
SLACK = 1.15
"""Machines wander: what comes after training is given this much more time than it took when measured."""


@dataclass(frozen=True)
class Run:
    """A finished training run: its folder, the predictor it made and the scores it reached."""

    folder: Path
    predictor: Predictor
    metrics: Metrics


@dataclass(frozen=True)
class Chosen:
    """Weights that validation chose, and how."""

    weights: Weights
    how: str


def train(
    data: Dataset | Path | str,
    out: Path | str,
    *,
    recipe: Recipe | None = None,
    budget: float | str | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    listener: Listener | None = None,
    started: float | None = None,
) -> Run:
    """Train, choose on validation, evaluate on the test split and report.

    Args:
        data: an opened data set, or a folder for :func:`open_data`.
        out: a new folder for the run.
        recipe: all choices; without it they are planned from the data.
        budget: time from ``started`` to the last byte of the report, in seconds or as "5m"; 5 minutes where
            neither length is given.
        epochs: passes over the training images instead of a budget.
        seed: of everything random; the recipe's, or 0.
        started: moment on ``time.monotonic`` that the budget counts from; the call's by default.

    Raises:
        PixelwiseError: anything that the caller can put right, before anything is written.
    """
    started = time.monotonic() if started is None else started
    listener = listener or Listener()
    seconds = parse_budget(budget) if isinstance(budget, str) else budget
    runfolder.check_free(Path(out))
    dataset = data if isinstance(data, Dataset) else open_data(data)
    with runfolder.run_folder(Path(out)) as folder:
        dataset = with_splits(dataset, 0 if seed is None else seed, listener)
        check_pairs(dataset.samples)
        recipe = complete_recipe(recipe, dataset, seconds, epochs, seed, listener)
        job = _Job.prepare(dataset, recipe, folder, started, listener)
        return job.run()


@dataclass
class _Job:
    """One training in progress; its methods are the steps in order."""

    dataset: Dataset
    recipe: Recipe
    folder: Path
    started: float
    listener: Listener
    tasks: dict[str, AnyTask]
    network: Network
    training: Frames
    validation: Frames | None

    @classmethod
    def prepare(
        cls, dataset: Dataset, recipe: Recipe, folder: Path, started: float, listener: Listener
    ) -> _Job:
        """Decode the images, build the network and settle what is measured on this machine."""
        tasks = build_tasks(recipe, dict.fromkeys(recipe.tasks, dataset.labels))
        size = recipe.scale.size
        training = read_frames(dataset.split("train").samples, dataset.labels, size, PADDING)
        validating = dataset.split("val").samples
        validation = read_frames(validating, dataset.labels, size, PADDING) if validating else None
        if recipe.train.threads:
            torch.set_num_threads(recipe.train.threads)
        torch.manual_seed(recipe.seed)
        network = build_model(
            recipe.model, {name: task.fields() for name, task in tasks.items()}, pretrained=True
        )
        network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        job = cls(dataset, recipe, folder, started, listener, tasks, network, training, validation)
        job._measure()
        return job

    def run(self) -> Run:
        """Train, tune, evaluate, report."""
        self.recipe.write(self.folder / runfolder.RECIPE)
        write_splits(self.folder / runfolder.SPLITS, self.dataset)
        length = self._length()
        with stop_on_interrupt(
            lambda: self.listener.say("Stopping: the model is finished with what it has.")
        ) as stopped:
            candidates = self._fit(length, stopped)
            stopped_early = stopped()
        chosen = self._choose(candidates)
        self.listener.say(f"Weights: {chosen.how}.")
        predictor = self._predictor(chosen)
        self._write_model(predictor, {})
        metrics = self._evaluate(predictor, stopped_early)
        metrics.write(self.folder / runfolder.METRICS)
        self._write_model(predictor, _headline(metrics))
        report_run(
            self.folder / runfolder.REPORT,
            predictor,
            self.dataset,
            metrics,
            candidates.rows,
            self._facts(predictor, candidates, chosen),
            self._commands(),
        )
        return Run(self.folder, predictor, metrics)

    def _measure(self) -> None:
        """Write into the recipe what is chosen by measuring: precision and threads."""
        settings = self.recipe.train
        precision = settings.precision
        if precision == "auto":
            generator = torch.Generator().manual_seed(self.recipe.seed)
            batch = torch.arange(settings.batch_size) % len(self.training)
            precision = choose_precision(
                self.network,
                lambda model, fabric: fabric.backward(
                    total_loss(model, self.tasks, self.training, batch, self.recipe, generator, fabric)
                ),
            )
            self.listener.say(f"Arithmetic: {precision} is faster on this computer.")
        updated = settings.model_copy(update={"precision": precision, "threads": torch.get_num_threads()})
        self.recipe = self.recipe.model_copy(update={"train": updated})

    def _length(self) -> Length:
        settings = self.recipe.train
        if settings.epochs is not None:
            return Steps(-(-settings.epochs * len(self.training) // settings.batch_size))
        assert settings.budget_seconds is not None
        deadline = training_deadline(self.started, settings.budget_seconds, self._reserve())
        return Until(deadline)

    def _reserve(self) -> float:
        """Seconds that tuning, evaluation and report will take, from timing two images."""
        sample = self.dataset.split("train").samples[0]
        predictor = self._predictor_with({name: task.default_settings() for name, task in self.tasks.items()})
        times = []
        for _ in range(3):
            begin = time.monotonic()
            image, _mask = read_pair(sample, self.dataset.labels)
            predictor.predict(image)
            times.append(time.monotonic() - begin)
        images = len(self.dataset.split("val")) + len(_evaluated(self.dataset)[0]) + 3 * EXHIBITS
        return SLACK * images * min(times) + REPORT_SECONDS

    def _fit(self, length: Length, stopped: Callable[[], bool]) -> Candidates:
        assert self.recipe.train.precision != "auto"
        fabric = build_fabric(self.recipe.train.precision)
        rows: list[LogRow] = []

        def on_step(step: Step) -> None:
            self.listener.step(step)
            if step.row is not None:
                rows.append(step.row)
                runfolder.write_log(self.folder / runfolder.LOG, rows)

        return fit(
            self.network,
            self.tasks,
            self.training,
            self.validation,
            self.recipe,
            length,
            fabric,
            on_step,
            stopped,
        )

    def _choose(self, candidates: Candidates) -> Chosen:
        best, last = candidates.best_row, candidates.rows[-1] if candidates.rows else None
        if candidates.best is None or best is None:
            return Chosen(candidates.final, "the final average (there are no validation images to choose by)")
        if last is None or best is last or best.val_score == last.val_score:
            return Chosen(candidates.final, "the final average, the best on validation")
        return Chosen(candidates.best, f"the average after {best.step} steps, the best on validation")

    def _predictor_with(self, settings: Mapping[str, Mapping[str, float]]) -> Predictor:
        return Predictor(self.network, self.tasks, self.recipe, settings)

    def _predictor(self, chosen: Chosen) -> Predictor:
        """The predictor of the chosen weights, its settings tuned on validation at the images' own size."""
        self.network.load_state_dict(chosen.weights)
        predictor = self._predictor_with({name: task.default_settings() for name, task in self.tasks.items()})
        validating = self.dataset.split("val").samples
        for name, task in self.tasks.items():
            pairs = (read_pair(sample, self.dataset.labels) for sample in validating)
            predictor.settings[name] = task.tune(
                (predictor.field_values(image)[name], mask) for image, mask in pairs
            )
        return predictor

    def _evaluate(self, predictor: Predictor, stopped_early: bool) -> Metrics:
        dataset, split, notes = _evaluated(self.dataset)
        if stopped_early:
            notes = [*notes, "Training was stopped early by Ctrl-C."]
        done = 0

        def on_image(scored: Scored) -> None:
            nonlocal done
            done += 1
            self.listener.scored(done, len(dataset))

        return evaluate(predictor, dataset, split, notes=notes, on_image=on_image)

    def _write_model(self, predictor: Predictor, scores: dict[str, object]) -> None:
        header = Header(
            versions={"pixelwise": __version__, "torch": torch.__version__},
            fields=predictor.network.fields,
            labels={name: task.labels for name, task in self.tasks.items()},
            recipe=self.recipe,
            settings=predictor.settings,
            scores=scores,
        )
        write_model(self.folder / runfolder.MODEL, header, predictor.network.state_dict())

    def _commands(self) -> list[str]:
        data, run = shlex.quote(str(self.dataset.root)), shlex.quote(str(self.folder))
        return [
            f"pixelwise train {data} --splits {run}/{runfolder.SPLITS} --recipe {run}/{runfolder.RECIPE} --out again",
            f"pixelwise evaluate {run} {data} --splits {run}/{runfolder.SPLITS} --split test --json metrics.json",
        ]

    def _facts(self, predictor: Predictor, candidates: Candidates, chosen: Chosen) -> dict[str, str]:
        last = candidates.rows[-1] if candidates.rows else None
        weights = sum(parameter.numel() for parameter in predictor.network.parameters())
        counts = {split: len(self.dataset.split(split)) for split in SPLITS}
        return {
            "Data": f"{self.dataset.root.name} ({self.dataset.layout}): "
            + ", ".join(f"{count} {split}" for split, count in counts.items()),
            "Network": f"{self.recipe.model.decoder} over {self.recipe.model.encoder}, {weights / 1e6:.2f} M weights",
            "Frame": f"{self.recipe.scale.size[0]} × {self.recipe.scale.size[1]} pixels",
            "Trained": f"{last.step} steps, {last.epoch} epochs" if last else "not one step",
            "Weights": chosen.how,
            "Duration": format_seconds(time.monotonic() - self.started),
            "Arithmetic": f"{self.recipe.train.precision}, {self.recipe.train.threads} threads",
            "Versions": f"pixelwise {__version__}, torch {torch.__version__}, Python {platform.python_version()}",
        }


def _evaluated(dataset: Dataset) -> tuple[Dataset, str, list[str]]:
    """What the scores are of: the test split, or the best that there is, with a note."""
    for split, note in (
        ("test", ""),
        (
            "val",
            "There is no test split: these are scores on validation images, which also chose the weights.",
        ),
        (
            "train",
            "There is neither test nor validation split: these are scores on the training images themselves.",
        ),
    ):
        part = dataset.split(split)  # type: ignore[arg-type]
        if part.samples:
            return part, split, [note] if note else []
    raise AssertionError("a data set in training has training images")


def _headline(metrics: Metrics) -> dict[str, object]:
    return {
        "split": metrics.split,
        "n_images": metrics.n_images,
        **{metric: {"mean": score.mean, "pooled": score.pooled} for metric, score in metrics.scores.items()},
    }
