"""The folder of a run: refused when taken, removed when nothing came of it."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import filelock

from pixelwise import files
from pixelwise.data.layouts.paired import holds_pairs
from pixelwise.data.pictures import is_image
from pixelwise.data.tables import read_table
from pixelwise.errors import OutputError, RecipeError
from pixelwise.recipe import MAX_FOLDS
from pixelwise.types import LogRow

MODEL = "model.safetensors"
RECIPE = "recipe.toml"
LOG = "log.csv"
METRICS = "metrics.json"
REPORT = "report.html"
SPLITS = "splits.csv"
CHECK = "check.html"
PLAN = "plan.json"
CHECKPOINT = "checkpoint.safetensors"
FOLDS = "folds.csv"
MEMBERS = tuple(f"fold-{number}.safetensors" for number in range(1, MAX_FOLDS + 1))
"""Models of finished folds, until the run is finished and one file holds them all."""
LOCK = ".lock"
"""Held while a process writes a run."""
FILES = (MODEL, RECIPE, LOG, METRICS, REPORT, SPLITS, FOLDS, CHECK, PLAN, CHECKPOINT, *MEMBERS)

PLAN_SCHEMA = "pixelwise.plan/1"
LOG_COLUMNS = ("epoch", "step", "seconds", "loss", "learning_rate", "val_score")
FOLD_COLUMN = "fold"


@contextmanager
def run_folder(path: Path, *, resumed: bool = False) -> Iterator[Path]:
    """Create a run's folder; if the body fails, what it wrote is removed unless something can be made of it.

    That is a model; or a checkpoint, if training could go on from there.

    Args:
        resumed: it may hold a run that was not finished; nothing is removed then.

    Raises:
        OutputError: the folder holds a run already, or the one gone on with is finished; or it cannot be created, or
            another process writes a run there.
    """
    check = _check_unfinished if resumed else check_free
    check(path)
    created = not path.exists()
    make_folder(path)
    try:
        with _claimed(path):
            check(path)  # again: another run may have come and gone since
            with _emptied_on_failure(path, resumed):
                yield path
    except BaseException:
        if created and path.is_dir() and not any(path.iterdir()):
            path.rmdir()
        raise


@contextmanager
def _claimed(path: Path) -> Iterator[None]:
    """No other process may write a run into the folder meanwhile; a process that is killed gives it free."""
    lock = filelock.FileLock(path / LOCK, timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout as error:
        raise OutputError(
            f"another training is writing into {path}; wait for it, or give another folder with --out."
        ) from error
    except OSError as error:
        raise OutputError(
            f"{path} cannot be used ({error.strerror}); give another folder with --out."
        ) from error
    try:
        yield
    finally:
        # While it is held, so that nobody holds a file without a name; on Windows the release removes it.
        if os.name == "posix":
            (path / LOCK).unlink(missing_ok=True)
        lock.release()


@contextmanager
def _emptied_on_failure(path: Path, resumed: bool) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        useful = (path / MODEL).exists() or (
            (path / CHECKPOINT).exists() and not isinstance(error, RecipeError)
        )
        if not (useful or resumed):
            for name in FILES:
                (path / name).unlink(missing_ok=True)
        raise


def check_free(path: Path) -> None:
    """Raise :class:`OutputError` if ``path`` is a file, cannot be written, or holds a run or what one would replace."""
    try:
        if path.exists() and not path.is_dir():
            raise OutputError(f"{path} is a file; give the name of a new folder with --out.")
        taken = [name for name in FILES if (path / name).exists()]
        pictures = path.is_dir() and any(map(is_image, path.iterdir()))
    except OSError as error:
        raise OutputError(
            f"{path} cannot be used ({error.strerror}); give another folder with --out."
        ) from error
    files.check_writable(path)
    check_holds_no_pairs(path)
    if pictures:
        raise OutputError(f"{path} is a folder of pictures; give the name of a new folder with --out.")
    if RECIPE in taken and REPORT not in taken:
        raise OutputError(
            f"{path} holds a run that was not finished; go on with it by --resume, or give a new folder with --out."
        )
    if taken == [SPLITS] or taken == [CHECK]:  # as they may lie beside data
        raise OutputError(
            f"{path} holds {taken[0]}, which a run would replace; give the name of a new folder with --out."
        )
    if taken:
        raise OutputError(
            f"{path} already holds a run ({taken[0]}); give the name of a new folder with --out."
        )


def check_holds_no_pairs(path: Path) -> None:
    """Raise :class:`OutputError` for a folder of images and masks: a ``splits.csv`` written there would be theirs."""
    if path.is_dir() and holds_pairs(path):
        raise OutputError(
            f"{path} is a folder of images and masks; give the name of a new folder with --out."
        )


def has_begun(path: Path) -> bool:
    """Whether there is a run in ``path`` to go on with; what a killed one was writing is removed.

    Raises:
        OutputError: the run in it is finished, or another process writes it; or there is none, and none may begin.
    """
    if not (path / RECIPE).exists():
        check_free(path)
        return False
    with _claimed(path):  # what a process that lives is writing is not to be removed
        for name in FILES:
            for part in path.glob(f".{name}.*.part"):
                part.unlink(missing_ok=True)
        if (path / REPORT).exists():
            (path / CHECKPOINT).unlink(missing_ok=True)
    _check_unfinished(path)
    return True


def _check_unfinished(path: Path) -> None:
    """Raise :class:`OutputError` if there is a run in ``path`` that is finished."""
    if (path / REPORT).exists():
        raise OutputError(f"the run in {path} is finished; leave out --resume and give a new folder.")


def make_folder(path: Path) -> None:
    """Create a folder and those above it; :class:`OutputError` where that is not possible."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be created ({error.strerror}); choose another folder with --out."
        ) from error


def write_reasons(path: Path, reasons: Mapping[str, str]) -> None:
    """Write ``plan.json``: by setting, what it was set to and why."""
    text = json.dumps({"schema": PLAN_SCHEMA, "reasons": dict(reasons)}, indent=1, ensure_ascii=False)
    files.write_text(path, text + "\n")


def read_reasons(path: Path) -> dict[str, str]:
    """The reasons of ``plan.json``; :class:`RecipeError` where it is not one."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {str(setting): str(reason) for setting, reason in found["reasons"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RecipeError(
            f"{path} is missing or damaged: put it back, or train anew into another folder with --out."
        ) from error


def write_log(path: Path, rows: Sequence[LogRow]) -> None:
    """Write ``log.csv`` anew with all rows so far, so that it is whole at any moment."""
    _write_rows(path, LOG_COLUMNS, map(_cells, rows))


def write_fold_log(path: Path, rows: Mapping[int, Sequence[LogRow]]) -> None:
    """The same of several trainings, by number; their number is the first column."""
    cells = ([number, *_cells(row)] for number, of in rows.items() for row in of)
    _write_rows(path, (FOLD_COLUMN, *LOG_COLUMNS), cells)


def read_fold_log(path: Path) -> dict[int, list[LogRow]]:
    """What :func:`write_fold_log` wrote; nothing where there is no such file."""
    found: dict[int, list[LogRow]] = {}
    for row in read_table(path).rows if path.exists() else ():
        number, epoch, step, seconds, loss, rate, score = (
            row.cells[name] for name in (FOLD_COLUMN, *LOG_COLUMNS)
        )
        val_score = float(score) if score else None
        found.setdefault(int(number), []).append(
            LogRow(int(epoch), int(step), float(seconds), float(loss), float(rate), val_score)
        )
    return found


def _cells(row: LogRow) -> list[object]:
    score = "" if row.val_score is None else f"{row.val_score:.6f}"
    return [row.epoch, row.step, f"{row.seconds:.2f}", f"{row.loss:.6f}", f"{row.learning_rate:.3g}", score]


def _write_rows(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    files.write_text(path, text.getvalue())
