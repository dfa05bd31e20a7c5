"""What the people of the demo write into the forms, by form id."""

from __future__ import annotations

from typing import Any

CHANGES = [
    {"number": "C-311", "title": "Move the claims database to the new cluster", "approved": True, "in_window": True},
    {"number": "C-314", "title": "Claims portal 4.0 with photo upload", "approved": True, "in_window": True},
    {"number": "C-318", "title": "Retire the fax gateway", "approved": True, "in_window": True},
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
        "checksum": "sha256:5b1f0c2e7d9a48f3",
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
        "checksum": "sha256:0d55a1b09c7e4412",
        "back_out_plan": "Install 7.4.1 again and pause the debit run.",
        "package_ready": True,
    },
}
