"""What is said of images that were predicted, by whatever method."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pixelwise.cli.status import FOUND_ERRORS

if TYPE_CHECKING:
    from pixelwise.cli.console import Console
    from pixelwise.workflows.writing import Predicted


def print_predicted(console: Console, predicted: Predicted, out: Path) -> None:
    """How many images there are results of; ends with status 1 if there were others."""
    written = len(predicted.written)
    console.print(f"{written} image{'s' * (written != 1)} predicted into {out}.")
    console.print_review(predicted.reviews)
    for refused in predicted.refused:
        typer.echo(f"Not predicted: {refused}", err=True)
    if predicted.refused:
        raise typer.Exit(FOUND_ERRORS)
