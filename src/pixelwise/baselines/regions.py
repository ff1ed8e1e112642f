"""From regions and planes to two sides."""

from __future__ import annotations

import numpy as np

from pixelwise.baselines.picture import Lab, Mask, Picture, Plane, Regions

PLANES = ("main", "grey")
"""Values of the free parameter ``plane`` by which regions are told to be object or background."""


def otsu_side(plane: Plane) -> Mask:
    """(h, w) bool: above Otsu's threshold; nothing is, where all values are the same."""
    from skimage.filters import threshold_otsu

    if plane.min() == plane.max():
        return np.zeros(plane.shape, bool)
    side: Mask = plane > threshold_otsu(plane)
    return side


def brighter_regions(regions: Regions, plane: Plane) -> Mask:
    """(h, w) bool: the regions whose mean lies above Otsu's threshold of a plane in which every pixel has that mean."""
    counts = np.bincount(regions.ravel())
    means = np.bincount(regions.ravel(), weights=plane.ravel()) / np.maximum(counts, 1)
    return otsu_side(means[regions].astype(np.float32))


def mean_colours(regions: Regions, lab: Lab) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """(R, 3) mean CIELAB of every region."""
    flat = regions.ravel()
    counts = np.maximum(np.bincount(flat), 1)
    return np.stack([np.bincount(flat, weights=lab[..., c].ravel()) / counts for c in range(3)], axis=1)


def patches(picture: Picture, count: int) -> Regions:
    """About ``count`` superpixels (SLIC, Achanta et al. 2012), numbered from 0 without gaps."""
    from skimage.segmentation import slic

    found = slic(picture.rgb, n_segments=count, compactness=10.0, sigma=1.0, start_label=0, channel_axis=-1)
    regions: Regions = np.unique(found, return_inverse=True)[1].reshape(picture.size).astype(np.int64)
    return regions
