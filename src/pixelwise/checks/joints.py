"""Joints of people that lie where their image is not."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pixelwise.checks.finding import Found
from pixelwise.checks.objects import joined
from pixelwise.checks.subject import Subject
from pixelwise.errors import one_line
from pixelwise.types import People, Size

FAR = 0.1
"""Of the image's longer side, that a labelled joint may lie beyond a border: of somebody who is cut by it, the joint is
guessed, a pixel or two outside as a rule."""


def find(subject: Subject) -> Iterator[Found]:
    """Labelled joints far outside of their images, those that lie farthest out first."""
    skeleton = subject.dataset.skeleton
    for one in subject.examined:
        people, image = one.sample.people, one.image.file
        if people is None or skeleton is None or image.fault is not None:
            continue
        said = far_out(people, image.size, skeleton.joints)
        if said:
            yield "joint-outside", subject.place(image.path, detail=f"{one_line(joined(said))}.")


def far_out(people: People, size: Size, names: tuple[str, ...]) -> list[str]:
    """Joints farther out than ``FAR`` of an image of this (height, width), with person and distance, in words."""
    far = people.keypoints - np.array(size[::-1], np.float32)
    beyond = np.maximum(-people.keypoints, far).max(axis=-1)  # (M, K) pixels; below 0 inside
    beyond = np.where(people.visibility > 0, beyond, 0.0)
    found = np.argwhere(beyond > FAR * max(size)).tolist()
    found.sort(key=lambda place: -beyond[tuple(place)])
    return [
        f"{names[joint]} of person {person + 1}, {beyond[person, joint]:,.0f} pixels out"
        for person, joint in found
    ]
