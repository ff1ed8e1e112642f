"""Instance and panoptic segmentation: classes, centres and offsets, and the objects that they make."""

from pixelwise.tasks.panoptic.result import PanopticResult
from pixelwise.tasks.panoptic.task import PanopticTask

__all__ = ["PanopticResult", "PanopticTask"]
