"""Turning a Step into rows: activations, tasks, deadlines, timers, subscriptions, jobs, incidents, history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from service.domain import escalation, holding, naming, policy
from service.domain import keypoints as domain
from service.engine import steps
from service.storage import history, keys, ladders, writing
from service.storage.history import Entry
from service.storage.models.instances import (
    Activation,
    Incident,
    Job,
    Subscription,
    Task,
    TaskCandidate,
    Timer,
)
from service.storage.models.messages import Message, Start
from service.storage.models.releases import Milestone, Release
from service.usecases.context import locked as locks
from service.usecases.context import opening
from service.usecases.deadlines import recalculation, setting
from service.usecases.running import outgoing
from service.usecases.sending import announcing
from service.usecases.telling import keypoints, notices


class Recorder:
    """Collects the rows of one step, then writes each table once."""

    def __init__(
        self,
        locked: locks.Locked,
        actor: policy.Actor,
        closing: Mapping[str, Mapping[str, Any]],
        names: Mapping[str, str],
    ) -> None:
        self.locked, self.actor, self.closing, self.names = locked, actor, closing, names
        self.session, self.now, self.live = locked.session, locked.now, locked.live
        self.instance_key: int = locked.row.key
        self.release_number: int | None = locked.row.release_number
        self.entries: list[Entry] = list(locked.entries)
        self.opened: list[dict[str, Any]] = []
        self.pending: list[int] = []
        self.release_columns: dict[str, Any] = {}
        self.ended: steps.Ended | None = None
        self.alerts: dict[int | str, domain.Alerts] = {}  # by activation and by element: who hears instead
        self._inserts: dict[type, list[dict[str, Any]]] = defaultdict(list)
        self._activations: dict[str, dict[str, Any]] = {}  # ref -> row, of this step
        self._known: dict[str, int] = {}  # ref -> activation key, of those entered or left in this step
        self._left: dict[str, list[int]] = defaultdict(list)  # outcome -> keys, of earlier steps
        self._closed: dict[str, list[int]] = defaultdict(list)  # outcome -> task keys, of earlier steps
        self._finished: list[tuple[int, Mapping[str, Any]]] = []  # task keys with columns of their own
        self._deadlines: list[tuple[int, steps.DeadlineSet]] = []
        self._gone_timers: set[str] = set()
        self._gone_subscriptions: set[str] = set()
        self._gone_jobs: dict[str, list[str]] = defaultdict(list)
        self._incidents_over: set[str] = set()

    # -- what happened --------------------------------------------------------------------------------------------

    def absorb(self, facts: Iterable[steps.Fact]) -> None:
        """Take in the facts of a step in their order."""
        for fact in facts:
            handler = _HANDLERS.get(type(fact))
            if handler:
                handler(self, fact)
            if isinstance(fact, steps.Heard):
                self._note_alerts(fact)

    def _note_alerts(self, fact: steps.Heard) -> None:
        who = fact.alerts or self.live.instance.alerts_of(fact.ref)
        if who:
            self.alerts[self.key_of(fact.ref) or fact.element] = self.alerts[fact.element] = who

    def key_of(self, ref: str) -> int | None:
        """The key of an activation that is open or was entered in this step."""
        return self._known.get(ref) or self.live.activations.get(ref)

    def tell(self, event: str, fact: steps.Fact, **data: Any) -> None:
        """Remember something about an activation in history."""
        self.entries.append(Entry(event, fact.element, self.key_of(fact.ref), data))

    def _entered(self, fact: steps.Entered) -> None:
        count = self.live.occurrences[fact.element] = self.live.occurrences.get(fact.element, 0) + 1
        key = keys.next_key(self.session)
        self.live.activations[fact.ref] = self._known[fact.ref] = key
        self._activations[fact.ref] = {
            "key": key,
            "instance_key": self.instance_key,
            "ref": fact.ref,
            "path": fact.path,
            "parent_ref": fact.parent,
            "element": fact.element,
            "process": fact.process,
            "type": fact.type,
            "name": fact.name[:255],
            "loop_index": fact.loop_index,
            "occurrence": count,
            "entered_at": self.now,
            "left_at": None,
            "outcome": None,
        }

    def _left_it(self, fact: steps.Left) -> None:
        key = self.live.activations.pop(fact.ref, None)
        if key is not None:
            self._known[fact.ref] = key
        self._incidents_over.add(fact.ref)
        row = self._activations.get(fact.ref)
        if row is not None:
            row |= {"left_at": self.now, "outcome": fact.outcome}
        elif key is not None:
            self._left[fact.outcome].append(key)
        if fact.result is not None or fact.decisions:
            made = {"decisions": [dict(one) for one in fact.decisions]} if fact.decisions else {}
            self.entries.append(Entry("element.result", fact.element, key, {"result": fact.result, **made}))
        if fact.outcome == "skipped":
            why = {"reason": self.locked.reason, "by": self.actor.name} if self.locked.reason else {}
            self.entries.append(Entry("element.skipped", fact.element, key, why))

    def _task_opened(self, fact: steps.TaskOpened) -> None:
        key = keys.next_key(self.session)
        self.live.tasks[fact.ref] = key
        row, problem = opening.task_row(self.locked, fact, key, self._place(fact.ref))
        self.opened.append(row)
        if problem:
            self._incident(problem)
        names = [("group", name) for name in row["groups"]] + [("user", name) for name in row["users"]]
        if names:
            self.live.offered.add(key)
        candidates = [{"task_key": key, "kind": kind, "name": name} for kind, name in dict.fromkeys(names)]
        self._inserts[TaskCandidate] += candidates
        called = naming.called(fact.name, fact.item)
        self.tell("task.opened", fact, task=key, name=called, groups=row["groups"], assignee=row["assignee"])

    def _place(self, ref: str) -> opening.Place:
        row = self._activations.get(ref)
        worker = self.actor.name if self.closing else None
        return opening.Place(self.key_of(ref) or 0, row["parent_ref"] if row else None, worker)

    def _task_closed(self, fact: steps.TaskClosed) -> None:
        key = self.live.tasks.pop(fact.ref, None)
        if key is None:
            return
        state = {"completed": "completed", "skipped": "skipped"}.get(fact.outcome, "cancelled")
        columns = self.closing.get(fact.ref) if state == "completed" else None
        if columns is not None:
            self._finished.append((key, columns))
        else:
            self._closed[state].append(key)
        self.tell(f"task.{state}", fact, task=key, name=self.names.get(fact.ref, ""))

    def _deadline_set(self, fact: steps.DeadlineSet) -> None:
        key = self.key_of(fact.ref)
        if key is not None and fact.due_at is not None:
            self._deadlines.append((key, fact))
            self.live.deadlines.add(key)

    def _timer_armed(self, fact: steps.TimerArmed) -> None:
        self._gone_timers.add(fact.ref)
        rows = self._inserts[Timer] = [row for row in self._inserts[Timer] if row["ref"] != fact.ref]
        rows.append(
            {
                "instance_key": self.instance_key,
                "ref": fact.ref,
                "element": fact.element,
                "due_at": fact.due_at,
                "held": holding.on_hold(self.locked.release),
            }
        )

    def _timer_disarmed(self, fact: steps.TimerDisarmed) -> None:
        self._gone_timers.add(fact.ref)
        self._inserts[Timer] = [row for row in self._inserts[Timer] if row["ref"] != fact.ref]
        if fact.fired:
            self.tell("timer.fired", fact)

    def _subscribed(self, fact: steps.Subscribed) -> None:
        rows = self._inserts[Subscription] = [row for row in self._inserts[Subscription] if row["ref"] != fact.ref]
        rows.append(
            {
                "key": keys.next_key(self.session),
                "instance_key": self.instance_key,
                "release_number": self.release_number,
                "ref": fact.ref,
                "element": fact.element,
                "kind": fact.kind,
                "message": fact.message,
                "process": fact.process,
                "correlation": fact.correlation,
                "attached_to": fact.attached_to,
                "interrupting": fact.interrupting,
                "action": fact.action,
                "label": fact.label,
                "roles": list(fact.roles),
                "reason_required": fact.reason_required,
                "phase": fact.phase,
                "opened_at": self.now,
                "look_at": None if fact.action or fact.kind != "message" else self.now,
                "form_key": opening.form_key(self.locked, fact.form),
            }
        )

    def _unsubscribed(self, fact: steps.Unsubscribed) -> None:
        self._gone_subscriptions.add(fact.ref)
        self._inserts[Subscription] = [row for row in self._inserts[Subscription] if row["ref"] != fact.ref]
        if fact.received:
            self.tell(f"{fact.kind}.received", fact)

    def _job_wanted(self, fact: steps.JobWanted) -> None:
        key = keys.next_key(self.session)
        self.pending.append(key)
        self._inserts[Job].append(
            {
                "key": key,
                "instance_key": self.instance_key,
                "activation_key": self.key_of(fact.ref) or 0,
                "release_number": self.release_number,
                "ref": fact.ref,
                "element": fact.element,
                "name": fact.name[:255],
                "type": fact.type,
                "headers": dict(fact.headers),
                "variables": dict(fact.variables),
                "state": "open",
                "retries": fact.retries,
                "attempts": 0,
                "due_at": self.now,
                "created_at": self.now,
            }
        )
        self.tell("job.created", fact, job=key, type=fact.type)

    def _job_gone(self, fact: steps.JobGone) -> None:
        self._gone_jobs["done" if fact.outcome == "completed" else "cancelled"].append(fact.ref)
        self.tell("job.done" if fact.outcome == "completed" else "job.cancelled", fact)

    def _message_thrown(self, fact: steps.MessageThrown) -> None:
        variables, own = fact.variables, {"thrown_by": self.instance_key}
        row = outgoing.message(self.session, fact.name, fact.correlation, variables, now=self.now, **own)
        self._inserts[Message].append(row)
        self.tell("message.thrown", fact, message=fact.name, correlation=fact.correlation)

    def _signal_thrown(self, fact: steps.SignalThrown) -> None:
        own = {"thrown_by": self.instance_key}
        row = outgoing.signal(self.session, fact.name, fact.variables, now=self.now, **own)
        if row["targets"]:
            self._inserts[Message].append(row)
        self.tell("signal.thrown", fact, signal=fact.name)

    def _phase_entered(self, fact: steps.PhaseEntered) -> None:
        self.release_columns |= {"phase": fact.phase, "phase_name": fact.name}
        self.tell("phase.entered", fact, phase=fact.phase, name=fact.name, change_status=fact.change_status)

    def _phase_left(self, fact: steps.PhaseLeft) -> None:
        self.tell("phase.left", fact, phase=fact.phase, name=fact.name, outcome=fact.outcome)

    def _milestone(self, fact: steps.MilestoneReached) -> None:
        if self.release_number is not None:
            self._inserts[Milestone].append(
                {
                    "key": keys.next_key(self.session),
                    "release_number": self.release_number,
                    "activation_key": self.key_of(fact.ref) or 0,
                    "milestone": fact.milestone,
                    "name": fact.name,
                    "reached_at": self.now,
                }
            )
        self.tell("milestone.reached", fact, milestone=fact.milestone, name=fact.name)

    def _incident(self, fact: steps.IncidentRaised) -> None:
        self._inserts[Incident].append(
            {
                "key": keys.next_key(self.session),
                "instance_key": self.instance_key,
                "release_number": self.release_number,
                "activation_key": self.key_of(fact.ref),
                "ref": fact.ref,
                "element": fact.element,
                "code": fact.code,
                "message": fact.message,
                "expression": fact.expression,
                "state": "open",
                "raised_at": self.now,
            }
        )
        name = self.live.instance.name_of(fact.ref) or fact.element
        self.tell("incident.raised", fact, code=fact.code, message=fact.message, name=name)

    def _ended(self, fact: steps.Ended) -> None:
        self.ended = fact
        status = fact.status or ("closed" if fact.outcome == "completed" else "terminated")
        self.tell("instance.ended", fact, outcome=fact.outcome, name=fact.name, status=status)
        self.release_columns |= {"status": status, "outcome": fact.name or fact.outcome, "closed_at": self.now}
        self.release_columns |= holding.OVER

    # -- writing --------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write every table that changed, once: first what began, since some of it may have ended in this step."""
        own = {"instance_key": self.instance_key}
        if self._gone_timers:
            writing.delete_where(self.session, Timer, **own, ref=sorted(self._gone_timers))
        if self._gone_subscriptions:
            writing.delete_where(self.session, Subscription, **own, ref=sorted(self._gone_subscriptions))
        self._write_what_began()
        self._write_what_ended()
        if self.release_columns and self.locked.release is not None:
            columns = self.release_columns | {"revision": self.locked.release.revision + 1}
            writing.update_where(self.session, Release, columns, number=self.release_number)
        self._tell_people()

    def _write_what_began(self) -> None:
        writing.insert_rows(self.session, Activation, list(self._activations.values()))
        self._deadlines, of_assignees = recalculation.for_holders(self._deadlines, self.opened)
        due = {key: fact.due_at for key, fact in self._deadlines}
        for row in self.opened:
            row["due_at"] = due.get(row["activation_key"], row["due_at"])
        writing.insert_rows(self.session, Task, self.opened)
        for model, rows in self._inserts.items():
            writing.insert_rows(self.session, model, rows)
        self.live.incidents.update(row["ref"] for row in self._inserts.get(Incident, ()))
        over = {row["key"] for row in self._activations.values() if row["left_at"]}
        self.live.deadlines -= over
        dated = [(key, fact) for key, fact in self._deadlines if key not in over]
        if dated:
            tasks = {row["activation_key"]: row for row in self.opened}
            setting.rows(
                self.session,
                [_set(key, fact, tasks.get(key)) for key, fact in dated],
                instance_key=self.instance_key,
                release_number=self.release_number,
                now=self.now,
                calendar=self.locked.world.calendar,
                of_assignees=of_assignees,
                held=holding.on_hold(self.locked.release),
            )

    def _tell_people(self) -> None:
        """Put what somebody must hear of into their inboxes."""
        if self.locked.release is not None:
            told = keypoints.tellings(
                self.locked.release,
                self.entries,
                self.opened,
                instance_key=self.instance_key,
                revision=self.locked.row.revision + 1,
                actor=self.actor,
                alerts=self.alerts,
            )
            release, entries = self.locked.release, self.entries
            told += announcing.changed(self.session, release, entries, told, actor=self.actor, now=self.now)
            notices.tell_all(self.session, told, now=self.now)

    def _write_what_ended(self) -> None:
        own = {"instance_key": self.instance_key}
        ended = {outcome: list(found) for outcome, found in self._left.items()}
        for outcome, found in ended.items():
            writing.update_where(self.session, Activation, {"left_at": self.now, "outcome": outcome}, key=found)
        for key, columns in self._finished:
            writing.update_where(self.session, Task, columns, key=key)
        for state, found in self._closed.items():
            columns = {"state": state, "closed_at": self.now, "closed_by": self.actor.name}
            writing.update_where(self.session, Task, columns, key=found)
        closed = [key for key, _ in self._finished] + [key for found in self._closed.values() for key in found]
        self.opened = [row for row in self.opened if row["key"] not in closed]
        offered = self.live.offered.intersection(closed)
        if offered:
            writing.delete_where(self.session, TaskCandidate, task_key=sorted(offered))
            self.live.offered -= offered
        timed = {o: [key for key in found if key in self.live.deadlines] for o, found in ended.items()}
        if any(timed.values()):
            setting.end(self.session, {o: found for o, found in timed.items() if found}, self.now)
            self.live.deadlines.difference_update(*timed.values())
        self._end_what_is_the_releases_own()
        for state, refs in self._gone_jobs.items():
            columns = {"state": state, "ended_at": self.now, "lease": None}
            writing.update_where(self.session, Job, columns, **own, ref=refs, state=["open", "failed"])
        over = sorted(self._incidents_over & self.live.incidents)
        if over:
            closing = {"state": "resolved", "closed_at": self.now, "closed_by": self.actor.name}
            writing.update_where(self.session, Incident, closing, **own, ref=over, state="open")
        self.live.incidents.difference_update(over)

    def _end_what_is_the_releases_own(self) -> None:
        """The deadlines of the milestones that were reached, and all of them when the release is over."""
        number, now = self.release_number, self.now
        if number is None:
            return
        for row in self._inserts.get(Milestone, ()):
            ladders.end_own(self.session, number, escalation.MILESTONE, now, element=row["milestone"], done=True)
        if self.ended is not None:
            ladders.end_own(self.session, number, escalation.MILESTONE, now, done=False)
            done = self.release_columns.get("status") == "closed"
            ladders.end_own(self.session, number, escalation.RELEASE, now, done=done)

    def instance_columns(self, status: str) -> dict[str, Any]:
        """Append to history and answer what else changes on the instance's own row."""
        row = self.locked.row
        head = history.append(
            self.session,
            history.instance_chain(self.instance_key),
            history.Head(row.history_count, row.history_hash),
            self.entries,
            at=self.now,
            actor=self.actor.name,
            instance_key=self.instance_key,
            release_number=self.release_number,
        )
        columns: dict[str, Any] = {"history_count": head.count, "history_hash": head.hash}
        if status != "active":
            if row.start_correlation is not None:
                self._let_the_next_begin()
            columns |= {"ended_at": self.now, "end_element": self.ended.element if self.ended else None}
        return columns

    def _let_the_next_begin(self) -> None:
        """A message with the same key may be kept until this run is over."""
        processes = self.locked.row.manifest["processes"]
        own = [name for name, key in processes.items() if int(key) == self.locked.row.definition_key]
        writing.update_where(self.session, Start, {"due_at": self.now}, process_id=own, kind="message")


def _set(activation_key: int, fact: steps.DeadlineSet, task: Mapping[str, Any] | None) -> setting.Set:
    own = (task["key"], bool(task["approval"])) if task is not None else (None, False)
    return setting.of_activity(activation_key, fact, *own)


_HANDLERS: dict[type, Callable[[Recorder, Any], None]] = {
    steps.Entered: Recorder._entered,
    steps.Left: Recorder._left_it,
    steps.TaskOpened: Recorder._task_opened,
    steps.TaskClosed: Recorder._task_closed,
    steps.DeadlineSet: Recorder._deadline_set,
    steps.TimerArmed: Recorder._timer_armed,
    steps.TimerDisarmed: Recorder._timer_disarmed,
    steps.Subscribed: Recorder._subscribed,
    steps.Unsubscribed: Recorder._unsubscribed,
    steps.JobWanted: Recorder._job_wanted,
    steps.JobGone: Recorder._job_gone,
    steps.MessageThrown: Recorder._message_thrown,
    steps.SignalThrown: Recorder._signal_thrown,
    steps.PhaseEntered: Recorder._phase_entered,
    steps.PhaseLeft: Recorder._phase_left,
    steps.MilestoneReached: Recorder._milestone,
    steps.IncidentRaised: Recorder._incident,
    steps.Ended: Recorder._ended,
}
