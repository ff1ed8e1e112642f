"""What a check finds: kinds of faults, and the places where they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Kind(_Frozen):
    """A kind of fault.

    Attributes:
        severity: an error keeps the data from being used or makes scores untrue; a warning is probably a mistake; a
            note is dealt with, but its owner should know.
        what: what is the matter, in a sentence.
        fix: what to do about it, in a sentence.
        mends: whether ``--fix`` can mend it in a copy.
    """

    severity: Severity
    what: str
    fix: str
    mends: bool = False


class Place(_Frozen):
    """Where a fault is.

    Attributes:
        files: paths within the data folder; two or more where the fault lies between them.
        detail: what there is to say of this place alone; may be empty.
    """

    files: tuple[str, ...]
    detail: str = ""

    @property
    def shown(self) -> str:
        """The files as a line for people."""
        return " · ".join("the whole set" if name == "." else name for name in self.files)


class Finding(_Frozen):
    """All places of one kind of fault."""

    kind: str
    severity: Severity
    what: str
    fix: str
    mends: bool
    places: tuple[Place, ...]


RANKED = frozenset({"label-suspicious"})
"""Kinds whose places are in order of how bad they are, not of their files."""
MOST_RANKED = 12
"""Places of such a kind that are shown, since it is the first that are to be looked at."""

Found = tuple[str, Place]
"""Name of a kind, and a place."""


def gather(found: Iterable[Found]) -> list[Finding]:
    """Findings by kind, errors first, then in the order of ``KINDS``."""
    places: dict[str, list[Place]] = {name: [] for name in KINDS}
    for name, place in found:
        places[name].append(place)
    findings = [
        Finding(
            kind=name,
            places=tuple(sorted(places[name], key=lambda one: one.files)),
            **KINDS[name].model_dump(),
        )
        for name in KINDS
        if places[name]
    ]
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))


def _error(what: str, fix: str, *, mends: bool = False) -> Kind:
    return Kind(severity="error", what=what, fix=fix, mends=mends)


def _warning(what: str, fix: str, *, mends: bool = False) -> Kind:
    return Kind(severity="warning", what=what, fix=fix, mends=mends)


def _note(what: str, fix: str, *, mends: bool = False) -> Kind:
    return Kind(severity="note", what=what, fix=fix, mends=mends)


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        # Files
        "file-empty": _error("The file holds no bytes.", "Copy it again from where it came."),
        "file-truncated": _error("The file is damaged or cut short.", "Copy it again from where it came."),
        "file-foreign": _error(
            "The file is not the picture that its name promises.", "Open it in a viewer, or remove it."
        ),
        "file-unread": _warning(
            "The file is in a format that is not read, so the picture in it takes no part.",
            "Save it as PNG or JPEG, a volume slice by slice.",
        ),
        "file-enormous": _error(
            "The picture has more pixels than an ordinary computer can hold.",
            "Scale it down, image and mask alike.",
        ),
        "file-animated": _error("The file holds several pictures.", "Save the one that is meant as a PNG."),
        "file-suffix": _warning(
            "The file is of another format than its suffix says.",
            "Rename it, so that every program reads it alike.",
            mends=True,
        ),
        "file-name": _warning(
            "The name holds characters that other programs stumble over.",
            "Rename image and mask alike.",
            mends=True,
        ),
        "image-kind": _error(
            "The image has other channels or another depth than most.", "Save all images alike."
        ),
        "image-cmyk": _note(
            "The image is in printer's colours (CMYK), and is read as RGB.",
            "Save it as RGB if its colours look wrong.",
            mends=True,
        ),
        "image-alpha": _note(
            "The image has an alpha channel; what is transparent is read as white.",
            "Save it without transparency.",
            mends=True,
        ),
        "image-rotated": _note(
            "The image is stored turned (EXIF); it is read upright, as viewers show it.",
            "Nothing, if its mask fits.",
            mends=True,
        ),
        "image-grey": _note(
            "The image is grey among coloured ones.", "Nothing, if new images will be of both kinds."
        ),
        # Pairs
        "pair-no-mask": _error(
            "The image has no mask.", "Add a mask of the same name, or move the image away."
        ),
        "pair-no-image": _error(
            "The mask has no image.", "Add the image of the same name, or move the mask away."
        ),
        "pair-clash": _error(
            "Two files have the same name without suffix, or lie where there should be one.",
            "Rename or remove one of them.",
        ),
        "list-line": _error("A line of the list cannot be used.", "Correct the list."),
        # Objects told apart
        "objects-unreadable": _error(
            "The objects of the image cannot be read.", "Do what is said of the file, or write it anew."
        ),
        "size-said": _error(
            "The file of objects is for an image of another size.", "Give the very image that was annotated."
        ),
        "annotation-outline": _error(
            "An annotation has no usable outline: too few points, no numbers, or runs that do not fill the image.",
            "Draw it again, or remove it.",
        ),
        "annotation-category": _error(
            "An annotation is of a category, or of a class number, that nothing names.",
            "Name it in the list of categories, or correct the number.",
        ),
        "ids-jpeg": _error(
            "The picture of objects was saved as a JPEG, which changes its numbers.",
            "Save it as a PNG from where it was drawn.",
        ),
        "ids-smoothed": _error(
            "The picture of objects was smoothed or drawn anti-aliased: along edges are numbers of no object.",
            "Save it without smoothing from where it was drawn.",
        ),
        "ids-wrapped": _error(
            "The picture of objects holds more than 8 bits can number: beyond 255 the count began anew.",
            "Save it with 16 bits from where it was drawn.",
        ),
        "ids-classes": _error(
            "The picture seems to number classes instead of objects: few numbers, and many of them in several pieces.",
            "Use --task semantic, or give each object a number of its own.",
        ),
        "object-pieces": _warning(
            "An object has pieces that lie far apart, as if two objects had one number.",
            "Look at the image; give each object a number of its own.",
        ),
        "object-speck": _warning(
            "Objects have hardly a pixel, among far larger ones: slips of a pen, as a rule.",
            "Look at them; remove those that are none.",
        ),
        "object-empty": _warning("An object covers no pixel.", "Remove it, or draw it again.", mends=True),
        "object-background": _warning(
            "An object has the background's class for most of its pixels, so it is read as none.",
            "Correct the picture of classes, or remove the object's number.",
            mends=True,
        ),
        "object-unnumbered": _warning(
            "Pixels of a class of things have no number, so they are read as not labelled.",
            "Number the objects that they are of, or mark them as a crowd.",
            mends=True,
        ),
        "object-twice": _warning("The same object is there twice.", "Remove one of both.", mends=True),
        "object-alike": _warning(
            "Two objects cover nearly the same pixels.", "Look whether they are one; remove the worse."
        ),
        "annotation-box": _warning(
            "The box of an annotation is not that of its outline.",
            "Compute it anew; Pixelwise reads the outline alone.",
            mends=True,
        ),
        "annotation-area": _warning(
            "The area of an annotation is not that of its pixels.",
            "Compute it anew; Pixelwise counts the pixels.",
            mends=True,
        ),
        "annotation-outside": _warning(
            "An outline leaves the image.",
            "Check that it was drawn on this very image; beyond it nothing is read.",
            mends=True,
        ),
        "annotation-flat": _warning(
            "An outline surrounds nothing.", "Draw it again, or remove it.", mends=True
        ),
        "annotation-id": _warning(
            "Two annotations have one id, so that other programs keep one of them.",
            "Give each its own.",
            mends=True,
        ),
        "annotation-path": _warning(
            "The file names another image than the one that it lies beside.",
            "Check that it was drawn on this image, and correct the name.",
            mends=True,
        ),
        "annotation-stray": _error(
            "An annotation belongs to no image, or to one that another annotates already.",
            "Add the image that it is of, or remove the annotation.",
        ),
        "annotation-no-image": _error(
            "A file of annotations lists an image that is not there.",
            "Put the image where the file says, or remove its entry.",
        ),
        # Joints of people
        "joint-outside": _warning(
            "A labelled joint lies far outside of its image: by more than a tenth of the longer side.",
            "Check that it was labelled on this very image; correct it, or set its visibility to 0.",
        ),
        "joint-box": _warning(
            "People have labelled joints but no box or no area.",
            "Write them anew with the program that made the file; what the joints span is taken instead.",
        ),
        # Sizes
        "size-exif": _error(
            "The mask fits the image as stored, but the image is shown turned (EXIF).",
            "Turn the mask as the image is turned.",
            mends=True,
        ),
        "size-transposed": _error(
            "Width and height of image and mask are swapped.", "Turn the mask by a quarter.", mends=True
        ),
        "size-factor": _error(
            "The mask is the image's size times a factor.",
            "Scale the mask to the image's size, without smoothing.",
            mends=True,
        ),
        "size-differs": _error("Image and mask differ in size.", "Make the mask from this very image."),
        "size-tiny": _warning(
            "The image is too small to show anything.", "Look at it; remove it if it is an accident."
        ),
        "size-outlier": _note(
            "The image's size or aspect is far from the others'.", "Look whether it belongs here."
        ),
        # Values in masks
        "mask-single-value": _error(
            "Every mask is of a single class.",
            "Check how the masks were saved, and what --ignore, --legend or a list of classes makes of their values.",
        ),
        "mask-deep": _error(
            "The mask holds more than 8 bits a channel, or fractions.", "Save it with one number per class."
        ),
        "mask-photo": _error(
            "The mask looks like a photograph.", "Check whether images and masks were mixed up."
        ),
        "mask-numbered": _error(
            "The mask numbers objects instead of naming their class.",
            "To tell them apart, give --task instance; to make one class of them, --legend with a CSV: name,value and "
            "background,0 and object,1-65535; or name the classes in it, if these are some.",
        ),
        "mask-smoothed": _error(
            "The mask has values in between along its edges: it was scaled with smoothing or drawn anti-aliased.",
            "Save it without smoothing.",
            mends=True,
        ),
        "mask-soft": _error(
            "The mask fades out over a wide edge: it is a matte, not a class map.",
            "Decide where the object ends.",
            mends=True,
        ),
        "mask-jpeg": _error(
            "The mask was saved as a JPEG, which changes its values.", "Save it as a PNG.", mends=True
        ),
        "mask-near-colours": _error(
            "The mask holds shades of a few colours.", "Save it with one colour for each class.", mends=True
        ),
        "mask-coloured": _error(
            "The mask is in colours that no legend explains.", "Name the colours with --legend."
        ),
        "mask-unknown-value": _error(
            "The mask holds values that stand for no class.", "Correct them, or name them with --legend."
        ),
        "mask-inverted": _warning(
            "Object and background are swapped, compared with the other masks.",
            "Invert the mask.",
            mends=True,
        ),
        "mask-shifted": _warning(
            "The mask lies beside what is seen in the image.", "Look at the overlay; move the mask."
        ),
        "mask-turned": _warning(
            "The mask follows the image's edges only when it is mirrored or turned.",
            "Look at the overlay; turn the mask.",
            mends=True,
        ),
        "mask-exchanged": _warning(
            "Two masks follow the edges of each other's images and not those of their own.",
            "Look at both overlays; exchange the masks.",
        ),
        "mask-misfit": _warning(
            "The mask's edges are nowhere near the image's: it may belong to another image.",
            "Look at the overlay; check the pairing.",
        ),
        "mask-0-255": _note(
            "Masks use 0 and 255 for two classes; they are read as such.", "Nothing needs doing."
        ),
        "mask-mixed": _note(
            "Some masks use 0 and 1, others 0 and 255; both are read as two classes.",
            "Nothing needs doing.",
            mends=True,
        ),
        "mask-empty": _note("Nothing is labelled in the mask.", "Nothing, if the image shows nothing."),
        "mask-full": _warning("The object fills the whole mask.", "Look at the overlay."),
        "mask-repeated": _warning("Different images have the very same mask.", "Check the pairing."),
        "mask-area": _note("The object is far larger or smaller than usual.", "Look at the overlay."),
        "class-gap": _warning(
            "A class has a number or a name but no pixel in any mask.",
            "Remove it, or check how the masks were made.",
        ),
        "class-rare": _warning(
            "A number that nothing names is taken for a class, though few masks or hardly any pixels hold it.",
            "Correct these masks if it is a slip; if it is a class, name all classes with --legend.",
        ),
        "class-untrained": _error(
            "A class occurs in validation or test, but never in training.", "Draw other splits."
        ),
        # Labels and what models say
        "label-suspicious": _warning(
            "The label contradicts what a model that never saw it is sure of.",
            "Look at both outlines; correct the label where the model is right.",
        ),
        # Content of images
        "image-flat": _warning(
            "The image shows nothing: all of it is of one colour.", "Remove it, with its mask."
        ),
        "image-exposure": _note(
            "The image is far darker or brighter than the others.", "Look whether it is usable."
        ),
        # Likeness
        "duplicate": _warning("Images are the same.", "Keep one of them."),
        "near-duplicate": _warning(
            "Images are nearly the same: mirrored, turned, cropped, scaled, re-compressed or neighbouring frames.",
            "Keep them in one split; splits that Pixelwise draws do.",
        ),
        "duplicate-masks-differ": _warning(
            "The same picture is labelled in two ways.", "Look at both masks and keep the right one."
        ),
        "leak": _error(
            "Images that are nearly the same lie in different splits: scores will be too good.",
            "Draw splits anew, or move one of them.",
        ),
        "groups-in-names": _note(
            "Names look like those of frames, or slices, of several sequences.",
            "If they are, keep each sequence in one split: give the pattern with --group-by.",
        ),
        "leak-names": _warning(
            "By their names, images in different splits are of one sequence: scores may be too good.",
            "Name the groups with --group-by.",
        ),
        "leak-group": _error(
            "Images of one group (a patient, a video) lie in different splits: scores will be too good.",
            "Draw splits by group.",
        ),
    }
)
"""Every kind of fault that is looked for, by name."""
