"""The organisation of the demo: Harbour Mutual, an insurer with an IT department of its own."""

from __future__ import annotations

from service.domain import policy

PASSWORD = "tidegate-demo"  # noqa: S105 - printed at the start, for the demo alone

GROUPS = {
    "release-managers": "Release managers",
    "release-coordinators": "Release coordinators",
    "release-review-board": "Release review board",
    "emergency-board": "Emergency board",
    "change-advisory-board": "Change advisory board",
    "finance": "Finance",
    "build-team": "Build team",
    "test-team": "Test team",
    "operations": "Operations",
    "trainers": "Trainers",
    "service-desk": "Service desk",
}

# name: title, roles, groups, language
PEOPLE: dict[str, tuple[str, list[str], list[str], str]] = {
    "ada": ("Ada Lindgren", [policy.ADMINISTRATOR], [], "en"),
    "petra": ("Petra Vogel", [policy.PROCESS_OWNER], [], "de"),
    "max": ("Max Okafor", [policy.RELEASE_MANAGER], ["release-managers"], "en"),
    "mia": ("Mia Sørensen", [policy.RELEASE_MANAGER], ["release-managers"], "en"),
    "cora": ("Cora Jansen", [policy.COORDINATOR], ["release-coordinators"], "en"),
    "carl": ("Carl Weber", [policy.COORDINATOR], ["release-coordinators"], "de"),
    "rita": ("Rita Marques", [policy.APPROVER], ["release-review-board", "change-advisory-board"], "en"),
    "rolf": ("Rolf Brandt", [policy.APPROVER], ["release-review-board", "emergency-board"], "de"),
    "rosa": ("Rosa Lim", [policy.APPROVER], ["release-review-board", "change-advisory-board", "emergency-board"], "en"),
    "fred": ("Fred Palmer", [policy.STAKEHOLDER], ["finance"], "en"),
    "bea": ("Bea Novak", [policy.STAKEHOLDER], ["build-team"], "en"),
    "tom": ("Tom Achterberg", [policy.STAKEHOLDER], ["test-team"], "en"),
    "otto": ("Otto Falk", [policy.STAKEHOLDER], ["operations"], "de"),
    "tina": ("Tina Rossi", [policy.STAKEHOLDER], ["trainers"], "en"),
    "sam": ("Sam Dube", [policy.STAKEHOLDER], ["service-desk"], "en"),
}
