"""Stretches of the way that many path tests share."""

from __future__ import annotations

from tests.models.walk import Walk


def planned_to(walk: Walk, place: str) -> Walk:
    """Take a major or minor release to the start of a phase, by the usual answers."""
    major = walk.record["release"]["type"] == "major"
    stretches = {
        "assess": register,
        "plan": assess,
        "build": plan,
        "test": build,
        "soak": test,
        "deploy": soak,
        "go": go,
        "verify": install,
        "review": verify,
    }
    if not major:
        stretches.pop("assess")
    assert place in stretches
    for name, take in stretches.items():
        take(walk)
        if name == place:
            return walk
    return walk


def register(walk: Walk, **values: object) -> Walk:
    return walk.do("register_release", **values).do("identify_stakeholders")


def assess(walk: Walk, **risk: object) -> Walk:
    if walk.record["release"]["type"] == "minor":
        return walk.do("register_release").do("analyse_risk", **risk)
    return walk.do("check_funding", "check_contracts", "assess_users").do("analyse_risk", **risk)


def plan(walk: Walk, **rollout: object) -> Walk:
    walk.do("choose_changes", "schedule_release", "plan_training").do("plan_rollout", **rollout)
    return walk.decide("approve_plan", "approved") if "task_approve_plan" in walk.open else walk


def build(walk: Walk) -> Walk:
    walk.do("build_software", "store_software", "build_package")
    return walk.do("confirm_build") if "task_confirm_build" in walk.open else walk.pass_gate()


def test(walk: Walk, **failed: str) -> Walk:
    walk.do("prepare_environment")
    for kind in ("functional", "performance", "acceptance"):
        if f"task_test_{kind}" in walk.open:
            reason = failed.get(kind)
            values = {f"{kind}_result": "failed", f"{kind}_failure": reason} if reason else {}
            walk.do(f"test_{kind}", **values)
    return walk


def soak(walk: Walk) -> Walk:
    return walk.wait(days=2)


def go(walk: Walk) -> Walk:
    return walk.do("review_readiness").decide("decide_go", "approved")


def install(walk: Walk) -> Walk:
    return walk.do("install_release", "confirm_installed")


def verify(walk: Walk) -> Walk:
    return walk.do("verify_production")


def back_out(walk: Walk) -> Walk:
    return walk.do("restore_versions", "verify_restored", "inform_users")


def review(walk: Walk) -> Walk:
    for _ in walk.record["changes"]:
        walk.do("evaluate_change")
    return walk.do("transfer_knowledge", "learn_lessons")
