"""The methods by name: a literal table."""

from __future__ import annotations

from pixelwise.baselines import (
    activecontour,
    adaptive,
    chanvese,
    edges,
    felzenszwalb,
    grabcut,
    graphcut,
    kmeans,
    meanshift,
    normalisedcut,
    otsu,
    randomwalker,
    regiongrowing,
    slic,
    watershed,
)
from pixelwise.baselines.base import Method
from pixelwise.errors import RecipeError

METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        otsu.METHOD,
        adaptive.METHOD,
        edges.METHOD,
        kmeans.METHOD,
        meanshift.METHOD,
        regiongrowing.METHOD,
        watershed.METHOD,
        felzenszwalb.METHOD,
        slic.METHOD,
        normalisedcut.METHOD,
        randomwalker.METHOD,
        graphcut.METHOD,
        grabcut.METHOD,
        chanvese.METHOD,
        activecontour.METHOD,
    )
}
"""In the order in which they are shown: thresholds, groups of colours, regions, graphs, moving outlines."""


def methods_named(names: tuple[str, ...]) -> list[Method]:
    """Methods by their names, each once; all where no name is given.

    Raises:
        RecipeError: there is no such method.
    """
    unknown = [name for name in names if name not in METHODS]
    if unknown:
        raise RecipeError(f"there is no method '{unknown[0]}'; choose among {', '.join(METHODS)}.")
    return [METHODS[name] for name in dict.fromkeys(names)] if names else list(METHODS.values())
