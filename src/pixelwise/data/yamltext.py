"""The little of YAML that lists of names need: text in quotes, and names in a list or by number."""

from __future__ import annotations

import itertools
import re

_QUOTED = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')"""
# Text without quotes ends before a comment, which follows on a blank; in brackets before a comma or bracket too.
_BARE = r"""[^\s"'#](?:\S|\s+(?![\s#]))*"""
_BARE_IN_BRACKETS = r"""[^\s"'#,\[\]{}](?:[^\s,\[\]{}]|\s+(?![\s#]))*"""
_LINE = re.compile(rf"\s*(?:-|(\d+)\s*:)\s*({_QUOTED}|{_BARE})\s*(?:\s#.*)?")
_VALUE = re.compile(rf"\s*({_QUOTED}|{_BARE})\s*(?:\s#.*)?")
_IN_BRACKETS = re.compile(rf"\s*({_QUOTED}|{_BARE_IN_BRACKETS})\s*([,\]])")
_NOTHING = re.compile(r"\s*(?:#.*)?")
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)")
_ESCAPED = {
    **dict(zip('0abtnvfre "/\\', '\0\a\b\t\n\v\f\r\x1b "/\\', strict=True)),
    **{"N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029"},
}


def quoted(text: str) -> str:
    """Any text in double quotes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(one if one.isprintable() else f"\\U{ord(one):08x}" for one in escaped) + '"'


def names_after(lines: list[str]) -> list[str] | None:
    """The names in ``names: [a, b]``, or in lines below ``names:``, ``- a`` each or ``0: a`` each.

    Args:
        lines: of the file, from the key on.

    Returns:
        None where they cannot be understood, or are not numbered from 0 on.
    """
    value = lines[0].partition(":")[2]
    if value.lstrip().startswith("["):
        return _in_brackets("\n".join([value, *_indented(lines[1:])]).lstrip()[1:])
    if not _NOTHING.fullmatch(value):
        return None
    names: list[str] = []
    for line in lines[1:]:
        if _NOTHING.fullmatch(line):
            continue
        if not re.match(r"[\s-]", line):
            break
        found = _LINE.fullmatch(line)
        name = _plain(found[2]) if found else None
        if found is None or name is None or int(found[1] or len(names)) != len(names):
            return None
        names.append(name)
    return names


def _indented(lines: list[str]) -> list[str]:
    """The lines that go on with what the line before them began."""
    return list(itertools.takewhile(lambda line: line[:1].isspace() or line.strip() == "]", lines))


def texts_after(lines: list[str]) -> list[str] | None:
    """The texts in ``key: a``, and as :func:`names_after`; None where they cannot be understood."""
    value = lines[0].partition(":")[2]
    found = None if value.lstrip().startswith("[") else _VALUE.fullmatch(value)
    if found is None:
        return names_after(lines)
    text = _plain(found[1])
    return None if text is None else [text]


def _in_brackets(text: str) -> list[str] | None:
    names: list[str] = []
    place, end = 0, ","
    while end == ",":
        found = _IN_BRACKETS.match(text, place)
        name = _plain(found[1]) if found else None
        if found is None or name is None:
            return None
        names.append(name)
        place, end = found.end(), found[2]
    return names if _NOTHING.fullmatch(text, place) else None


def _plain(word: str) -> str | None:
    """What a word means, its quotes removed; None for what no text can be."""
    if word[0] == "'":
        return word[1:-1].replace("''", "'")
    if word[0] != '"':
        return word.strip()
    try:
        text = _ESCAPE.sub(lambda found: _character(found[1]), word[1:-1])
        # JSON writes two escapes for a character beyond 16 bits.
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except (KeyError, ValueError):
        return None


def _character(code: str) -> str:
    return chr(int(code[1:], 16)) if len(code) > 1 else _ESCAPED[code]
