"""The products, and the types of event that each of them knows; a journey may use others."""

from __future__ import annotations

EVENT_TYPES: dict[str, tuple[str, ...]] = {
    "core": (
        "entity_created",
        "entity_updated",
        "entity_terminated",
        "journey_start",
        "journey_end",
        "milestone",
        "trigger_outbound",
        "trigger_received",
    ),
    "patientsim": (
        "admission",
        "discharge",
        "transfer",
        "encounter",
        "observation",
        "procedure",
        "medication_order",
        "lab_order",
        "lab_result",
        "diagnosis",
        "referral",
        "care_plan_update",
    ),
    "membersim": (
        "new_enrollment",
        "termination",
        "plan_change",
        "claim_professional",
        "claim_institutional",
        "claim_pharmacy",
        "gap_identified",
        "gap_closed",
        "outreach",
    ),
    "rxmembersim": (
        "new_rx",
        "refill",
        "fill",
        "reversal",
        "therapy_start",
        "therapy_change",
        "therapy_discontinue",
        "adherence_gap",
        "mpr_threshold",
        "outreach",
    ),
    "trialsim": (
        "screening",
        "randomization",
        "withdrawal",
        "scheduled_visit",
        "unscheduled_visit",
        "adverse_event",
        "serious_adverse_event",
        "protocol_deviation",
        "dose_modification",
    ),
}
"""Types of event by product; those of ``core`` may happen in every product."""

PRODUCTS = tuple(EVENT_TYPES)
"""The products."""
