"""Options that take several values at once, as in ``--against b1 b2 b3``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from typer.core import TyperCommand


def command_taking_several(option: str) -> type[TyperCommand]:
    """A kind of command whose ``option`` takes all words up to the next option."""

    class TakingSeveral(TyperCommand):
        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            return super().parse_args(ctx, repeated(args, option))

    return TakingSeveral


def repeated(words: Sequence[str], option: str) -> list[str]:
    """The same words with ``option`` before each of its values, as the parser wants it.

    >>> repeated(["a", "--against", "b", "c", "--json", "d"], "--against")
    ['a', '--against', 'b', '--against', 'c', '--json', 'd']
    """
    found: list[str] = []
    within = False
    for word in words:
        if word.startswith("-"):
            within = word == option
            found.append(word)
        elif within and found[-1] != option:
            found += [option, word]
        else:
            found.append(word)
    return found
