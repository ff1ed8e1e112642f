"""From data and wishes to a recipe, with a reason for every choice."""

from pixelwise.plan.ceiling import ceiling
from pixelwise.plan.fingerprint import Covered, Fingerprint
from pixelwise.plan.orientation import lie_any_way
from pixelwise.plan.planning import Plan, plan
from pixelwise.plan.pose import CROP, PoseFacts, plan_pose, share_of
from pixelwise.plan.scale import ScalePlan, plan_scale

__all__ = [
    "CROP",
    "Covered",
    "Fingerprint",
    "Plan",
    "PoseFacts",
    "ScalePlan",
    "ceiling",
    "lie_any_way",
    "plan",
    "plan_pose",
    "plan_scale",
    "share_of",
]
