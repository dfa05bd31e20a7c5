"""What the people of the demo write into the forms, by form id."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

CHANGES = [
    {"number": "C-311", "title": "Move the claims database to the new cluster", "approved": True, "in_window": True},
    {"number": "C-314", "title": "Claims portal 4.0 with photo upload", "approved": True, "in_window": True},
    {"number": "C-318", "title": "Retire the fax gateway", "approved": True, "in_window": True},
]

MINOR_CHANGES = [
    {"number": "C-322", "title": "Search index for policy numbers", "approved": True, "in_window": True},
    {"number": "C-325", "title": "Premium calculator: rounding per line", "approved": True, "in_window": True},
]

ANSWERS: dict[str, dict[str, Any]] = {
    "register_release": {
        "kind": "software",
        "service": "Claims portal",
        "reason": "business-requirement",
        "classification": "improvement",
        "description": "Customers report damage with photos from their phone; adjusters decide the same day.",
    },
    "register_minor": {
        "kind": "software",
        "service": "Broker extranet",
        "reason": "problem-resolution",
        "classification": "maintenance",
        "description": "Faster search, a fixed premium calculator and the new privacy notice.",
        "affected_users": 420,
    },
    "register_emergency": {
        "kind": "software",
        "service": "Payments",
        "problem": "P-88",
        "reason": "problem-resolution",
        "description": "Direct debits are sent twice when the bank's gateway answers late.",
        "linked_changes": [
            {"number": "C-330", "title": "Make the payment call repeatable", "approved": True, "in_window": True}
        ],
    },
    "identify_stakeholders": {
        "stakeholders": [{"user": "sam", "interest": "Calls from customers"}, {"user": "fred", "interest": "Budget"}],
        "review_board": [{"user": "rita"}, {"user": "rolf"}, {"user": "rosa"}],
    },
    "analyse_risk": {
        "risk_likelihood": "medium",
        "risk_impact": "medium",
        "risks": "The photo store may fill faster than planned; the old portal must stay readable for a week.",
        "risk_plan": "Quota alarms at 70 %, a read-only copy of the old portal, a rehearsed switch back.",
    },
    "check_funding": {"funding": "approved", "budget": "B-2026-117", "cost_estimate": 48000, "cost_running": 900},
    "check_contracts": {"contracts_result": "covered", "licences": 40},
    "assess_users": {
        "affected_services": "Claims portal, adjuster desktop",
        "affected_users": 3200,
        "planned_outage": 90,
        "user_impact": "medium",
        "communication": "Banner in the portal a week before, mail to adjusters on Monday.",
    },
    "choose_changes": {"linked_changes": CHANGES},
    "schedule_release": {
        "window_start": "2026-12-12T20:00:00+00:00",
        "window_end": "2026-12-13T04:00:00+00:00",
        "soak": "P3D",
        "planned_outage": 90,
    },
    "plan_rollout": {
        "rollout": "waves",
        "rollout_reason": "Two branches first: adjusters there volunteered, and the load stays low.",
        "waves": [
            {"name": "Branches Aarhus and Bergen", "soak": "P1D", "targets": "portal-a1, portal-b1"},
            {"name": "Everybody", "soak": "P2D", "targets": "portal-a2, portal-b2, portal-c1"},
        ],
        "procedure": "RUN-204",
        "back_out_plan": "Point the load balancer at the old portal, replay the queue of the day.",
        "residual_risk": "low",
    },
    "plan_training": {
        "training_needed": True,
        "training_plan": "Two sessions of an hour for adjusters, recorded.",
        "support_plan": "A floor walker per branch in the first week, service desk briefed on Friday.",
    },
    "build_software": {"build_reference": "portal-4.0.0+318", "source_revision": "v4.0.0"},
    "store_software": {
        "library_reference": "DSL/portal/4.0.0",
        "checksum": "3a0272eaf90d8bfb2994eaac02159411f7c744d450c8915bc2788b7a3c0d44d0",
        "licence": "In-house",
    },
    "build_package": {
        "package_reference": "PKG-2026-31",
        "package_items": [
            {"name": "Claims portal", "version": "4.0.0", "licensed": True, "certified": True},
            {"name": "Photo store", "version": "1.2.0", "licensed": True, "certified": True},
        ],
        "package_environments": ["test", "training", "production"],
        "packaged_changes": ["C-311", "C-314", "C-318"],
        "package_ready": True,
    },
    "confirm_build": {"handover_note": "Handed over to the test team with release notes."},
    "build_fix": {
        "package_reference": "PKG-2026-40",
        "library_reference": "DSL/payments/7.4.2",
        "checksum": "85c934e3d7220d3a9736a0f968be3850c3f51d02e2d55ee3aeca0e354dca510b",
        "back_out_plan": "Install 7.4.1 again and pause the debit run.",
        "package_ready": True,
    },
    "prepare_environment": {
        "environment": "PREPROD-2",
        "environment_source": "production-copy",
        "snapshot_date": "2026-11-20",
    },
    "test_functional": {"functional_result": "passed", "functional_evidence": "TR-1207, 214 cases"},
    "test_performance": {
        "performance_load": 120,
        "performance_result": "passed",
        "performance_evidence": "TR-1208, p95 at 410 ms",
    },
    "test_acceptance": {
        "accepted_by": "Broker council",
        "acceptance_result": "passed",
        "acceptance_evidence": "Protocol of 19 November",
        "environment_ready": True,
    },
}

# Where the minor release differs.
MINOR_ANSWERS: dict[str, dict[str, Any]] = ANSWERS | {
    "analyse_risk": {
        "risk_likelihood": "low",
        "risk_impact": "low",
        "risks": "Brokers may see old search results for an hour while the index fills.",
        "risk_plan": "Fill the index before the switch; the old search stays one click away.",
    },
    "choose_changes": {"linked_changes": MINOR_CHANGES},
    "schedule_release": {
        "window_start": "2026-11-28T21:00:00+00:00",
        "window_end": "2026-11-29T02:00:00+00:00",
        "soak": "P1D",
        "planned_outage": 20,
    },
    "plan_rollout": {
        "rollout": "all-at-once",
        "rollout_reason": "One web farm, one search index: two versions side by side would confuse brokers.",
        "procedure": "RUN-118",
        "back_out_plan": "Switch back to the previous farm; the index of the old search is kept for a week.",
        "residual_risk": "low",
    },
    "plan_training": {"training_needed": False, "support_plan": "Service desk briefed on Friday."},
    "build_software": {"build_reference": "extranet-12.3.0+77", "source_revision": "v12.3.0"},
    "store_software": {
        "library_reference": "DSL/extranet/12.3.0",
        "checksum": "77b12840bdd0d476eab60edf5b33307f435d4e446ce43692e2981b52eb498080",
        "licence": "In-house",
    },
    "build_package": {
        "package_reference": "PKG-2026-36",
        "package_items": [{"name": "Broker extranet", "version": "12.3.0", "licensed": True, "certified": True}],
        "package_environments": ["test", "production"],
        "packaged_changes": ["C-322", "C-325"],
        "package_ready": True,
    },
}

# What is written after the tests, in releases that are over.
_LATER: dict[str, dict[str, Any]] = {
    "test_fix": {"problem_gone": True, "test_result": "passed", "test_evidence": "TR-1140"},
    "review_readiness": {"readiness_note": "Nothing is open."},
    "check_readiness": {"readiness_note": "Nothing is open."},
    "install_release": {"install_failed": 0, "install_outage": 10, "install_note": "As planned."},
    "verify_production": {
        "verified_by": ["monitoring", "sample"],
        "verification_result": "passed",
        "verification_evidence": "Dashboard, an hour after the switch",
    },
    "complete_documentation": {
        "emergency_cause": "A case that no test had.",
        "emergency_steps": "Built, tested and installed within a day; the records followed.",
        "emergency_tests": "The load test was made the day after and passed.",
        "items_current": True,
    },
    "evaluate_change": {"change_result": "successful"},
    "transfer_knowledge": {
        "knowledge_receiver": "Operations",
        "knowledge_none": True,
        "cost_actual": 6400,
        "cost_final": True,
    },
    "learn_lessons": {"successes": "Everybody was reached at once.", "lessons": "Test the case that no test had."},
}


def of_the_past(type: str, began: datetime) -> dict[str, dict[str, Any]]:
    """The answers in a release of this type that began then, up to its end."""
    start = (began + timedelta(days=18)).replace(hour=20, minute=0, second=0, microsecond=0)
    end = start + timedelta(hours=6)
    schedule = {"window_start": start.isoformat(), "window_end": end.isoformat(), "soak": "P1D", "planned_outage": 20}
    installed = {"all_targets": True, "installed_at": (end - timedelta(hours=2)).isoformat()}
    before = MINOR_ANSWERS if type == "minor" else ANSWERS
    return before | _LATER | {"schedule_release": schedule, "confirm_installed": installed}
