"""Human pose: a heat map for each joint, a part affinity field for each limb, people put together from them."""

from pixelwise.tasks.pose.result import PoseResult
from pixelwise.tasks.pose.task import PoseRow, PoseTask

__all__ = ["PoseResult", "PoseRow", "PoseTask"]
