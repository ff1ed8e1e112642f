"""A plain script with segmentation_models.pytorch, within the same budget, to hold Pixelwise to.

    pip install --no-deps segmentation-models-pytorch
    python benchmarks/smp_unet.py ../shared/data/ph2 --budget 300
    pixelwise train ../shared/data/ph2/PH2Dataset --splits ../shared/data/ph2/splits.csv --budget 5m --out run

What a practitioner who knows the field writes: smp.Unet over the same pretrained EfficientNet-Lite0, images resized to
one size, flips, turns, scaling and colours changed at random, AdamW with warm-up and cosine, cross-entropy + Dice,
bf16 in channels-last, the best epoch on validation kept, a mirrored image beside each test image. The budget is wall
clock from the start of the process, evaluation included. Prints the mean Dice on test images at their own size.
"""

from __future__ import annotations

import time

STARTED = time.monotonic()

import argparse  # noqa: E402
import copy  # noqa: E402
import importlib  # noqa: E402
import math  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from torch import Tensor  # noqa: E402

from pixelwise.data.dataset import Dataset  # noqa: E402
from pixelwise.models.encoders.efficientnet_lite import LITE0, _locate  # noqa: E402
from pixelwise.types import SplitName  # noqa: E402
from pixelwise.workflows.data import open_data  # noqa: E402

RATE, ENCODER_SHARE, BATCH = 1e-3, 0.5, 8


def build() -> Any:
    """smp.Unet over EfficientNet-Lite0 with the weights that Pixelwise starts from."""
    if (
        not torch.cuda.is_available()
    ):  # beside a CPU build of torch, torchvision lacks these two and does not import
        library: Any = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    smp = importlib.import_module("segmentation_models_pytorch")
    network = smp.Unet("tu-tf_efficientnet_lite0", encoder_weights=None, classes=1)
    stored = torch.load(_locate(LITE0.weights), map_location="cpu", weights_only=True)
    own = network.encoder.state_dict()
    values = [value for name, value in stored.items() if not name.startswith(("fc", "classifier", "_fc"))]
    shapes = [tuple(value.shape) for value in values][: len(own)]
    assert shapes == [tuple(value.shape) for value in own.values()], "the weights are of another network"
    network.encoder.load_state_dict(dict(zip(own, values, strict=False)))
    return network.to(memory_format=torch.channels_last)


def read(data: Dataset, split: SplitName, size: int) -> tuple[Tensor, Tensor, list[np.ndarray]]:
    """Images (N, 3, size, size), masks (N, 1, size, size), and masks of the images' own sizes."""
    images, masks, whole = [], [], []
    for sample in data.split(split).samples:
        image, label = data.read(sample)
        pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float()
        mask = torch.from_numpy((label.class_map == 1).astype(np.float32))[None, None]
        images.append(F.interpolate(pixels, (size, size), mode="bilinear", antialias=True)[0])
        masks.append(F.interpolate(mask, (size, size), mode="nearest-exact")[0])
        whole.append(label.class_map == 1)
    mean = torch.tensor([0.485, 0.456, 0.406])[:, None, None] * 255
    std = torch.tensor([0.229, 0.224, 0.225])[:, None, None] * 255
    return (torch.stack(images) - mean) / std, torch.stack(masks), whole


def change(images: Tensor, masks: Tensor, *, turn: bool) -> tuple[Tensor, Tensor]:
    """Flips, turns, scaling and colours at random."""
    count = len(images)
    angle = (torch.rand(count) * 2 - 1) * math.radians(180 if turn else 15)
    scale = torch.exp((torch.rand(count) * 2 - 1) * math.log(1.3))
    flip = torch.where(torch.rand(count) < 0.5, -1.0, 1.0)
    shift = (torch.rand(count, 2) * 2 - 1) * 0.1
    cosine, sine = torch.cos(angle) / scale, torch.sin(angle) / scale
    rows = [
        torch.stack([flip * cosine, -sine, shift[:, 0]], 1),
        torch.stack([flip * sine, cosine, shift[:, 1]], 1),
    ]
    grid = F.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
    images = F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)
    masks = F.grid_sample(masks, grid, mode="nearest", padding_mode="reflection", align_corners=False)
    gain = 1 + (torch.rand(count, 1, 1, 1) * 2 - 1) * 0.2
    bias = (torch.rand(count, 1, 1, 1) * 2 - 1) * 0.4
    return images * gain + bias, masks


def loss_of(logits: Tensor, masks: Tensor) -> Tensor:
    """Binary cross-entropy + soft Dice of the batch."""
    probability = logits.sigmoid()
    both = 2 * (probability * masks).sum() + 1
    return (
        F.binary_cross_entropy_with_logits(logits, masks) + 1 - both / (probability.sum() + masks.sum() + 1)
    )


@torch.inference_mode()
def dice(network: Any, images: Tensor, whole: list[np.ndarray]) -> float:
    """Mean Dice at the images' own sizes, each image beside its mirror image."""
    network.eval()
    scores = []
    for image, truth in zip(images, whole, strict=True):
        with torch.autocast("cpu", torch.bfloat16):
            pair = network(torch.stack([image, image.flip(-1)]).to(memory_format=torch.channels_last)).float()
        logits = (pair[0] + pair[1].flip(-1)) / 2
        found = F.interpolate(logits[None], truth.shape, mode="bilinear")[0, 0].numpy() > 0
        if truth.any() or found.any():
            scores.append(2 * (truth & found).sum() / (truth.sum() + found.sum()))
    return float(np.mean(scores))


def main() -> None:
    """Train until the budget is over, then score."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="folder of a data set that holds splits.csv")
    parser.add_argument("--budget", type=float, default=300.0)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--turn", action="store_true", help="the pictures have no up and down")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    data = open_data(options.data, splits=options.data / "splits.csv")
    images, masks, _ = read(data, "train", options.size)
    val_images, _, val_whole = read(data, "val", options.size)
    test_images, _, test_whole = read(data, "test", options.size)
    network = build()
    encoder = list(network.encoder.parameters())
    others = [one for name, one in network.named_parameters() if not name.startswith("encoder.")]
    optimiser = torch.optim.AdamW(
        [{"params": encoder, "share": ENCODER_SHARE}, {"params": others, "share": 1.0}], weight_decay=1e-2
    )
    reserve = 3 + 0.2 * len(test_images)
    best, kept, step = -1.0, {}, 0
    while time.monotonic() - STARTED < options.budget - reserve:
        network.train()
        order = torch.randperm(len(images))
        for batch in torch.split(order[: len(order) // BATCH * BATCH], BATCH):
            progress = min(1.0, (time.monotonic() - STARTED) / (options.budget - reserve))
            rate = RATE * min(progress / 0.05, 0.5 + 0.5 * math.cos(math.pi * progress))
            for group in optimiser.param_groups:
                group["lr"] = rate * group["share"]
            changed, marked = change(images[batch], masks[batch], turn=options.turn)
            with torch.autocast("cpu", torch.bfloat16):
                logits = network(changed.to(memory_format=torch.channels_last))
            loss = loss_of(logits.float(), marked)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            step += 1
        score = dice(network, val_images, val_whole)
        if score > best:
            best, kept = score, copy.deepcopy(network.state_dict())
    network.load_state_dict(kept)
    found = dice(network, test_images, test_whole)
    seconds = time.monotonic() - STARTED
    print(f"smp.Unet, {step} steps of {BATCH}, {seconds:.0f} s: validation {best:.4f}, test Dice {found:.4f}")


if __name__ == "__main__":
    main()
