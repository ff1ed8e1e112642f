"""The command line. Commands are thin, a file each; what they do is in ``workflows``, imported where it is used."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from pixelwise._version import __version__
from pixelwise.cli.baseline import baseline
from pixelwise.cli.check import check
from pixelwise.cli.compare import compare
from pixelwise.cli.convert import convert
from pixelwise.cli.demo import demo
from pixelwise.cli.evaluate import evaluate
from pixelwise.cli.explain import explain
from pixelwise.cli.leaving import MESSAGE, leaving_at_once
from pixelwise.cli.plan import plan
from pixelwise.cli.predict import predict
from pixelwise.cli.several import command_taking_several
from pixelwise.cli.status import INTERRUPTED, USER_ERROR
from pixelwise.cli.train import train
from pixelwise.errors import PixelwiseError, one_line
from pixelwise.memory import is_out_of_memory

# Read when PyTorch is loaded: threads that wait for each other sleep. By default they spin, and beside another program
# that wants the processor a step then takes several times as long.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

OUT_OF_MEMORY = (
    "this computer has too little memory for that; to train in less, lower train.batch_size or scale.size with --set, "
    "else close other programs or give smaller images."
)
UsageError: type[Exception] = typer.BadParameter.__bases__[0]
"""What typer raises for the words of a command; it has no public name of its own."""

LEFT_OUT = {
    ("evaluate", "--task"): "a model knows what it was trained for; leave out --task",
    ("predict", "--task"): "a model knows what it was trained for; leave out --task",
    ("compare", "--task"): "runs know what they were trained for; leave out --task",
}
"""What to say of options that a command lacks and people look for, as another command has them."""

app = typer.Typer(
    name="pixelwise",
    help="From a folder of images and labels to a segmentation model that its owner can trust.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # boxes leave a terminal of 80 columns no room for what options mean
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pixelwise {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    pass


app.command()(check)
app.command()(plan)
app.command()(train)
app.command()(evaluate)
app.command(cls=command_taking_several("--against"))(compare)
app.command()(predict)
app.command()(baseline)
app.command()(explain)
app.command()(convert)
app.command()(demo)


def _in_a_sentence(error: Any) -> str:
    """What is wrong with the words of a command, and where its options are listed."""
    said = error.format_message().rstrip(".").replace("Value error, ", "")
    command = error.ctx.command_path if error.ctx is not None else "pixelwise"
    wanted = command.rpartition(" ")[2], getattr(error, "option_name", None)
    if wanted in LEFT_OUT:
        return f"{LEFT_OUT[wanted]}."
    said = f"{said[0].lower()}{said[1:]}"
    # Where typer asks back ("Did you mean 'train'?"), the question ends the sentence.
    return f"{said} See {command} --help." if said.endswith("?") else f"{said}; see {command} --help."


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; a mistake of the person gets one sentence on standard error and exit status 2."""
    for stream in (sys.stdout, sys.stderr):
        # A pipe on Windows takes the code page of the country, which lacks most of the world's letters.
        if isinstance(stream, io.TextIOWrapper) and not stream.isatty():
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    asked = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    try:
        with leaving_at_once():
            # Otherwise typer draws a box around its own errors, with the sentence in the middle.
            status = app(asked, prog_name="pixelwise", standalone_mode=False) or 0
        if status == INTERRUPTED:  # typer makes this of a KeyboardInterrupt
            raise KeyboardInterrupt
        sys.exit(status)
    except UsageError as error:  # an option that there is not, or a value that it cannot have
        typer.echo(f"Error: {_in_a_sentence(error)}", err=True)
        sys.exit(USER_ERROR)
    except PixelwiseError as error:
        typer.echo(f"Error: {one_line(str(error))}", err=True)
        sys.exit(USER_ERROR)
    except OSError as error:  # what no room foresaw: no rights, a name too long, a disk that went away
        about = f"{error.filename}: " if error.filename else ""
        typer.echo(
            f"Error: {about}{error.strerror or error}; check the path and your rights to it.", err=True
        )
        sys.exit(USER_ERROR)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        typer.echo(f"Error: {OUT_OF_MEMORY}", err=True)
        sys.exit(USER_ERROR)
    except (KeyboardInterrupt, typer.Abort):  # the latter is what older releases of typer make of it
        typer.echo(MESSAGE, err=True)
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
