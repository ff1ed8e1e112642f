"""Files that a command is to write, looked at before it begins: what took hours must find room."""

from __future__ import annotations

from pathlib import Path

from pixelwise.errors import OutputError
from pixelwise.files import check_writable

_BEGINNING = 2000  # bytes, in which our files say that they are ours


def check_page(file: Path | None) -> None:
    """Raise :class:`OutputError` unless a page may be written there, or replace an earlier one."""
    _check(file, "--page", "Pixelwise")


def check_json(file: Path | None) -> None:
    """Raise :class:`OutputError` unless scores or findings may be written there, or replace earlier ones."""
    _check(file, "--json", '"pixelwise"')


def check_new(file: Path | None, option: str = "--out") -> None:
    """Raise :class:`OutputError` unless a new file may be written there.

    So what people change by hand is not replaced, nor what nothing in it tells to be of Pixelwise.
    """
    if file is not None and file.exists():
        raise OutputError(f"{file} is there already; give the name of a new file with {option}.")
    _check(file, option, "")


def _check(file: Path | None, option: str, mark: str) -> None:
    if file is None:
        return
    if not file.absolute().parent.is_dir():
        raise OutputError(f"{file.parent} is not a folder; give a file in an existing folder with {option}.")
    check_writable(file.parent)
    if file.is_dir():
        raise OutputError(f"{file} is a folder; give the name of a file with {option}.")
    if file.exists() and mark.encode() not in _beginning(file):
        raise OutputError(
            f"{file} is not a file of Pixelwise and would be replaced; give another with {option}."
        )


def _beginning(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(_BEGINNING)
