"""Refuse dependencies whose licence would bind our users: ``python tools/check_licences.py [--table]``.

Looks at every installed distribution that pixelwise requires, directly or through others and with all of its
extras. Permissive licences, LGPL and MPL pass; everything else, the unknown included, is named and ends with
status 1.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = "pixelwise"

PERMITTED = frozenset(
    {
        "0BSD",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "BSD-3-Clause-Open-MPI",
        "BSL-1.0",
        "CC0-1.0",
        "HPND",
        "ISC",
        "MIT",
        "MIT-0",
        "MIT-CMU",
        "PSF-2.0",
        "Python-2.0",
        "Unlicense",
        "Zlib",
        "MPL-2.0",
        "LGPL-2.0-only",
        "LGPL-2.0-or-later",
        "LGPL-2.1",
        "LGPL-2.1-only",
        "LGPL-2.1-or-later",
        "LGPL-3.0",
        "LGPL-3.0-only",
        "LGPL-3.0-or-later",
    }
)

# Compilers' libraries, which every program may be linked with whatever its own licence; without the exception, no.
PERMITTED_WITH_EXCEPTION = frozenset({"GPL-3.0-or-later WITH GCC-exception-3.1"})

# What packages write where an SPDX name should stand (`License` field, ends of classifiers), in lower case.
ALIASES = {
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd": "BSD-3-Clause",
    "bsd license": "BSD-3-Clause",
    "freebsd": "BSD-2-Clause",
    "bsd 2-clause license": "BSD-2-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "python software foundation license": "PSF-2.0",
    "the unlicense (unlicense)": "Unlicense",
    "zlib/libpng license": "Zlib",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "gnu library or lesser general public license (lgpl)": "LGPL-2.0-or-later",
    "gnu lesser general public license v2 (lgplv2)": "LGPL-2.0-only",
    "gnu lesser general public license v2 or later (lgplv2+)": "LGPL-2.0-or-later",
    "gnu lesser general public license v3 (lgplv3)": "LGPL-3.0-only",
    "gnu lesser general public license v3 or later (lgplv3+)": "LGPL-3.0-or-later",
}

# A licence that quotes others in its text is known by its title alone.
TITLES = {
    "mozilla public license version 2.0": "MPL-2.0",
    "gnu lesser general public license": "LGPL-3.0-or-later",
}

# Elsewhere every phrase counts, so that a file that joins several licences is judged by all of them.
PHRASES = {
    "licensed under the apache license, version 2.0": "Apache-2.0",
    "apache license version 2.0, january 2004": "Apache-2.0",
    "permission is hereby granted, free of charge, to any person obtaining a copy": "MIT",
    "redistribution and use in source and binary forms": "BSD-3-Clause",
    "permission to use, copy, modify, and/or distribute this software for any purpose": "ISC",
    "permission to use, copy, modify, and distribute this software for any purpose": "ISC",
    "gnu general public license": "GPL-3.0-or-later",
    "gnu lesser general public license": "LGPL-3.0-or-later",
    "gnu affero general public license": "AGPL-3.0-or-later",
    "server side public license": "SSPL-1.0",
    "commons clause": "LicenseRef-Commons-Clause",
    "non-commercial": "LicenseRef-Non-Commercial",
    "noncommercial": "LicenseRef-Non-Commercial",
}

# How wheels list what is bundled in them: a paragraph for each library, its licence by its SPDX name, then the texts.
BUNDLED = re.compile(r"^[ \t]*Name: .+\n(?:[ \t]*\w+: .*\n)*?[ \t]*License: (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Finding:
    """What one distribution says of its licence, and where it says it."""

    package: str
    version: str
    licence: str
    source: str

    @property
    def permitted(self) -> bool:
        return is_permitted(self.licence)


def is_permitted(expression: str) -> bool:
    """Whether an SPDX expression leaves our users free: AND needs every part, OR needs one."""
    try:
        canonical = canonicalize_license_expression(expression)
    except InvalidLicenseExpression:
        return False
    return _any_part(re.findall(r"[()]|[^\s()]+", canonical))


def _any_part(tokens: list[str]) -> bool:
    """Judge and consume ``all-parts (OR all-parts)*``; the canonical form is known to be well formed."""
    allowed = _all_parts(tokens)
    while tokens[:1] == ["OR"]:
        tokens.pop(0)
        allowed |= _all_parts(tokens)
    return allowed


def _all_parts(tokens: list[str]) -> bool:
    allowed = _one_part(tokens)
    while tokens[:1] == ["AND"]:
        tokens.pop(0)
        allowed &= _one_part(tokens)
    return allowed


def _one_part(tokens: list[str]) -> bool:
    token = tokens.pop(0)
    if token == "(":
        allowed = _any_part(tokens)
        tokens.pop(0)
        return allowed
    if tokens[:1] == [
        "WITH"
    ]:  # an exception only adds permissions: the licence itself decides, or the pair is known
        exception = tokens[1]
        del tokens[:2]
        if f"{token} WITH {exception}" in PERMITTED_WITH_EXCEPTION:
            return True
    return token.removesuffix("+") in PERMITTED


def licence_of_name(name: str) -> str:
    """The SPDX expression for what a package calls its licence; the name itself when we do not know it."""
    return ALIASES.get(" ".join(name.lower().split()), name.strip())


def licence_of_text(text: str) -> str:
    """The SPDX expression for a licence's text; empty when it is none that we know."""
    bundled = list(BUNDLED.finditer(text))
    if bundled:  # the texts below name licences that they are not; what each part says of itself counts
        own = licence_of_text(text[: bundled[0].start()]) or "unknown"
        named = [entry[1].strip() for entry in bundled]
        return _all_of([own, *(f"({one})" if " OR " in one else one for one in named)])
    words = " ".join(text.lower().split())
    for title, licence in TITLES.items():
        if words.startswith(title):
            return licence
    return _all_of(licence for phrase, licence in PHRASES.items() if phrase in words)


def _all_of(licences: Iterable[str]) -> str:
    return " AND ".join(dict.fromkeys(licences))


def finding(dist: Distribution) -> Finding:
    """The first source that says anything decides; a licence that nobody names is ``unknown``."""
    for source, licence in _statements(dist):
        if licence:
            return Finding(dist.name, dist.version, licence, source)
    return Finding(dist.name, dist.version, "unknown", "no source")


def _statements(dist: Distribution) -> Iterator[tuple[str, str]]:
    yield "License-Expression", _field(dist, "License-Expression")
    yield "License", _from_field(_field(dist, "License"))
    yield "classifiers", _from_classifiers(dist.metadata.get_all("Classifier", []))
    yield "licence files", _from_files(dist)


def _field(dist: Distribution, name: str) -> str:
    return str(dist.metadata.get_all(name, [""])[0])


def _from_field(value: str) -> str:
    """The `License` field holds a name, a whole text, or old build tools' ``UNKNOWN``, which says nothing."""
    if value.strip().upper() in {"", "UNKNOWN"}:
        return ""
    if len(value.splitlines()) > 1:
        return licence_of_text(value) or value.strip().splitlines()[0]
    return licence_of_name(value)


def _from_classifiers(classifiers: list[str]) -> str:
    """Classifiers do not say whether one may choose among several, so all of them have to be permitted."""
    names = [c.rsplit(" :: ", 1)[1] for c in classifiers if c.startswith("License :: ")]
    return _all_of(licence_of_name(name) for name in names if name != "OSI Approved")


def _from_files(dist: Distribution) -> str:
    """Every licence file in the distribution's own metadata folder has to be recognised."""
    inside = [path for path in dist.files or [] if path.parts[0].endswith(".dist-info")]
    named = [path for path in inside if re.match(r"(?i)licen[cs]e|copying", path.name)]
    texts = [Path(str(path.locate())).read_text(encoding="utf-8", errors="replace") for path in named]
    return _all_of(licence_of_text(text) or "unknown" for text in texts)


def closure(project: str) -> list[Distribution]:
    """The installed distributions that ``project`` requires here, with all of its extras, by name."""
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()
    todo = [(project, extra) for extra in ("", *_extras(distribution(project)))]
    while todo:
        name, extra = todo.pop()
        if (canonicalize_name(name), extra) in seen:
            continue
        seen.add((canonicalize_name(name), extra))
        dist = _installed(name)
        if dist is not None:
            found[canonicalize_name(name)] = dist
            todo += [(r.name, e) for r in _requirements(dist, extra) for e in ("", *r.extras)]
    found.pop(canonicalize_name(project))
    return [found[name] for name in sorted(found)]


def _extras(dist: Distribution) -> list[str]:
    return dist.metadata.get_all("Provides-Extra", [])


def _installed(name: str) -> Distribution | None:
    """None for what only an extra that is not installed here asks for."""
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _requirements(dist: Distribution, extra: str) -> list[Requirement]:
    wanted = [Requirement(line) for line in dist.requires or []]
    return [r for r in wanted if r.marker is None or r.marker.evaluate({"extra": extra})]


def _table(findings: list[Finding]) -> str:
    rows = [(f"{f.package} {f.version}", f.licence, f.source) for f in findings]
    first, second = (max(len(row[column]) for row in rows) for column in (0, 1))
    return "\n".join(f"{a:{first}}  {b:{second}}  {c}" for a, b, c in rows)


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--table"]):
        print("usage: python tools/check_licences.py [--table]", file=sys.stderr)
        return 2
    try:
        findings = [finding(dist) for dist in closure(PROJECT)]
    except PackageNotFoundError:
        print(f"{PROJECT} is not installed in this environment: `make check` installs it", file=sys.stderr)
        return 1
    refused = [f for f in findings if not f.permitted]
    for f in refused:
        found = f"licence {f.licence!r}, from {f.source}"
        print(f"{f.package} {f.version}: not permitted: {found}", file=sys.stderr)
    if arguments:
        print(_table(findings))
    elif not refused:
        print(f"licences: {len(findings)} packages, all permissive, LGPL or MPL")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
