"""The joints of a person and how they hang together: skeletons are data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field, model_validator

DEFAULT_SIGMA = 0.079
"""Sigma of a joint that nobody measured: the mean of those of COCO's body joints, as of a shoulder."""
FACE_SIGMA = 0.026


class Skeleton(BaseModel):
    """Joints, limbs and mirror partners of a person.

    Attributes:
        joints: names, in the order of keypoints.
        limbs: pairs of joints, by their places in ``joints``, from 0; a part affinity field leads from the first of
            each to the second.
        partners: of each joint its place after a mirror: left and right change places; itself where it has no side.
        sigmas: how far people differ in where they mark each joint, as a share of the person's size (OKS's k is twice
            it: COCO's ``oks_sigmas``).
        angles: joints by name of the angle; the angle is the second joint's, between the first and the third.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    joints: tuple[str, ...]
    limbs: tuple[tuple[int, int], ...]
    partners: tuple[int, ...]
    sigmas: tuple[float, ...]
    angles: Mapping[str, tuple[str, str, str]] = Field(default={})

    @model_validator(mode="after")
    def _check(self) -> Skeleton:
        count = len(self.joints)
        if not count:
            raise ValueError("a skeleton has at least one joint")
        if len(set(self.joints)) != count:
            raise ValueError(f"names of joints must differ, got {', '.join(self.joints)}")
        if any(not (0 <= one < count and 0 <= other < count) or one == other for one, other in self.limbs):
            raise ValueError(f"limbs must join two of the joints 0 to {count - 1}, got {self.limbs}")
        if len({frozenset(limb) for limb in self.limbs}) != len(self.limbs):
            raise ValueError(f"a limb is named twice in {self.limbs}")
        partners = self.partners
        if len(partners) != count or sorted(partners) != list(range(count)):
            raise ValueError(f"partners must name each of {count} joints once, got {partners}")
        if any(partners[other] != one for one, other in enumerate(partners)):
            raise ValueError(f"partners must be mutual, got {partners}")
        known = {frozenset(limb) for limb in self.limbs}
        if any(frozenset(partners[end] for end in limb) not in known for limb in self.limbs):
            raise ValueError(
                f"each limb needs that of the other side, left and right, but {self.limbs} lacks one"
            )
        if len(self.sigmas) != count or any(not sigma > 0 for sigma in self.sigmas):
            raise ValueError(f"there must be a sigma above 0 for each of {count} joints, got {self.sigmas}")
        unknown = [name for triple in self.angles.values() for name in triple if name not in self.joints]
        if unknown:
            raise ValueError(f"an angle names '{unknown[0]}', which is no joint")
        return self

    @property
    def mirrored_limbs(self) -> tuple[tuple[int, bool], ...]:
        """Of each limb the limb that takes its place after a mirror, and whether that one leads the other way."""
        places = {limb: place for place, limb in enumerate(self.limbs)}
        found = []
        for one, other in self.limbs:
            there, back = (
                (self.partners[one], self.partners[other]),
                (self.partners[other], self.partners[one]),
            )
            found.append((places[there], False) if there in places else (places[back], True))
        return tuple(found)

    @property
    def sides_untold(self) -> bool:
        """Whether no joint of several has a partner: nobody said which of them are left and which right."""
        return len(self.joints) > 1 and self.partners == tuple(range(len(self.joints)))

    def places_of(self, names: Sequence[str]) -> dict[str, int]:
        """Of each of these names its joint's place, where a joint is called the same in other words.

        >>> LSP_14.places_of(["neck", "RShoulder", "nose"])
        {'neck': 12, 'RShoulder': 8}
        """
        ours = _words(self.joints)
        wanted = zip(names, _words(names), strict=True)
        return {name: ours.index(words) for name, words in wanted if words in ours}

    def torso(self) -> tuple[int, int] | None:
        """The left shoulder and the right hip, whose distance PCK measures errors by; None where they have no names."""
        names = _words(self.joints)
        for side, opposite in (("left", "right"), ("right", "left")):
            shoulder, hip = {side, "shoulder"}, {opposite, "hip"}
            if shoulder in names and hip in names:
                return names.index(shoulder), names.index(hip)
        return None

    def trunk(self) -> tuple[tuple[int, int], tuple[int, int]] | None:
        """Both hips and both shoulders, between which a person leads upwards; None where they have no names."""
        names = _words(self.joints)
        ends = [[{side, part} for side in ("left", "right")] for part in ("hip", "shoulder")]
        if any(end not in names for pair in ends for end in pair):
            return None
        hips, shoulders = (tuple(names.index(end) for end in pair) for pair in ends)
        return (hips[0], hips[1]), (shoulders[0], shoulders[1])

    def head(self) -> tuple[int, int] | None:
        """The neck and the top of the head, whose distance PCKh measures errors by; None where there are none."""
        names = _words(self.joints)
        tops = [words for words in ({"head", "top"}, {"headtop"}, {"top", "head"}) if words in names]
        necks = [words for words in ({"neck"}, {"upper", "neck"}) if words in names]
        return (names.index(necks[0]), names.index(tops[0])) if tops and necks else None


def skeleton_of(joints: Sequence[str], limbs: Sequence[tuple[int, int]]) -> Skeleton:
    """A skeleton from names and limbs alone: what is known of the names fills in the rest.

    Partners are joints whose names differ in left and right (``left_knee``, ``l_knee``, ``Knee L``, ``KneeLeft``), or
    in a first letter l and r alone (``lkne`` and ``rkne``). Sigmas are COCO's where it has a joint of that name, else
    those of the likest one, else ``DEFAULT_SIGMA``. Limbs that leave a person in several pieces, or lack the one of the
    other side, are added to: by a known skeleton's, else by one from the first joint of each piece to the first joint
    of all.

    >>> skeleton_of(["left_knee", "right_knee", "neck"], [(0, 2), (1, 2)]).partners
    (1, 0, 2)
    """
    names = tuple(joints)
    for known in (COCO_17, LSP_14):
        if names == known.joints:
            whole = _on_both_sides(_connected(limbs, known.limbs, len(names)), known.partners)
            return Skeleton(**{**known.model_dump(), "limbs": whole})
    partners = _partners(names)
    return Skeleton(
        joints=names,
        limbs=_on_both_sides(_connected(limbs, (), len(names)), partners),
        partners=partners,
        sigmas=tuple(map(_sigma, _words(names))),
        angles=_angles(names),
    )


def _connected(
    limbs: Sequence[tuple[int, int]], known: Sequence[tuple[int, int]], count: int
) -> tuple[tuple[int, int], ...]:
    """The limbs, and of the known ones those that are missing if a person would be in several pieces without."""
    found = list(limbs)
    if len(_pieces(found, count)) > 1:
        have = {frozenset(limb) for limb in found}
        found += [limb for limb in known if frozenset(limb) not in have]
    first, *others = _pieces(found, count)
    return (*found, *((min(first), min(piece)) for piece in others))


def _on_both_sides(limbs: Sequence[tuple[int, int]], partners: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """The limbs, and those of the other side that are missing."""
    found = list(limbs)
    for one, other in limbs:
        if max(one, other) < len(partners) and min(one, other) >= 0:
            there = (partners[one], partners[other])
            if there not in found and there[::-1] not in found:
                found.append(there)
    return tuple(found)


def _pieces(limbs: Sequence[tuple[int, int]], count: int) -> list[set[int]]:
    """Sets of joints that limbs hold together, that of the first joint first."""
    pieces = [{joint} for joint in range(count)]
    for one, other in limbs:
        if not (0 <= one < count and 0 <= other < count):
            continue  # the skeleton refuses it
        joined = [piece for piece in pieces if one in piece or other in piece]
        pieces = [piece for piece in pieces if piece not in joined] + [set().union(*joined)]
    return sorted(pieces, key=min)


_IN_FULL = {
    **{"l": "left", "r": "right"},
    **{"sho": "shoulder", "elb": "elbow", "wri": "wrist", "kne": "knee", "ank": "ankle"},
}


def _words(names: Sequence[str]) -> list[set[str]]:
    """The words of each joint's name; sides and parts written out."""
    split = [_split(name) for name in names]
    return [{_IN_FULL.get(word, word) for word in _apart(one, split)} for one in split]


def _apart(words: list[str], all_words: Sequence[list[str]]) -> list[str]:
    """The words; a letter l or r in front of the first apart, where another joint differs in it alone: lsho, rsho."""
    first, *others = words
    opposite = {"l": "r", "r": "l"}.get(first[0])
    if opposite is None or len(first) == 1 or [opposite + first[1:], *others] not in all_words:
        return words
    return [first[0], first[1:], *others]


def _split(name: str) -> list[str]:
    """The words of a name in lower case, which other characters, capitals or a side in front part; one at least."""
    spaced = ""
    for before, letter, after in zip(f" {name}", name, f"{name[1:]} ", strict=False):
        begins = letter.isupper() and (not before.isupper() or after.islower())  # KneeLeft, LShoulder
        spaced += (" " * begins + letter) if letter.isalnum() else " "
    spaced = spaced.strip().lower()
    for side in ("left", "right"):
        if spaced.startswith(side):
            spaced = f"{side} {spaced[len(side) :]}"
    return spaced.split() or [" "]


def _partners(names: Sequence[str]) -> tuple[int, ...]:
    words = _words(names)
    swapped = [{{"left": "right", "right": "left"}.get(word, word) for word in one} for one in words]
    return tuple(
        words.index(other) if other in words and words.index(words[place]) == place else place
        for place, other in enumerate(swapped)
    )


def _sigma(words: set[str]) -> float:
    known = {frozenset(one): sigma for one, sigma in zip(_words(COCO_17.joints), COCO_17.sigmas, strict=True)}
    if (exact := known.get(frozenset(words))) is not None:
        return exact
    bare = words - {"left", "right"}
    by_part = {one - {"left", "right"}: sigma for one, sigma in known.items()}
    return by_part.get(
        frozenset(bare), FACE_SIGMA if bare & {"eye", "ear", "nose", "mouth"} else DEFAULT_SIGMA
    )


def _angles(names: Sequence[str]) -> dict[str, tuple[str, str, str]]:
    """Those known angles whose three joints there are, by the joints' own names."""
    ours = _words(names)
    found = {}
    for angle, triple in _ANGLES.items():
        words = _words(triple)
        if all(one in ours for one in words):
            first, middle, last = (names[ours.index(one)] for one in words)
            found[angle] = (first, middle, last)
    return found


_ANGLES = {
    f"{side}_{joint}": (f"{side}_{one}", f"{side}_{joint}", f"{side}_{other}")
    for side in ("left", "right")
    for one, joint, other in (
        ("shoulder", "elbow", "wrist"),
        ("hip", "knee", "ankle"),
        ("elbow", "shoulder", "hip"),
        ("shoulder", "hip", "knee"),
    )
}

COCO_17 = Skeleton(
    joints=(
        "nose",
        "left_eye",
        "right_eye",
        "left_ear",
        "right_ear",
        "left_shoulder",
        "right_shoulder",
        "left_elbow",
        "right_elbow",
        "left_wrist",
        "right_wrist",
        "left_hip",
        "right_hip",
        "left_knee",
        "right_knee",
        "left_ankle",
        "right_ankle",
    ),
    limbs=(
        *((15, 13), (13, 11), (16, 14), (14, 12), (11, 12), (5, 11), (6, 12), (5, 6), (5, 7), (6, 8)),
        *((7, 9), (8, 10), (1, 2), (0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, 6)),
    ),
    partners=(0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15),
    sigmas=(
        *(0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072),
        *(0.062, 0.062, 0.107, 0.107, 0.087, 0.087, 0.089, 0.089),
    ),
    angles=_ANGLES,
)
"""COCO's people: its joints, limbs and sigmas (Lin 2014; cocodataset.org, keypoint evaluation)."""

LSP_14 = Skeleton(
    joints=(
        "right_ankle",
        "right_knee",
        "right_hip",
        "left_hip",
        "left_knee",
        "left_ankle",
        "right_wrist",
        "right_elbow",
        "right_shoulder",
        "left_shoulder",
        "left_elbow",
        "left_wrist",
        "neck",
        "head_top",
    ),
    limbs=(
        *((0, 1), (1, 2), (3, 4), (4, 5), (2, 3), (6, 7), (7, 8), (9, 10), (10, 11), (8, 12), (9, 12)),
        *((12, 13), (2, 8), (3, 9)),
    ),
    partners=(5, 4, 3, 2, 1, 0, 11, 10, 9, 8, 7, 6, 12, 13),
    sigmas=(
        *(0.089, 0.087, 0.107, 0.107, 0.087, 0.089, 0.062, 0.072, 0.079, 0.079, 0.072, 0.062),
        *(0.079, 0.079),
    ),
    angles=_ANGLES,
)
"""The Leeds Sports Poses (Johnson and Everingham 2010); sigmas are COCO's, of neck and head those of the shoulders."""
