"""Small pictures that tests write to disk, by Pillow or byte by byte, and how refusals are worded."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray

from pixelwise.errors import DataError

# Where row 0 and column 0 of the stored pixels belong in the picture, by EXIF 2.3: S[r, c] = D[…].
STORED: dict[int, Callable[[NDArray[Any]], NDArray[Any]]] = {
    1: lambda shown: shown,  # top, left
    2: lambda shown: shown[:, ::-1],  # top, right
    3: lambda shown: shown[::-1, ::-1],  # bottom, right
    4: lambda shown: shown[::-1],  # bottom, left
    5: lambda shown: shown.swapaxes(0, 1),  # left, top
    6: lambda shown: shown[:, ::-1].swapaxes(0, 1),  # right, top
    7: lambda shown: shown[::-1, ::-1].swapaxes(0, 1),  # right, bottom
    8: lambda shown: shown[::-1].swapaxes(0, 1),  # left, bottom
}


def picture(path: Path, *values: int, size: tuple[int, int] = (2, 3)) -> Path:
    """A grey picture of ``size`` (height, width) that holds ``values``, over and over."""
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(np.resize(np.array(values, np.uint8), size)).save(path)
    return path


def pairs(root: Path, *places: str, values: tuple[int, ...] = (0, 255), image: str = ".png") -> Path:
    """Images and masks at ``places`` such as "images/a:masks/a", without suffix; returns ``root``."""
    for place in places:
        picture(root / (place.partition(":")[0] + image), 9)
        picture(root / (place.partition(":")[2] + ".png"), *values)
    return root


def refusal(read: Callable[[], object], path: Path) -> str:
    """The message of the DataError, which is one sentence that names the file."""
    with pytest.raises(DataError) as caught:
        read()
    message = str(caught.value)
    assert message.startswith(str(path))
    assert message.endswith(".")
    assert "\n" not in message
    assert ". " not in message.removeprefix(str(path))
    return message


def png(
    path: Path,
    width: int,
    height: int,
    depth: int,
    colour: int,
    rows: bytes,
    *,
    interlaced: bool = False,
    chunks: Sequence[tuple[bytes, bytes]] = (),
) -> Path:
    """Write a PNG chunk by chunk; ``chunks`` stand before the pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))
    between = b"".join(chunk(*one) for one in chunks)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + header + between + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )
    return path


def tiff(
    path: Path,
    order: str,
    size: tuple[int, int],
    strip: bytes,
    tags: dict[int, tuple[int, ...]],
) -> Path:
    """Write a TIFF of one strip tag by tag; ``order`` is "<" or ">", values are 16-bit and several lie outside."""
    height, width = size
    wide = {
        256: (width,),
        257: (height,),
        278: (height,),
        **tags,
        279: (len(strip),),
        273: (0,),
    }
    count = len(wide)
    behind = 8 + 2 + 12 * count + 4
    extra, entries = b"", []
    for tag in sorted(wide):
        values = wide[tag]
        kind, code = (4, "I") if tag in {273, 279} else (3, "H")
        packed = struct.pack(f"{order}{len(values)}{code}", *values)
        if len(packed) > 4:
            at = struct.pack(order + "I", behind + len(extra))
            extra += packed + b"\0" * (len(packed) % 2)
            packed = at
        entries.append((tag, kind, len(values), packed.ljust(4, b"\0")))
    start = struct.pack(order + "I", behind + len(extra))
    directory = b"".join(
        struct.pack(order + "HHI", tag, kind, n) + (start if tag == 273 else packed)
        for tag, kind, n, packed in entries
    )
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", 8, count)
    path.write_bytes(head + directory + struct.pack(order + "I", 0) + extra + strip)
    return path


def lzw(content: bytes) -> bytes:
    """TIFF's LZW in its plainest form: codes of 9 bits, cleared before any would be longer; nothing is saved."""
    codes = []
    for begin in range(0, len(content), 200):
        codes += [256, *content[begin : begin + 200]]
    bits = "".join(f"{code:09b}" for code in [*codes, 257])
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))


def shades(*shape: int, dtype: str = "uint16", seed: int = 0) -> NDArray[Any]:
    """Values all over the range of ``dtype``."""
    generator = np.random.default_rng(seed)
    if dtype == "float32":
        return generator.normal(0, 1000, shape).astype(np.float32)
    limits = np.iinfo(dtype)
    return generator.integers(limits.min, limits.max, shape, endpoint=True, dtype=dtype)
