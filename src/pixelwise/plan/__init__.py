"""From data and wishes to a recipe, with a reason for every choice."""

from pixelwise.plan.ceiling import ceiling
from pixelwise.plan.fingerprint import Covered, Fingerprint
from pixelwise.plan.orientation import lie_any_way
from pixelwise.plan.planning import Asked, Plan, of_rates, plan
from pixelwise.plan.pose import CROP, SINGLE_MODEL, PoseFacts, lean_of, plan_pose, share_of, unmirrored
from pixelwise.plan.reasons import network_text, of_batch
from pixelwise.plan.scale import ScalePlan, plan_scale
from pixelwise.plan.still import STILL, still_layers

__all__ = [
    "CROP",
    "SINGLE_MODEL",
    "STILL",
    "Asked",
    "Covered",
    "Fingerprint",
    "Plan",
    "PoseFacts",
    "ScalePlan",
    "ceiling",
    "lean_of",
    "lie_any_way",
    "network_text",
    "of_batch",
    "of_rates",
    "plan",
    "plan_pose",
    "plan_scale",
    "share_of",
    "still_layers",
    "unmirrored",
]
