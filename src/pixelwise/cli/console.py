"""What the commands print: lines, a progress bar, a table of scores."""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING

import rich.console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from pixelwise.checks import MOST_RANKED, RANKED, Check, Finding
from pixelwise.cli.leaving import work_begins
from pixelwise.evaluation import Comparison, Metrics, Pair, Score
from pixelwise.metrics import METRICS
from pixelwise.report.confidence import confidence_lines
from pixelwise.report.templates import (
    count_text,
    field_text,
    metric_text,
    percent_text,
    probability_text,
    range_text,
    score_text,
    short_time_text,
    signed_span_text,
    signed_text,
    span_text,
    value_text,
)
from pixelwise.report.words import baseline_sentence, ensemble_sentence, over_text
from pixelwise.training import Step
from pixelwise.workflows.listener import Listener
from pixelwise.workflows.review import REVIEW, Review
from pixelwise.workflows.run import Run

if TYPE_CHECKING:
    from pixelwise.explain.layers import Layer
    from pixelwise.workflows.baseline import Baselines
    from pixelwise.workflows.explain import Explanation

TICKS = 1000
WIDE = 110
"""Columns of a terminal in which all that is told of a layer, or of a score, finds room."""
WIDEST = 132
"""Columns in which the interval of a score stands beside it, and not below."""
PLACES = 5
"""Places of a finding that are listed in the terminal."""
BY_TAG = ("dice", "iou", "hd95")
"""Metrics shown for each value of a tag."""
LOOKED_AT = 10
"""Images that are listed as worth a look."""
DIFFERING = 5
"""Images that are listed where runs differ."""
COMPARED = ("difference", "verdict", "better, prob.", "effect", "images won")
"""Columns of a side of a comparison but for its name and score."""
VERDICTS = {"better": "[green]better[/]", "worse": "[red]worse[/]", "not shown": "not shown"}
SEVERITY_COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}


class Console(Listener):
    """Shows a workflow's progress in the terminal; a context manager, so that the bar is closed whatever happens."""

    def __init__(self) -> None:
        self.console = rich.console.Console(highlight=False, soft_wrap=True)
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[count]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[score]}"),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,  # in a file it would leave an empty line
        )
        self.tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Console:
        work_begins()
        self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.bar.stop()

    def say(self, text: str) -> None:
        """A line above the bar."""
        self.console.print(escape(text))

    def examined(self, done: int, total: int) -> None:
        """Move the bar of the check."""
        self._move("Checking", done / total, f"{done}/{total}")

    def step(self, step: Step) -> None:
        """Move the training bar; a validated row is also printed, so that it stays when the bar goes."""
        score = {}
        if step.row is not None:
            validated = "" if step.row.val_score is None else f"validation {step.row.val_score:.3f}"
            score = {"score": validated}
            minutes, seconds = divmod(round(step.row.seconds), 60)
            line = f"{minutes:4}:{seconds:02}  epoch {step.row.epoch:>3}  loss {step.row.loss:.3f}  "
            self.console.print((line + validated).rstrip())
        self._move("Training", step.progress, f"{step.progress:4.0%}", **score)

    def scored(self, done: int, total: int) -> None:
        """Move the bar of images."""
        self._move("Images", done / total, f"{done}/{total}")

    def print(self, text: str) -> None:
        """A plain line."""
        self.console.print(escape(text))

    def checked(self, result: Check) -> None:
        """The classes, errors and warnings with their first places, and how many notes there are."""
        self.print(result.read_as)
        self._print_findings([one for one in result.findings if one.severity != "note"])
        notes = result.count("note")
        said = f" pixelwise check shows the note{'s' * (notes != 1)}." if notes else ""
        self.print(f"Check: {result.summary}{said}")

    def print_check(self, check: Check) -> None:
        """Findings, errors first, with the first places of each."""
        self.print(f"{check.data}: {check.looked_at}. {check.summary}")
        self.print(check.read_as)
        if check.judged:
            self.print(check.judged)
        self._print_findings(check.findings)

    def _print_findings(self, findings: Sequence[Finding]) -> None:
        for finding in findings:
            colour = SEVERITY_COLOURS[finding.severity]
            said = f"{escape(finding.what)} {escape(finding.fix)}"
            self.console.print(f"[bold {colour}]{finding.severity}[/]: {said}")
            most = MOST_RANKED if finding.kind in RANKED else PLACES
            for place in finding.places[:most]:
                detail = f": [dim]{escape(place.detail)}[/]" if place.detail else ""
                self.console.print(f"    {escape(place.shown)}{detail}")
            if len(finding.places) > most:
                self.print(f"    and {len(finding.places) - most} more")

    def print_run(self, run: Run) -> None:
        """The scores of a run and where its files are."""
        self.print_metrics(run.metrics)
        if (line := ensemble_sentence(run.metrics)) is not None:
            self.print(line)
        self.print(f"Model:  {run.folder / 'model.safetensors'}")
        self.print(f"Report: {run.folder / 'report.html'}")

    def print_metrics(self, metrics: Metrics) -> None:
        """Scores over all images and by tag."""
        narrow = self.console.width < WIDE
        self.console.print(_score_table(metrics, self.console.width))
        if metrics.tags:
            self.console.print(_tag_table(metrics, [name for name in BY_TAG if not narrow or name != "iou"]))
        self.print(f"{over_text(metrics)}, with 95% intervals; the worst is one image and has none.")
        if metrics.confidence is not None:
            for said in confidence_lines(metrics.confidence, metric_text(metrics.headline)):
                self.print(said)
        if (line := baseline_sentence(metrics)) is not None:
            self.print(line)
        for note in metrics.notes:
            self.print(f"Note: {note}")

    def print_review(self, reviews: Sequence[Review]) -> None:
        """The images that a human should look at first, as far as there is a reason to."""
        reasons = [one for one in reviews if one.reason]
        if not reviews:
            return
        if not reasons:
            self.print(f"No image stands out; {REVIEW} lists them, the least sure first.")
            return
        self.print(f"Look first at {len(reasons)} of {len(reviews)}; {REVIEW} lists all:")
        for one in reasons[:LOOKED_AT]:
            score = "" if math.isnan(one.predicted) else f", predicted Dice {score_text(one.predicted)}"
            said = score[2:] if one.reason.startswith("predicted") else f"{one.reason}{score}"
            self.print(f"    {one.image}  {said}")
        if len(reasons) > LOOKED_AT:
            self.print(f"    and {len(reasons) - LOOKED_AT} more")

    def print_baselines(self, found: Baselines) -> None:
        """A line for each method, the best first."""
        comparison = found.comparison
        images = f"{comparison.n_images} image{'s' * (comparison.n_images != 1)}"
        table = Table(
            title=f"Without training, on {images} (split: {comparison.split})", title_justify="left", box=None
        )
        for name in ("method", metric_text("dice"), metric_text("iou"), "seconds"):
            table.add_column(name, justify="left" if name == "method" else "right", no_wrap=True)
        for one in comparison.methods:
            dice, iou = (one.metrics.scores[name] for name in ("dice", "iou"))
            table.add_row(one.name, _with_interval(dice), _with_interval(iou), short_time_text(one.seconds))
        self.console.print(table)
        self.print(
            "Mean over images, with the 95% bootstrap interval; seconds of one processor core for an image. "
            f"Parameters were chosen on {len(comparison.chosen_on)} images."
        )
        for note in comparison.methods[0].metrics.notes:
            self.print(f"Note: {note}")
        self.print(f"Page: {found.folder / 'baseline.html'}")

    def print_comparison(self, found: Comparison, without: str) -> None:
        """Every side with its score and, but for the reference, its difference from it; then what to know."""
        metric = metric_text(found.metric)
        title = f"Mean {metric} on the same {found.n_images} images (split: {found.split}), 95% intervals"
        rows = [
            [
                escape(side.name + (f" · {len(side.runs)} runs" if len(side.runs) > 1 else "")),
                f"{score_text(side.score.value)} ({span_text(side.score.ci95)})",
                *(_compared(pair) if pair else ["reference", *[""] * (len(COMPARED) - 1)]),
            ]
            for side, pair in zip(found.sides, (None, *found.pairs), strict=True)
        ]
        columns = ("", metric, *COMPARED)
        if self.console.width >= WIDE:
            self.console.print(_side_table(title, columns, rows))
        else:  # the verdict first, and below it how it came to be
            self.console.print(_side_table(title, columns[:4], [row[:4] for row in rows]))
            self.console.print(_side_table("", ("", *columns[4:]), [[row[0], *row[4:]] for row in rows[1:]]))
        for pair in found.pairs:
            self.print(pair.sentence)
        self._print_differing(found)
        for note in found.notes:
            self.print(f"Note: {note}")
        for said in (*found.remarks, without):
            if said:
                self.print(said)

    def _print_differing(self, found: Comparison) -> None:
        scores = {image.name: image.scores for image in found.images}
        for pair in found.pairs:
            if pair.differ_most:
                self.print(f"{pair.name} and {pair.reference} differ most on")
            for name in pair.differ_most[:DIFFERING]:
                one, other = scores[name][pair.name], scores[name][pair.reference]
                self.print(
                    f"    {name}  {score_text(one)} and {score_text(other)}, {signed_text(one - other)}"
                )

    def print_explanation(self, explained: Explanation) -> None:
        """The layers of a network as a table, and their sums."""
        self.console.print(self._layers(explained.layers, narrow=self.console.width < WIDE))
        height, width = explained.size
        self.print(
            f"{explained.name} ({explained.note}): {count_text(explained.parameters)} parameters, "
            f"{count_text(explained.multiply_adds)} multiply–adds for an image of {width}×{height}; "
            f"the result has {f'1/{explained.stride} of its sides' if explained.stride > 1 else 'its size'}."
        )

    def _layers(self, layers: Sequence[Layer], *, narrow: bool) -> Table:
        """A line for each layer; in a narrow terminal without names, and shorter words for the rest."""
        names = ["layer", "", "shape", "parameters", "multiply–adds", "receptive field"]
        shorter = (
            {"convolution": "conv", "batch norm": "norm", " million": " M", " billion": " G"}
            if narrow
            else {}
        )
        if narrow:
            names = ["", "shape", "params", "mul–add", "field"]
        table = Table(box=None, pad_edge=False)
        for name in names:
            left = name in {"", "layer"}
            table.add_column(name, justify="left" if left else "right", no_wrap=True)
        for layer in layers:
            cells = [
                layer.name or "network",
                layer.operation,
                "×".join(map(str, layer.shape)),
                count_text(layer.parameters) if layer.parameters else "",
                count_text(layer.multiply_adds) if layer.multiply_adds else "",
                field_text(layer.receptive_field),
            ]
            for long, short in shorter.items():
                cells = [cell.replace(long, short) for cell in cells]
            table.add_row(*map(escape, cells[1:] if narrow else cells))
        return table

    def _move(self, name: str, share: float, count: str, **fields: str) -> None:
        if name not in self.tasks:
            self.tasks[name] = self.bar.add_task(name, total=TICKS, count=count, score="")
        self.bar.update(self.tasks[name], completed=share * TICKS, count=count, **fields)  # type: ignore[arg-type]


def _score_table(metrics: Metrics, width: int) -> Table:
    """A row for each metric, intervals below what they are of if not beside it; without the median where narrow."""
    narrow, between = width < WIDE, " " if width >= WIDEST else "\n"
    images = f"{metrics.n_images} image{'s' * (metrics.n_images != 1)}"
    title = f"Scores on {images} (split: {metrics.split})"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2 - narrow, 0, 0))
    counted = any(METRICS[name].of_objects for name in metrics.scores if name in METRICS)
    names = ["", "score" if counted else "mean", *["median"] * (not narrow), "worst 5%", "worst", "pooled"]
    incomplete = any(score.n_undefined for score in metrics.scores.values())
    for name in [*names, *["n/a" if narrow else "images without"] * incomplete]:
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    for name, score in metrics.scores.items():
        cells = [
            _within(score.value, score.ci95, score.unit, between),
            *[_within(score.median, score.median_ci95, score.unit, between)] * (not narrow),
            _within(score.bad_end, score.bad_end_ci95, score.unit, between),
            _value(score.worst, score.unit),
            _within(score.pooled, score.pooled_ci95, score.unit, between),
            *[str(score.n_undefined or "")] * incomplete,
        ]
        table.add_row(escape(metric_text(name)), *cells)
    return table


def _tag_table(metrics: Metrics, shown: Sequence[str]) -> Table:
    """Some metrics for each value of each tag; the headline where there are none of them."""
    names = [name for name in shown if name in metrics.scores] or [metrics.headline]
    table = Table(title="By tag", title_justify="left", box=None)
    for name in ("", "images", *map(metric_text, names)):
        # What is narrower than its cells loses figures; the first column, of words, goes on below instead.
        table.add_column(name, justify="right" if name else "left", no_wrap=bool(name), overflow="fold")
    for tag, groups in metrics.tags.items():
        for value, group in groups.items():
            cells = (_with_interval(group.scores[name]) if name in group.scores else "–" for name in names)
            table.add_row(escape(f"{tag}: {value}"), str(group.n_images), *cells)
    return table


def _side_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A line for each side of a comparison; long names go on below."""
    table = Table(title=title or None, title_justify="left", box=None)
    for name in columns:
        table.add_column(name, justify="right" if name else "left", no_wrap=bool(name), overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _compared(pair: Pair) -> list[str]:
    """The cells of a pair, in the order of ``COMPARED``."""
    low, high = pair.win_share.ci95
    return [
        f"{signed_text(pair.difference.value)} ({signed_span_text(pair.difference.ci95)})",
        VERDICTS[pair.verdict],
        probability_text(pair.probability),
        f"{signed_text(pair.effect.value, 2)} ({signed_span_text(pair.effect.ci95, 2)})",
        f"{percent_text(pair.win_share.value)} ({percent_text(low)}–{percent_text(high)})",
    ]


def _with_interval(score: Score) -> str:
    return _within(score.value, score.ci95, score.unit)


def _within(value: float, interval: tuple[float, float], unit: str, between: str = " ") -> str:
    """A score and its interval, where it has one."""
    known = not math.isnan(interval[0])
    return _value(value, unit) + (f"{between}({range_text(interval, unit)})" if known else "")


def _value(value: float, unit: str) -> str:
    """A share, or a distance with its unit."""
    return "–" if math.isnan(value) else value_text(value, unit)
