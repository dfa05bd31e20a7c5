"""What people answer in the forms of the shipped models when all goes well, by form."""

from __future__ import annotations

from typing import Any

WINDOW = {"window_start": "2026-04-18T20:00+02:00", "window_end": "2026-04-19T04:00+02:00"}
CHECKSUM = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
CHANGES = [
    {"number": "C-1", "title": "New sign-in", "approved": True, "in_window": True},
    {"number": "C-2", "title": "Faster search", "approved": True, "in_window": True},
]
WAVES = [
    {"name": "Pilot", "soak": "P1D", "targets": "Ten people of the service desk"},
    {"name": "Everybody", "soak": "P2D", "targets": "All sites"},
]
REGISTER = {
    "kind": "software", "service": "Customer portal", "reason": "business-requirement", "classification": "improvement",
    "description": "Customers sign in with one account for all services.",
}  # fmt: skip
PACKAGE_ITEM = {"name": "portal", "version": "4.0", "licensed": True, "certified": True}
INSTALLED = {"failed": 0, "outage": 12, "note": "As planned."}

BY_FORM: dict[str, dict[str, Any]] = {
    "register_release": REGISTER,
    "register_minor": REGISTER | {"affected_users": 40},
    "register_emergency": {
        "kind": "software", "service": "Customer portal", "problem": "P-17", "reason": "problem-resolution",
        "description": "Orders are lost when the queue is full.", "linked_changes": CHANGES[:1],
    },
    "identify_stakeholders": {
        "stakeholders": [{"user": "sam", "interest": "Calls about the service"}],
        "review_board": [{"user": "rita"}, {"user": "rolf"}, {"user": "rosa"}],
    },
    "analyse_risk": {
        "risk_likelihood": "medium", "risk_impact": "low", "risks": "Old browsers may not sign in.",
        "risk_plan": "A pilot with old browsers.",
    },
    "check_funding": {"funding": "approved", "budget": "4711", "cost_estimate": 12000, "cost_running": -500},
    "check_contracts": {"contracts_result": "covered", "licences": 0},
    "assess_users": {
        "affected_services": "Customer portal", "affected_users": 900, "planned_outage": 30, "user_impact": "low",
        "communication": "A note in the portal a week before.",
    },
    "choose_changes": {"linked_changes": CHANGES},
    "schedule_release": WINDOW | {"soak": "P2D", "planned_outage": 30},
    "plan_rollout": {
        "rollout": "all-at-once", "rollout_reason": "One server farm.", "procedure": "INST-4 v2",
        "back_out_plan": "Restore the image of the evening, 40 minutes.", "residual_risk": "low",
    },
    "plan_training": {"training_needed": False, "support_plan": "Two developers sit at the service desk."},
    "approve_plan": {},
    "build_software": {"build_reference": "portal-4.0.118", "source_revision": "8c1f2aa"},
    "store_software": {"library_reference": "dml/portal/4.0", "checksum": CHECKSUM, "licence": "Own work"},
    "receive_hardware": {"delivery_note": "L-99", "pieces": 2, "condition": "good"},
    "store_hardware": {
        "pieces_stored": [{"serial": "S-1", "location": "Shelf 4"}, {"serial": "S-2", "location": "Shelf 4"}],
    },
    "build_package": {
        "package_reference": "portal 4.0", "package_items": [PACKAGE_ITEM],
        "package_environments": ["test", "production"], "packaged_changes": ["C-1", "C-2"], "package_ready": True,
    },
    "confirm_build": {},
    "prepare_environment": {
        "environment": "test-3", "environment_source": "production-copy", "snapshot_date": "2026-03-20",
    },
    "test_functional": {"functional_result": "passed", "functional_evidence": "report 81"},
    "test_performance": {"performance_load": 120, "performance_result": "passed", "performance_evidence": "report 82"},
    "test_acceptance": {
        "accepted_by": "Three customers", "acceptance_result": "passed", "acceptance_evidence": "Minutes of 2 April",
        "environment_ready": True,
    },
    "prepare_training": {"training_material": "wiki/portal-4", "training_audience": "Service desk"},
    "deliver_training": {"trained_on": "2026-04-10", "participants": 14},
    "review_readiness": {"readiness_note": "All is ready."},
    "decide_go": {},
    "install_release": {f"install_{name}": value for name, value in INSTALLED.items()},
    "install_wave": {f"wave_{name}": value for name, value in INSTALLED.items()},
    "resolve_problem": {"problem_reference": "P-20", "problem_cause": "A cache.", "problem_fix": "Emptied it."},
    "confirm_installed": {"all_targets": True, "installed_at": "2026-04-18T22:00+02:00"},
    "verify_production": {
        "verified_by": ["monitoring", "users"], "verification_result": "passed", "verification_evidence": "board 7",
    },
    "restore_versions": {"restored_versions": "portal 3.9", "restored_at": "2026-04-18T23:00+02:00"},
    "verify_restored": {"restore_result": "passed"},
    "inform_users": {"user_message": "Version 3.9 is back.", "user_channels": ["portal"]},
    "evaluate_change": {"change_result": "successful"},
    "transfer_knowledge": {
        "knowledge_receiver": "Operations", "knowledge_none": False, "knowledge_link": "https://kb.example/portal-4",
        "cost_actual": 11500, "cost_final": True,
    },
    "learn_lessons": {"successes": "The pilot.", "lessons": "Start the pilot earlier."},
    "approve_emergency": {},
    "build_fix": {
        "package_reference": "portal 3.9.1", "library_reference": "dml/portal/3.9.1", "checksum": CHECKSUM,
        "back_out_plan": "Install 3.9 again.", "package_ready": True,
    },
    "test_fix": {"problem_gone": True, "test_result": "passed", "test_evidence": "report 83"},
    "check_readiness": {},
    "complete_documentation": {
        "emergency_cause": "The queue had no limit.", "emergency_steps": "Built, tested and installed in three hours.",
        "emergency_tests": "The load test followed the next day.", "items_current": True,
    },
    "approve_afterwards": {},
}  # fmt: skip
