"""From data and wishes to a recipe, with a reason for every choice."""

from pixelwise.plan.ceiling import ceiling
from pixelwise.plan.fingerprint import Fingerprint
from pixelwise.plan.frame import FramePlan, plan_frame
from pixelwise.plan.planning import Plan, plan

__all__ = ["Fingerprint", "FramePlan", "Plan", "ceiling", "plan", "plan_frame"]
