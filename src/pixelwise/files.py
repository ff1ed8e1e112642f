"""Writing files whole or not at all."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pixelwise.errors import OutputError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a name beside ``path`` to write to; on success that file becomes ``path``, else it is removed.

    Raises:
        OutputError: the folder cannot be written or the disk is full.
    """
    temporary = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}.part")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        reason = error.strerror or str(error)
        raise OutputError(
            f"{path} could not be written ({reason}); make room or choose another folder."
        ) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def check_writable(path: Path) -> None:
    """Raise :class:`OutputError` unless files can be written at ``path``, before work begins that would be lost.

    Args:
        path: a folder; where it does not exist, the nearest above it that does.
    """
    absolute = path.absolute()
    folder = next(one for one in (absolute, *absolute.parents) if one.exists())
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputError(
            f"{absolute} cannot be written ({error.strerror}); choose another folder."
        ) from error


def write_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8 with Unix line ends, whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write ``content``, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)
