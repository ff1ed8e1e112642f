"""What a pose model says of a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pixelwise.geometry import Frame
from pixelwise.skeleton import Skeleton
from pixelwise.types import Size


@dataclass(frozen=True)
class PoseResult:
    """M people of K joints, surest first.

    Attributes:
        keypoints: (M, K, 2) float32 x and y in pixels; a pixel's centre is at +0.5. 0 where a joint was not found.
        confidences: (M, K) float32 in 0–1; 0 where a joint was not found.
        scores: (M,) float32 in 0–1: the mean of all joints' confidences.
        size: (height, width) of what the pixels are of.
    """

    keypoints: NDArray[np.float32]
    confidences: NDArray[np.float32]
    scores: NDArray[np.float32]
    size: Size

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def found(self) -> NDArray[np.bool_]:
        """(M, K): the joints that were found."""
        return self.confidences > 0

    def with_unfound_at(self, place: float) -> NDArray[np.float64]:
        """(M, K, 2) the keypoints, those that were not found at x and y of ``place``."""
        return np.where(self.found[..., None], self.keypoints.astype(np.float64), place)

    def reordered(self, order: Sequence[int]) -> PoseResult:
        """The same people with their joints in another order: of each joint of the result its place now, (K,)."""
        places = list(order)
        return replace(self, keypoints=self.keypoints[:, places], confidences=self.confidences[:, places])

    def boxes(self) -> NDArray[np.float32]:
        """(M, 4) x0, y0, x1, y1 around the joints that were found."""
        points = self.keypoints.astype(np.float32)
        low = np.where(self.found[..., None], points, np.inf).min(axis=1, initial=np.inf)
        high = np.where(self.found[..., None], points, -np.inf).max(axis=1, initial=-np.inf)
        return np.concatenate([low, high], axis=1).astype(np.float32)

    def placed(self, frame: Frame) -> PoseResult:
        """From a field over ``frame`` to the image's own pixels; joints beyond its border are brought onto it."""
        height, width = frame.image_size
        points = frame.points_to_image(self.keypoints.astype(np.float64), self.size)
        inside = np.clip(points, 0, [width, height]) * self.found[..., None]
        return replace(self, keypoints=inside.astype(np.float32), size=frame.image_size)

    def angles(self, skeleton: Skeleton) -> list[dict[str, float]]:
        """Of each person the skeleton's angles in degrees, 0–180, where all three joints were found."""
        return [self._angles(person, skeleton.joints, skeleton.angles) for person in range(len(self))]

    def _angles(
        self, person: int, joints: tuple[str, ...], triples: Mapping[str, tuple[str, str, str]]
    ) -> dict[str, float]:
        found = {}
        for name, triple in triples.items():
            places = [joints.index(joint) for joint in triple]
            one, middle, other = self.keypoints[person, places].astype(np.float64)
            a, b = one - middle, other - middle
            if self.found[person, places].all() and a.any() and b.any():
                cosine = a @ b / np.sqrt((a @ a) * (b @ b))
                found[name] = float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
        return found
