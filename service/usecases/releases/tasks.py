"""Human tasks: taking one, handing it back, finishing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from service import errors
from service.domain import approvals, clock, holding, naming, policy
from service.engine import process, steps
from service.storage import db, history, keys, locking, writing
from service.storage.history import Entry
from service.storage.models.instances import Task, Vote
from service.storage.queries import instances, people, releases, tasks, waiting
from service.storage.types import Row, Session
from service.usecases.context import criteria, opening, peeking
from service.usecases.context import locked as locks
from service.usecases.deadlines import recalculation
from service.usecases.definitions import programs
from service.usecases.releases import records, schemas
from service.usecases.running import advancing
from service.usecases.telling import keypoints, notices


@dataclass(frozen=True)
class FormView:
    """What a task page shows: the form-js schema, its data, and whether the viewer may only read."""

    schema: Mapping[str, Any] | None
    data: Mapping[str, Any]
    readonly: bool
    why: str | None = None
    draft: Mapping[str, Any] | None = field(default=None)


def see(key: int, *, actor: policy.Actor) -> Row:
    """One task, if the actor may see it. Raises NotFound, Forbidden."""
    task = tasks.get(key)
    if task is None:
        raise errors.NotFound(f"There is no task {key}.")
    refusal = policy.may_see_task(actor, task, None)
    if refusal and not (task.release_number and releases.may_see(actor, task.release_number)):
        raise errors.Forbidden(refusal)
    return task


def claim(key: int, *, actor: policy.Actor) -> None:
    """Take a task (S2-12). Raises TaskTaken naming who has it, TaskNotOpen, Forbidden."""

    def change(task: Row, release: Row | None) -> tuple[dict[str, Any], Entry | None]:
        policy.require(policy.may_claim(actor, task, release))
        if task.assignee == actor.name:
            return {}, None
        if task.assignee:
            raise errors.TaskTaken(f"{_title(task.assignee)} took this task first.", assignee=task.assignee)
        return {"assignee": actor.name, "claimed_at": clock.now()}, _entry("task.claimed", task, actor)

    _change(key, change, actor=actor)


def unclaim(key: int, *, actor: policy.Actor) -> None:
    """Hand a task back to its candidates. Raises TaskNotOpen, Forbidden."""

    def change(task: Row, release: Row | None) -> tuple[dict[str, Any], Entry | None]:
        if task.assignee is None:
            return {}, None
        policy.require(policy.may_unclaim(actor, task))
        if not task.groups and not task.users:
            raise errors.Conflict("Nobody else could take this task. Delegate it instead.")
        return {"assignee": None, "claimed_at": None}, _entry("task.unclaimed", task, actor)

    _change(key, change, actor=actor)


def delegate(key: int, to: str, *, actor: policy.Actor) -> None:
    """Give a task to another person (S0-22), who holds it from now on and hears of it.

    Raises InvalidInput, Forbidden.
    """
    if people.actor(to) is None:
        raise errors.InvalidInput({"to": [f"there is no active person {to}"]})

    def change(task: Row, release: Row | None) -> tuple[dict[str, Any], Entry | None]:
        policy.require(policy.may_delegate(actor, task, release))
        entry = _entry("task.delegated", task, actor, to=to, before=task.assignee)
        return {"assignee": to, "claimed_at": clock.now()}, entry

    def telling(task: Row, release: Row | None, cause: str) -> notices.Telling:
        return keypoints.handed(task, release, to, cause=cause, actor=actor)

    _change(key, change, actor=actor, telling=telling)


def save_draft(key: int, values: Mapping[str, Any], *, actor: policy.Actor) -> None:
    """Keep what was typed so far; nobody else is told."""

    def change(task: Row, release: Row | None) -> tuple[dict[str, Any], Entry | None]:
        policy.require(policy.may_complete(actor, task, release))
        return {"draft": dict(values)}, None

    _change(key, change, actor=actor, bump=False)


def form(key: int, *, actor: policy.Actor) -> FormView:
    """The form of a task with its data: facts, variables, and the draft or the answers."""
    task = see(key, actor=actor)
    release = releases.get(task.release_number) if task.release_number else None
    schema = schemas.of(task.form_key) if task.form_key else None
    data = peeking.form_data(task.instance_key, task.ref if task.state == "open" else None)
    data = records.shown(schema or {}, data)
    if task.state != "open":
        return FormView(schema, data | (task.values or {}), True, "This task is done.")
    may = policy.may_decide if task.approval else policy.may_complete
    why = may(actor, task, release) or holding.refusal(release)
    return FormView(schema, data | (task.draft or {}), why is not None, why, task.draft)


def complete(key: int, values: Mapping[str, Any], *, actor: policy.Actor) -> advancing.Outcome:
    """Finish a task with its form values and move the process on (S2-12).

    1. Check the values against the form, by form-js' own rules, before anything is locked.
    2. Under lock: the task is open, the actor holds it or may take it, its criteria hold.
    3. Write what the form records, run the engine up to the next point where it must wait, store everything.

    One transaction. Raises TaskNotOpen with who and when if someone was faster, InvalidInput with the fields,
    CriteriaUnmet with the labels, Forbidden, OnHold. An approval takes `{outcome, comment}` and counts as a decision.
    """
    task = see(key, actor=actor)
    if task.approval is not None:
        return decide(key, str(values.get("outcome", "")), str(values.get("comment") or ""), actor=actor)
    _require_open(task)
    checked: dict[str, Any] = dict(values)
    recorded: dict[str, Any] = {}
    if task.form_key is not None:
        try:
            checked, recorded = schemas.check(task.form_key, task.instance_key, task.ref, values)
        except errors.NotFound:
            _require_open(tasks.get(key))  # somebody was faster: say who
            raise
    programs.program(task.definition_key)  # parsed now, not under the lock
    with db.transaction() as session:
        locked, task = _lock(session, key, task)
        policy.require(policy.may_complete(actor, task, locked.release))
        _require_running(locked)
        answers = checked | recorded
        if locked.release is None:
            checked = answers
        elif recorded:
            locked.entries += records.write(session, locked.release, recorded)
            locked = locks.with_new_facts(locked)
        criteria.require(locked, task)
        return _finish(locked, task, checked, actor=actor, answers=answers)


def decide(key: int, outcome: str, comment: str = "", *, actor: policy.Actor) -> advancing.Outcome:
    """Approve or deny (S2-38). The task completes when the outcome is certain.

    Raises InvalidInput, Forbidden for anybody but its deciders, AlreadyDecided, TaskNotOpen, OnHold.
    """
    if outcome not in approvals.OUTCOMES:
        raise errors.InvalidInput({"outcome": ["must be approved or denied"]})
    if outcome == approvals.DENIED and not comment.strip():
        raise errors.InvalidInput({"comment": ["say why you deny it"]})
    task = see(key, actor=actor)
    with db.transaction() as session:
        locked, task = _lock(session, key, task)
        if task.approval is None:
            raise errors.Conflict("This task is no approval; complete it.")
        policy.require(policy.may_decide(actor, task, locked.release))
        _require_running(locked)
        approval = _standing(task)
        if actor.name not in approval["deciders"]:
            raise errors.Forbidden("You have worked on what is approved here: somebody else decides (four eyes).")
        if len(approval["deciders"]) < approval["needed"]:
            raise errors.Conflict("Too few people may decide this. Add some to the candidate group, then retry.")
        votes = {vote.user: vote.outcome for vote in tasks.votes(key)}
        if actor.name in votes:
            raise errors.AlreadyDecided(f"You have {votes[actor.name]} this already.", outcome=votes[actor.name])
        row = {
            "key": keys.next_key(session),
            "task_key": key,
            "user": actor.name,
            "outcome": outcome,
            "comment": comment,
        }
        writing.insert_rows(session, Vote, [row | {"at": locked.now}])
        locked.entries.append(_entry("approval.decided", task, actor, outcome=outcome, comment=comment))
        result = approvals.outcome(
            approval["rule"], approval["needed"], approval["deciders"], {**votes, actor.name: outcome}
        )
        if result is None:
            return _noted(locked, task, actor)
        value = {"outcome": result, "by": actor.name, "comment": comment}
        return _finish(locked, task, {task.element: value}, actor=actor, answers=value)


def reconsider(key: int) -> None:
    """Look at an approval again after somebody left: it may be settled by now, or have too few deciders (S2-38)."""
    seen = tasks.get(key)
    if seen is None:
        return
    with db.transaction() as session:
        try:
            locked, task = _lock(session, key, seen)
        except errors.Conflict:
            return  # it is over
        approval = _standing(task)
        cast = tasks.votes(key)
        votes = {vote.user: vote.outcome for vote in cast}
        result = approvals.outcome(approval["rule"], approval["needed"], approval["deciders"], votes)
        problem = opening.too_few(approval, task.ref, task.element)
        if result is not None:
            value = {"outcome": result, "by": cast[-1].user, "comment": cast[-1].comment}
            _finish(locked, task, {task.element: value}, actor=policy.SYSTEM, answers=value)
        elif problem is not None and task.ref not in locked.live.incidents:
            again = steps.Step(locked.live.instance.snapshot(), (problem,), "active")
            advancing.step(locked, lambda _instance, _world: again, actor=policy.SYSTEM)
        writing.update_where(session, Task, {"reconsider_at": None, "asked_at": None}, key=key)


def _require_running(locked: locks.Locked) -> None:
    refusal = holding.refusal(locked.release)
    if refusal:
        raise errors.OnHold(refusal)


def _standing(task: Row) -> dict[str, Any]:
    """The approval with those of its deciders who still may: active, and not at work on what they approve."""
    activation = instances.activation(task.activation_key)
    parent = activation.parent_ref if activation is not None else None
    workers = waiting.who_completed_tasks_in(task.instance_key, parent)
    frozen = task.approval
    deciders = sorted(people.active_names(frozen["deciders"]) - workers)
    needed = approvals.needed(frozen["rule"], len(deciders)) if frozen["rule"] == "all" else frozen["needed"]
    return {**frozen, "deciders": deciders, "needed": needed}


def _finish(
    locked: locks.Locked, task: Row, values: Mapping[str, Any], *, actor: policy.Actor, answers: Mapping[str, Any]
) -> advancing.Outcome:
    def command(instance: process.Instance, world: process.World) -> steps.Step:
        return instance.complete(task.ref, dict(values), world)

    columns = {
        "state": "completed",
        "values": dict(answers),
        "draft": None,
        "assignee": task.assignee or actor.name,
        "closed_at": locked.now,
        "closed_by": actor.name,
        "revision": task.revision + 1,
    }
    return advancing.step(
        locked, command, actor=actor, closing={task.ref: columns}, names={task.ref: naming.called(task.name, task.item)}
    )


def _noted(locked: locks.Locked, task: Row, actor: policy.Actor) -> advancing.Outcome:
    """A decision that does not settle the approval yet."""
    writing.update_where(locked.session, Task, {"revision": task.revision + 1}, key=task.key)
    history.append_to_instance(locked.session, locked.row.key, locked.entries, at=locked.now, actor=actor.name)
    return advancing.Outcome(locked.row.key, locked.row.release_number, locked.row.status, revision=locked.row.revision)


def _lock(session: Session, key: int, seen: Row) -> tuple[locks.Locked, Row]:
    """Lock the task's instance and make sure of the task; raises TaskNotOpen if someone was faster."""
    try:
        locked = locks.lock(session, seen.instance_key, release_number=seen.release_number)
    except errors.NotFound:
        raise
    except errors.Conflict:
        _require_open(tasks.get(key))
        raise
    # Whatever changes a task is told in the history of its run: where nothing was told since, the row is still true.
    return locked, _require_open(seen if locked.row.history_count == seen.told else tasks.get(key))


def _change(
    key: int,
    change: Callable[[Row, Row | None], tuple[dict[str, Any], Entry | None]],
    *,
    actor: policy.Actor,
    bump: bool = True,
    telling: Callable[[Row, Row | None, str], notices.Telling] | None = None,
) -> None:
    """Change columns of an open task under its instance's lock, with a line of history, and tell of that line."""
    seen = see(key, actor=actor)
    with db.transaction() as session:
        release = locking.release(session, seen.release_number) if seen.release_number is not None else None
        locking.instance(session, seen.instance_key)
        task = _require_open(tasks.get(key))
        columns, entry = change(task, release)
        if columns:
            writing.update_where(session, Task, columns | ({"revision": task.revision + 1} if bump else {}), key=key)
        if "assignee" in columns and task.due_at is not None:
            recalculation.follow(session, key)
        if entry:
            now = clock.now()
            head = history.append_to_instance(session, seen.instance_key, [entry], at=now, actor=actor.name)
            if telling is not None:
                cause = f"{entry.event}:{seen.instance_key}:{head.count}"
                notices.tell_all(session, [telling(task, release, cause)], now=now)


def _require_open(task: Row | None) -> Row:
    if task is None:
        raise errors.NotFound("There is no such task.")
    if task.state == "open":
        return task
    at = task.closed_at.isoformat(timespec="seconds") if task.closed_at else ""
    who = _title(task.closed_by) if task.closed_by else "The process"
    told = {
        "completed": f"{who} finished this task at {at}.",
        "cancelled": f"{who} ended this task at {at}.",
        "skipped": f"{who} skipped this task at {at}.",
    }
    raise errors.TaskNotOpen(told[task.state], state=task.state, by=task.closed_by, at=at)


def _title(name: str) -> str:
    return people.titles([name]).get(name, name)


def _entry(event: str, task: Row, actor: policy.Actor, **data: Any) -> Entry:
    return Entry(
        event, task.element, task.activation_key, {"task": task.key, "name": task.name, "by": actor.name, **data}
    )
