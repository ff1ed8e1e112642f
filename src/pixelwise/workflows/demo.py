"""The whole job on pictures that the package draws itself."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from pixelwise.data.synthetic import write_lesions
from pixelwise.errors import OutputError
from pixelwise.workflows.data import open_data
from pixelwise.workflows.listener import Listener
from pixelwise.workflows.run import Run
from pixelwise.workflows.runfolder import make_folder
from pixelwise.workflows.train import train

IMAGES = 100
BUDGET = 120.0
MARKER = ".pixelwise-demo"


def demo(
    out: Path | str,
    *,
    budget: float = BUDGET,
    images: int = IMAGES,
    seed: int = 0,
    overwrite: bool = False,
    listener: Listener | None = None,
    started: float | None = None,
) -> Run:
    """Draw lesions on skin, train on them, evaluate and report.

    Args:
        out: a new folder; ``data`` and ``run`` are made in it.
        budget: seconds for all of it.
        images: how many to draw.
        overwrite: replace an earlier demo in ``out``; anything else there is refused.
        started: moment on ``time.monotonic`` that the budget counts from; the call's by default.

    Raises:
        OutputError: ``out`` exists and is not an earlier demo that may be replaced.
    """
    started = time.monotonic() if started is None else started
    folder, listener = Path(out), listener or Listener()
    _clear(folder, overwrite)
    make_folder(folder)
    (folder / MARKER).touch()
    listener.say(f"Drawing {images} pictures of lesions on skin into {folder / 'data'}.")
    write_lesions(folder / "data", images, seed)
    return train(
        open_data(folder / "data"),
        folder / "run",
        budget=budget,
        seed=seed,
        listener=listener,
        started=started,
    )


def _clear(folder: Path, overwrite: bool) -> None:
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not (folder / MARKER).is_file():
        raise OutputError(
            f"{folder} exists and is not an earlier demo; give the name of a new folder with --out."
        )
    if not overwrite:
        raise OutputError(
            f"{folder} already holds a demo; add --overwrite or give another folder with --out."
        )
    shutil.rmtree(folder)
