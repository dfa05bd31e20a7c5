"""The people of the tests: who they are, what they may do."""

from __future__ import annotations

from service.domain import policy

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

PEOPLE: dict[str, tuple[str, list[str], list[str]]] = {
    # name: title, roles, groups
    "ada": ("Ada Administrator", [policy.ADMINISTRATOR], []),
    "petra": ("Petra Process-Owner", [policy.PROCESS_OWNER], []),
    "max": ("Max Manager", [policy.RELEASE_MANAGER], ["release-managers"]),
    "cora": ("Cora Coordinator", [policy.COORDINATOR], ["release-coordinators"]),
    "carl": ("Carl Coordinator", [policy.COORDINATOR], ["release-coordinators"]),
    "rita": ("Rita Reviewer", [policy.APPROVER], ["release-review-board", "change-advisory-board"]),
    "rolf": ("Rolf Reviewer", [policy.APPROVER], ["release-review-board", "emergency-board"]),
    "rosa": ("Rosa Reviewer", [policy.APPROVER], ["release-review-board", "change-advisory-board"]),
    "fred": ("Fred Finance", [policy.STAKEHOLDER], ["finance"]),
    "bea": ("Bea Builder", [policy.STAKEHOLDER], ["build-team"]),
    "tom": ("Tom Tester", [policy.STAKEHOLDER], ["test-team"]),
    "otto": ("Otto Operator", [policy.STAKEHOLDER], ["operations"]),
    "tina": ("Tina Trainer", [policy.STAKEHOLDER], ["trainers"]),
    "sam": ("Sam Servicedesk", [policy.STAKEHOLDER], ["service-desk"]),
    "nora": ("Nora Nobody", [], []),
}


def actor(name: str) -> policy.Actor:
    """This person as the use cases see them."""
    title, roles, groups = PEOPLE[name]
    return policy.Actor(name=name, title=title, roles=frozenset(roles), groups=frozenset(groups))
