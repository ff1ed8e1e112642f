"""The folder of a run: refused when taken, removed when nothing came of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pixelwise import files
from pixelwise.errors import OutputError
from pixelwise.types import LogRow

MODEL = "model.safetensors"
RECIPE = "recipe.toml"
LOG = "log.csv"
METRICS = "metrics.json"
REPORT = "report.html"
SPLITS = "splits.csv"
CHECK = "check.html"
FILES = (MODEL, RECIPE, LOG, METRICS, REPORT, SPLITS, CHECK)

LOG_COLUMNS = ("epoch", "step", "seconds", "loss", "learning_rate", "val_score")


@contextmanager
def run_folder(path: Path) -> Iterator[Path]:
    """Create a run's folder; if the body fails, what it wrote is removed unless there is a model.

    Raises:
        OutputError: the folder holds a run already, or cannot be created.
    """
    check_free(path)
    created = not path.exists()
    make_folder(path)
    try:
        yield path
    except BaseException:
        if not (path / MODEL).exists():
            for name in FILES:
                (path / name).unlink(missing_ok=True)
            if created and not any(path.iterdir()):
                path.rmdir()
        raise


def check_free(path: Path) -> None:
    """Raise :class:`OutputError` if ``path`` is a file or holds a run."""
    try:
        if path.exists() and not path.is_dir():
            raise OutputError(f"{path} is a file; give the name of a new folder with --out.")
        taken = [name for name in FILES if (path / name).exists()]
    except OSError as error:
        raise OutputError(
            f"{path} cannot be used ({error.strerror}); give another folder with --out."
        ) from error
    if taken:
        raise OutputError(
            f"{path} already holds a run ({taken[0]}); give the name of a new folder with --out."
        )


def make_folder(path: Path) -> None:
    """Create a folder and those above it; :class:`OutputError` where that is not possible."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be created ({error.strerror}); choose another folder with --out."
        ) from error


def write_log(path: Path, rows: Sequence[LogRow]) -> None:
    """Write ``log.csv`` anew with all rows so far, so that it is whole at any moment."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(LOG_COLUMNS)
    for row in rows:
        score = "" if row.val_score is None else f"{row.val_score:.6f}"
        writer.writerow(
            [row.epoch, row.step, f"{row.seconds:.2f}", f"{row.loss:.6f}", f"{row.learning_rate:.3g}", score]
        )
    files.write_text(path, text.getvalue())
