"""COCO's run-length codes, as lists of numbers and as text."""

from __future__ import annotations

from collections.abc import Sequence


def from_text(text: str) -> list[int]:
    """Lengths of runs from COCO's compressed text.

    Each number is written in groups of five bits, lowest first, a sixth saying that more follow; from the fourth on it
    is the difference from the length two before (Lin 2014, the cocoapi's ``rleToString``).

    Raises:
        ValueError: no such text.
    """
    counts: list[int] = []
    value = shift = 0
    for letter in text:
        code = ord(letter) - 48
        if not 0 <= code < 64 or shift > 60:
            raise ValueError("no run-length code")
        value |= (code & 31) << shift
        shift += 5
        if code & 32:
            continue
        if code & 16:
            value -= 1 << shift
        counts.append(value + counts[-2] if len(counts) > 2 else value)
        value = shift = 0
    if shift:
        raise ValueError("a run-length code that is cut short")
    return counts


def tidy(counts: Sequence[int]) -> tuple[int, ...]:
    """The same runs without empty ones after the first; ValueError for negative ones."""
    if any(count < 0 for count in counts):
        raise ValueError("runs have no negative length")
    found: list[int] = []
    for place, count in enumerate(counts):
        if count == 0 and place:
            continue
        if found and len(found) % 2 == (place + 1) % 2:  # an empty run lay between
            found[-1] += count
        else:
            found.extend([0] if not found and place % 2 else [])
            found.append(count)
    return tuple(found) or (0,)
