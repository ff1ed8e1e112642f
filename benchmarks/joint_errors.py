"""Where the joints of a pose model are that are not where they should be.

    python benchmarks/joint_errors.py RUN DATA/lsp [--split train] [--every 6]

For sets of one person a picture. Each labelled joint counts for the first of these that is so: right (within a fifth
of the torso, as PCK has it), on the same joint of the other side (within as much of it), near (within 0.35), near the
other side's, elsewhere. Many on the other side: left and right are not told apart. Many near: places are coarse.
Likewise on training images: the model has not learned enough, rather than learned them by heart.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import pixelwise
from pixelwise.metrics.keypoints import CLOSE
from pixelwise.skeleton import Skeleton
from pixelwise.tasks import PoseTask
from pixelwise.types import SPLITS, People

NEAR = 0.35
"""Of the torso."""
KINDS = ("right", "other side's", "near", "near other side's", "elsewhere")


def kinds_of(found: NDArray[np.float32], truth: People, skeleton: Skeleton) -> NDArray[np.int64]:
    """(K,) which of ``KINDS`` each joint of the only person (K, 2) is; -1 where it is not labelled."""
    torso = skeleton.torso()
    assert torso is not None, "the skeleton has no torso to measure by"
    points, labelled = truth.keypoints[0].astype(float), truth.visibility[0] > 0
    length = np.hypot(*(points[torso[0]] - points[torso[1]]))
    partners = np.array(skeleton.partners)
    off = np.hypot(*(found - points).T) / length
    off_other = np.hypot(*(found - points[partners]).T) / length
    off_other[(partners == np.arange(len(partners))) | ~labelled[partners]] = np.inf
    rules = [off <= CLOSE, off_other <= CLOSE, off <= NEAR, off_other <= NEAR]
    return np.where(labelled, np.select(rules, range(len(rules)), len(rules)), -1)


def main() -> None:
    """Print the shares, of all joints and of each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--split", choices=SPLITS, default="val")
    parser.add_argument("--every", type=int, default=1, help="Look at every so many pictures.")
    options = parser.parse_args()
    predictor = pixelwise.load(options.run)
    name, task = next((name, one) for name, one in predictor.tasks.items() if isinstance(one, PoseTask))
    data = pixelwise.open_data(options.data, task=name).split(options.split)
    data = data.cropped(predictor.preprocessing.scale.crop)
    found = []
    for sample in data.samples[:: options.every]:
        image, label = data.read(sample)
        people = predictor.predict(image)[name]
        if label.people is not None and len(label.people) == len(people) == 1:
            found.append(kinds_of(people.keypoints[0], label.people, task.skeleton))
    kinds = np.array(found)
    print(f"{len(found)} pictures of {options.split}\n{'':20}" + "".join(f"{one:>19}" for one in KINDS))
    for title, column in [("all", kinds), *zip(task.skeleton.joints, kinds.T, strict=True)]:
        counts = np.bincount(column[column >= 0], minlength=len(KINDS))
        print(f"{title:20}" + "".join(f"{share:19.1%}" for share in counts / counts.sum()))


if __name__ == "__main__":
    main()
