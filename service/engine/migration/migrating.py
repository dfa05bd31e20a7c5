"""Moving an instance to another version of its programs: whether that goes cleanly, and doing it on a loaded copy.

Every open token is looked at: it fits, it needs a mapping, or it is blocked. Where all fit, the stored state is told in
the words of the new version and loaded with it; what waits at borders is made as it is drawn there. Refs, scopes, the
moments of timers and everything that people did so far stay. Nothing moves: where a token would, the plan is blocked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from service.engine import adopting, process, snapshots, steps, timers
from service.engine.board import Board, by_age
from service.engine.definitions import Program
from service.engine.expressions import Stuck
from service.engine.migration import aligning, differences, rearming, starving
from service.engine.migration.aligning import Misfit
from service.engine.migration.rearming import flows
from service.engine.migration.translating import Translation
from service.engine.tokens import Flow, Token

CLEAN, MAPPING, BLOCKED = "clean", "mapping", "blocked"
_MOVES = (steps.Entered, steps.Left, steps.IncidentRaised, steps.Ended)


@dataclass(frozen=True)
class Version:
    """A program and the processes that it calls, by id."""

    program: Program
    library: Mapping[str, Program] = field(default_factory=dict)

    def graph(self, process_id: str) -> Any | None:
        found = self.program if process_id == self.program.process.id else self.library.get(process_id)
        return None if found is None else adopting.graph(found)


@dataclass(frozen=True)
class Place:
    """One open activation and what becomes of it: `target` is its element in the new version, where that is known."""

    ref: str
    element: str
    name: str
    type: str
    process: str
    verdict: str = CLEAN
    target: str | None = None
    code: str = ""
    message: str = ""
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What a migration would do: the places of all tokens, and which events at borders come and go."""

    places: tuple[Place, ...] = ()
    armed: tuple[str, ...] = ()
    disarmed: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """`clean`, `mapping` where naming elements would make it so, else `blocked`."""
        verdicts = {place.verdict for place in self.places}
        return next((one for one in (BLOCKED, MAPPING) if one in verdicts), CLEAN)


@dataclass(frozen=True)
class Attempt:
    """A plan and, where it is clean, the migrated instance with the Step that led there."""

    plan: Plan
    instance: process.Instance | None = None
    step: steps.Step | None = None


def attempt(
    state: bytes, old: Version, new: Version, world: process.World, mapping: Mapping[str, str] | None = None
) -> Attempt:
    """Try to move a stored instance from one version to another one. Neither the state nor any row is touched.

    mapping: ids of elements of the old version to those that take their place. Raises Conflict where the state does not
    fit the old version.
    """
    before = snapshots.load(state, old.program, old.library)
    saved = snapshots.opened(state)
    translation = Translation(before, new.graph, mapping or {})
    places = [place for flow in flows(before) for place in _places(flow, translation)]
    plan = Plan(tuple(places))
    if plan.verdict != CLEAN:
        return Attempt(plan)
    after = snapshots.build(translation.told(saved), new.program, new.library)
    blocked = _starving(before, after, translation) or _rearmed(before, after, translation, world)
    if blocked is not None:
        return Attempt(replace(plan, places=(*plan.places, blocked)))
    return _done(plan, before, after, new)


def back(state: bytes, current: Version, earlier_state: bytes, earlier: Version) -> tuple[process.Instance, steps.Step]:
    """The instance as it was before a migration, with what changes by going back. No step may lie between them."""
    after = snapshots.load(state, current.program, current.library)
    before = snapshots.load(earlier_state, earlier.program, earlier.library)
    return process.Instance(before), _step(before, differences.between(after, before))


def _places(flow: Flow, translation: Translation) -> list[Place]:
    """What becomes of the tokens of a flow; where the flow has no place itself, its activity says so."""
    scope = translation.scope(flow)
    if scope is None:
        return [_lost(flow)] if translation.missing(flow) else []
    tokens = sorted(flow.alive, key=lambda token: token.serial)
    places = [_place(token, scope, translation) for token in tokens if _stands(token)]
    return [*places, *_undoable(flow, tokens, translation)]


def _undoable(flow: Flow, tokens: list[Token], translation: Translation) -> list[Place]:
    """What stands in the way of undoing what is completed in a flow, or of what undoes it now."""
    alignment, found = translation.alignment(flow), []
    for token in tokens:
        if aligning.owner(token.task_spec) is None and translation.spec(token) is None:
            host = flow.host.element if flow.host is not None else None
            misfit = Misfit("flow-changed", "Something is being undone here that the new version does not undo.")
            found.append(_faulty(Place("", host.id if host else "", host.name if host else "", "", ""), misfit))
    for activity in dict.fromkeys(record[0] for record in flow.done):
        lost = alignment.lost(activity)
        if lost is not None:
            drawn = alignment.old.elements[activity]
            found.append(_faulty(Place("", activity, drawn.name, drawn.type, drawn.process), lost))
    return found


def _stands(token: Token) -> bool:
    """Whether a token is somewhere that must be found again; what only waits at a border may come and go."""
    above = token.parent.task_spec
    at_border = above.is_race or (above.is_host and token.task_spec.is_boundary) or token.task_spec.is_part
    return aligning.owner(token.task_spec) is not None and not (token.task_spec.is_host or at_border)


def _place(token: Token, scope: Any, translation: Translation) -> Place:
    alignment = translation.alignment(token.flow)
    element = alignment.old.elements[aligning.owner(token.task_spec) or ""]
    misfit = alignment.misfit(token.task_spec, scope) or translation.misfit(token, scope)
    place = Place(token.ref, element.id, element.name, element.type, element.process)
    if misfit is None:
        return replace(place, target=alignment.target(element.id))
    return _faulty(place, misfit)


def _faulty(place: Place, misfit: Misfit) -> Place:
    verdict = MAPPING if misfit.mapping else BLOCKED
    return replace(place, verdict=verdict, code=misfit.code, message=misfit.message, suggestions=misfit.suggestions)


def _lost(flow: Flow) -> Place:
    """A called process that runs and is not among the new ones."""
    host, called = flow.host, flow.graph.process.id
    assert host is not None
    assert host.element is not None
    text = f"It called the process {called}, which is not deployed any more."
    element = host.element
    return Place(
        host.ref, element.id, element.name, element.type, element.process, BLOCKED, None, "called-process-missing", text
    )


def _starving(before: Board, after: Board, translation: Translation) -> Place | None:
    for earlier, later in zip(flows(before), flows(after), strict=True):
        found = starving.newly(earlier, later, translation.alignment(earlier))
        if found is not None:
            join, lost = found
            wanted = ", ".join(sorted(lost))
            text = f"It would wait for ever for {wanted}, which the tokens have passed. Let them come here first."
            return _in_the_way(after, join, "join-starves", text)
    return None


def _rearmed(before: Board, after: Board, translation: Translation, world: process.World) -> Place | None:
    """Make what waits at borders as the new version draws it; gives a place that stands in the way."""
    after.begin(world)
    try:
        rearming.adjust(before, after, translation)
    except Stuck as stuck:
        return _in_the_way(after, "", "cannot-wait", stuck.message)
    after.settle()
    moved = next((fact for fact in after.facts if isinstance(fact, _MOVES)), None)
    failed = next((fact for fact in after.facts if isinstance(fact, steps.IncidentRaised)), None)
    if failed is not None:
        return _in_the_way(after, failed.element, "cannot-wait", failed.message)
    if moved is None:
        return None
    text = "The instance would go on here by itself. Let it take its next step first, then migrate it."
    return _in_the_way(after, moved.element, "would-move", text)


def _in_the_way(board: Board, element: str, code: str, message: str) -> Place:
    graph = board.flow.graph
    drawn = graph.elements.get(element)
    name, kind = (drawn.name, drawn.type) if drawn else ("", "")
    return Place("", element, name, kind, graph.process.id, BLOCKED, element or None, code, message)


def _done(plan: Plan, before: Board, after: Board, new: Version) -> Attempt:
    state = snapshots.dump(after)
    restored = snapshots.load(state, new.program, new.library)
    if snapshots.dump(restored) != state:
        raise RuntimeError("a migrated instance is not the same after it was saved and restored")
    facts = differences.between(before, restored)
    armed = tuple(f.element for f in facts if isinstance(f, (steps.TimerArmed, steps.Subscribed)))
    gone = tuple(f.element for f in facts if isinstance(f, (steps.TimerDisarmed, steps.Unsubscribed)))
    return Attempt(replace(plan, armed=armed, disarmed=gone), process.Instance(restored), _step(restored, facts))


def _step(board: Board, facts: tuple[steps.Fact, ...]) -> steps.Step:
    moments = [timers.due_at(token) for token in by_age(board.timers)]
    return steps.Step(snapshots.dump(board), facts, board.status, min(moments, default=None))
