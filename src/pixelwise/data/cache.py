"""Decoded frames on disk, named by what they were made from.

A file's name is a digest of the contents and settings that it follows from, so it is never out of date: whatever
changes makes another name. Files appear whole or not at all, hence two runs may share a folder and either may be
killed. They are safetensors, which cannot run code.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import platformdirs
import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

from pixelwise import files
from pixelwise.errors import DataError, OutputError

VARIABLE = "PIXELWISE_CACHE"
"""Environment variable that names the folder."""
LIMIT = 20 * 10**9
"""Bytes beyond which the frames that were not used for longest are removed."""
KEEP_SECONDS = 24 * 3600.0
"""Frames used more recently stay whatever the limit: a training may be reading them."""
_SUFFIX = ".safetensors"


def default_folder() -> Path:
    """The folder named by ``PIXELWISE_CACHE``, or the one where this system keeps what can be made again."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else platformdirs.user_cache_path("pixelwise", appauthor=False)


def digest(paths: Iterable[Path], settings: Mapping[str, Any]) -> str:
    """A name for what is made from the contents of these files by these settings.

    Args:
        settings: plain JSON values.

    Raises:
        DataError: a file that cannot be read, or a device, which may have no end.
    """
    found = hashlib.blake2b(json.dumps(settings, sort_keys=True).encode(), digest_size=20)
    for path in paths:
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                raise DataError(f"{path} is no ordinary file; put a file there.")
            with path.open("rb") as file:
                found.update(hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=20)).digest())
        except OSError as error:
            raise DataError(
                f"{path} cannot be read ({error.strerror}); check the path and your rights."
            ) from error
    return found.hexdigest()


class Cache:
    """A folder of named tensors.

    Args:
        folder: created when the first file is put there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def at(cls, folder: Path | str | None) -> Cache:
        """The cache in a folder; by default in :func:`default_folder`."""
        return cls(Path(folder) if folder else default_folder())

    def get(self, name: str) -> dict[str, Tensor] | None:
        """What was put by this name; None if nothing was, or the file is damaged."""
        path = self._path(name)
        try:
            return safetensors.torch.load(path.read_bytes())
        except (FileNotFoundError, SafetensorError):
            return None

    def put(self, name: str, tensors: Mapping[str, Tensor]) -> None:
        """Keep tensors, which must not share memory.

        Raises:
            OutputError: the folder cannot be written or the disk is full.
        """
        path = self._path(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            files.write_bytes(path, safetensors.torch.save(dict(tensors)))
        except (OSError, OutputError) as error:
            if (
                path.exists()
            ):  # another run was faster, and Windows does not replace a file that is being read
                return
            raise OutputError(
                f"{self.folder} cannot keep decoded images ({error}); make room, or name another folder with --cache."
            ) from error

    def touch(self, name: str) -> bool:
        """Whether there is something of this name; marks it as used now."""
        try:
            os.utime(self._path(name))
        except FileNotFoundError:
            return False
        except OSError:  # a folder of somebody else's: there to read
            return True
        return True

    def trim(self, limit: int = LIMIT) -> None:
        """Remove what was not used for longest until at most ``limit`` bytes are left."""
        found = [(entry.stat(), entry) for entry in self.folder.glob(f"??/*{_SUFFIX}")]
        excess = sum(state.st_size for state, _ in found) - limit
        for state, entry in sorted(found, key=lambda one: one[0].st_mtime):
            if excess <= 0 or time.time() - state.st_mtime < KEEP_SECONDS:
                return
            with contextlib.suppress(OSError):  # it is being read, or another run removed it
                entry.unlink()
                excess -= state.st_size

    def _path(self, name: str) -> Path:
        return self.folder / name[:2] / f"{name}{_SUFFIX}"
