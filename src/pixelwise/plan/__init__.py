"""From data and wishes to a recipe, with a reason for every choice."""

from pixelwise.plan.ceiling import ceiling
from pixelwise.plan.fingerprint import Covered, Fingerprint
from pixelwise.plan.planning import Plan, plan
from pixelwise.plan.scale import ScalePlan, plan_scale

__all__ = ["Covered", "Fingerprint", "Plan", "ScalePlan", "ceiling", "plan", "plan_scale"]
