"""What reaches whom when: quiet hours by the person's clock, digests, opt-outs, leave; what is urgent passes it all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain import reaching, workinghours
from service.domain.calendars import Calendar, Closure, Opening, parse_hours
from service.domain.reaching import Decision, Preferences
from service.integrations import texts
from service.usecases.sending import webhooks
from tests.support.exploring import examples

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NIGHT = Preferences(quiet_from=time(20), quiet_until=time(7))


def decide(preferences: Preferences, **given: Any) -> Decision:
    usual = {
        "channel": "email", "group": "deadlines", "urgent": False, "away": False, "now": MONDAY, "zone": "UTC",
    }  # fmt: skip
    return reaching.decide(preferences, **{**usual, **given})


def local(zone: str, *numbers: int, fold: int = 0) -> datetime:
    return datetime(*numbers, tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)  # type: ignore[arg-type, misc]


def test_without_preferences_everything_goes_at_once() -> None:
    assert decide(Preferences()) == reaching.AT_ONCE


def test_what_somebody_does_not_want_on_a_channel_is_skipped_there_alone() -> None:
    some = Preferences(muted={"email": ["deadlines"]})
    assert decide(some) == Decision("skipped", "opted-out")
    assert decide(some, group="approvals") == reaching.AT_ONCE
    assert decide(some, channel="chat") == reaching.AT_ONCE


@pytest.mark.parametrize(
    ("kind", "group"),
    [
        ("deadline.overdue", "deadlines"),
        ("approval.decided", "approvals"),
        ("task.assigned", "tasks"),
        ("incident.raised", "incidents"),
        ("phase.entered", "progress"),
        ("job.notify", "progress"),
        ("report.ready", "reports"),
        ("operation.lag", "operation"),
        ("webhook.off", "operation"),
    ],
)
def test_each_kind_belongs_to_a_group(kind: str, group: str) -> None:
    assert reaching.group_of(kind) == group


def test_every_kind_of_notice_is_of_a_group_that_people_can_choose() -> None:
    families = {kind.partition(".")[0] for kind in (*texts.kinds(), *webhooks.OTHERS)}
    assert families == set(reaching.FAMILIES)
    assert set(reaching.FAMILIES.values()) == set(reaching.GROUPS)


def test_quiet_hours_hold_until_they_end_by_the_persons_clock() -> None:
    evening = local("Europe/Berlin", 2026, 3, 2, 21, 30)
    assert decide(NIGHT, now=evening, zone="Europe/Berlin") == Decision(
        "held", "quiet", local("Europe/Berlin", 2026, 3, 3, 7)
    )
    assert decide(NIGHT, now=evening, zone="America/New_York") == reaching.AT_ONCE
    early = local("Asia/Kolkata", 2026, 3, 2, 6, 59)
    assert decide(NIGHT, now=early, zone="Asia/Kolkata").until == local("Asia/Kolkata", 2026, 3, 2, 7)


def test_days_off_are_quiet_as_a_whole_and_end_with_the_quiet_hours_of_the_next_day() -> None:
    free = Preferences(quiet_days=True)
    friday, saturday = datetime(2026, 3, 6, 22, tzinfo=UTC), datetime(2026, 3, 7, 12, tzinfo=UTC)
    assert decide(free, now=friday) == reaching.AT_ONCE
    assert decide(free, now=saturday).until == datetime(2026, 3, 9, 0, tzinfo=UTC)
    both = Preferences(quiet_from=time(20), quiet_until=time(7), quiet_days=True)
    assert decide(both, now=friday).until == datetime(2026, 3, 9, 7, tzinfo=UTC)


OFFICE = parse_hours("09:00-12:30 13:00-17:00")
BERLIN = Calendar(
    "Europe/Berlin", (OFFICE,) * 4 + (parse_hours("09:00-14:00"),) + ((),) * 2, "DE", "BY",
    closures=(Closure(date(2026, 12, 24), date(2027, 1, 1)),),
    openings=(Opening(date(2026, 5, 2), parse_hours("10:00-12:00")),),
)  # fmt: skip
NIGHTS = Calendar("America/New_York", (parse_hours("22:00-06:00"),) * 5 + ((),) * 2, "US")
OUTSIDE = Preferences(quiet_outside=True)


def held_until(wishes: Preferences, zone: str, *numbers: int, calendar: Calendar = BERLIN) -> datetime | None:
    return decide(wishes, now=local(zone, *numbers), zone=zone, calendar=calendar).until


def test_days_off_are_those_of_the_calendar() -> None:
    free, zone = Preferences(quiet_days=True), "Europe/Berlin"
    assert held_until(free, zone, 2026, 4, 3, 12) == local(zone, 2026, 4, 7), "Good Friday to Easter Monday"
    assert held_until(free, zone, 2026, 5, 2, 12) is None, "a Saturday with hours of its own"
    assert held_until(free, zone, 2026, 12, 26, 12) == local(zone, 2027, 1, 4), "a closure, then a weekend"
    assert held_until(free, zone, 2026, 4, 3, 12, calendar=Calendar(zone)) is None, "who has no holidays works"


def test_outside_of_working_hours_it_is_quiet_until_they_begin() -> None:
    zone = "Europe/Berlin"
    assert held_until(OUTSIDE, zone, 2026, 3, 2, 10) is None
    assert held_until(OUTSIDE, zone, 2026, 3, 2, 12, 45) == local(zone, 2026, 3, 2, 13), "the break"
    assert held_until(OUTSIDE, zone, 2026, 4, 2, 17) == local(zone, 2026, 4, 7, 9), "on the eve of Good Friday"
    assert held_until(OUTSIDE, zone, 2026, 4, 3, 14) == local(zone, 2026, 4, 7, 9), "over Easter"
    assert held_until(OUTSIDE, "Asia/Kolkata", 2026, 3, 2, 12) == datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert held_until(OUTSIDE, "America/New_York", 2026, 3, 8, 1, 30, calendar=NIGHTS) == local(
        "America/New_York", 2026, 3, 9, 22
    )


def test_working_hours_begin_by_the_clock_on_the_days_when_it_is_changed() -> None:
    zone, always = "Europe/Berlin", (parse_hours("02:30-10:00"),) * 7
    early = Calendar(zone, always)
    assert held_until(OUTSIDE, zone, 2026, 3, 28, 23, calendar=early) == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert held_until(OUTSIDE, zone, 2026, 10, 24, 23, calendar=early) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_quiet_that_would_never_end_ends_all_the_same() -> None:
    wishes = Preferences(quiet_from=time(8), quiet_until=time(18), quiet_outside=True)
    assert decide(wishes, now=MONDAY).until == MONDAY + timedelta(days=40)
    once = Calendar("UTC", ((),) * 7, openings=(Opening(date(2026, 1, 1), OFFICE),))
    assert decide(OUTSIDE, now=MONDAY, calendar=once).until == MONDAY + timedelta(days=40)


@given(
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
    calendar=st.sampled_from([BERLIN, NIGHTS, Calendar("Asia/Kolkata", country="IN")]),
    quarters=st.integers(0, 366 * 24 * 4),
    hours=st.one_of(st.none(), st.tuples(st.integers(0, 95), st.integers(0, 95))),
    days=st.booleans(),
)
@examples(150)
def test_quiet_by_calendar_ends_at_the_first_quarter_that_is_not_quiet(
    zone: str, calendar: Calendar, quarters: int, hours: tuple[int, int] | None, days: bool
) -> None:
    first, last = (time(at // 4, at % 4 * 15) for at in hours) if hours and hours[0] != hours[1] else (None, None)
    wishes = Preferences(quiet_from=first, quiet_until=last, quiet_days=days, quiet_outside=True)
    now = MONDAY + timedelta(minutes=15) * quarters

    def quiet(moment: datetime) -> bool:
        shown = moment.astimezone(ZoneInfo(zone))
        by_clock = Preferences(quiet_from=first, quiet_until=last).is_quiet(moment, zone)
        free = days and not calendar.hours_on(shown.date())
        return by_clock or free or not workinghours.is_open(moment, calendar)

    expected, latest = now, now + timedelta(days=40)
    while expected < latest and quiet(expected):
        expected += timedelta(minutes=15)
    assert wishes.quiet_ends(now, zone, calendar) == expected


def test_quiet_ends_by_the_clock_on_the_days_when_it_is_changed() -> None:
    zone = "Europe/Berlin"
    spring = local(zone, 2026, 3, 28, 23)
    assert decide(NIGHT, now=spring, zone=zone).until == datetime(2026, 3, 29, 5, tzinfo=UTC)
    autumn = local(zone, 2026, 10, 24, 23)
    assert decide(NIGHT, now=autumn, zone=zone).until == datetime(2026, 10, 25, 6, tzinfo=UTC)
    until_skipped = Preferences(quiet_from=time(22), quiet_until=time(2, 30))
    assert decide(until_skipped, now=spring, zone=zone).until == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert decide(until_skipped, now=autumn, zone=zone).until == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_digests_come_at_the_full_hour_or_at_the_chosen_time() -> None:
    half_past = MONDAY + timedelta(minutes=30)
    assert decide(Preferences(digest="hourly"), now=half_past) == Decision(
        "held", "digest", MONDAY + timedelta(hours=1)
    )
    assert decide(Preferences(digest="hourly"), now=MONDAY).until == MONDAY + timedelta(hours=1)
    daily = Preferences(digest="daily", digest_at=time(9))
    assert decide(daily, now=MONDAY).until == MONDAY + timedelta(days=1)
    assert decide(daily, now=MONDAY - timedelta(minutes=1)).until == MONDAY
    kolkata = local("Asia/Kolkata", 2026, 3, 2, 10, 15)
    assert decide(Preferences(digest="hourly"), now=kolkata, zone="Asia/Kolkata").until == kolkata + timedelta(
        minutes=45
    )


def test_a_digest_waits_for_the_end_of_quiet() -> None:
    early = Preferences(quiet_from=time(20), quiet_until=time(7), digest="daily", digest_at=time(6))
    assert decide(early, now=MONDAY) == Decision("held", "digest", datetime(2026, 3, 3, 7, tzinfo=UTC))


def test_who_is_away_is_left_alone() -> None:
    assert decide(Preferences(), away=True) == Decision("skipped", "on-leave")


@given(
    away=st.booleans(), digest=st.sampled_from(reaching.DIGESTS), muted=st.booleans(),
    quiet=st.booleans(), hour=st.integers(0, 23),
)  # fmt: skip
@examples(100)
def test_what_is_urgent_passes_everything(away: bool, digest: str, muted: bool, quiet: bool, hour: int) -> None:
    wishes = Preferences(
        muted={"email": list(reaching.GROUPS)} if muted else {},
        quiet_from=time(18) if quiet else None,
        quiet_until=time(9) if quiet else None,
        quiet_days=quiet,
        digest=digest,
    )
    assert decide(wishes, urgent=True, away=away, now=MONDAY.replace(hour=hour)) == reaching.AT_ONCE


@given(
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]),
    minutes=st.integers(0, 366 * 24 * 60),
    around=st.sampled_from([datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC), None]),
    first=st.times(),
    last=st.times(),
    days=st.booleans(),
)
@examples(300)
def test_quiet_ends_at_the_first_minute_that_is_not_quiet(
    zone: str, minutes: int, around: datetime | None, first: time, last: time, days: bool
) -> None:
    first, last = first.replace(second=0, microsecond=0), last.replace(second=0, microsecond=0)
    if first == last:
        return
    now = around + timedelta(minutes=minutes % (36 * 60)) if around else MONDAY + timedelta(minutes=minutes)
    wishes = Preferences(quiet_from=first, quiet_until=last, quiet_days=days)
    expected = now
    while wishes.is_quiet(expected, zone):
        expected += timedelta(minutes=1)
    assert wishes.quiet_ends(now, zone) == expected


@given(
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
    minutes=st.integers(0, 366 * 24 * 60),
    at=st.times(),
)
@examples(200)
def test_a_daily_digest_comes_within_a_day_and_an_hour(zone: str, minutes: int, at: time) -> None:
    now = MONDAY + timedelta(minutes=minutes)
    comes = Preferences(digest="daily", digest_at=at.replace(second=0, microsecond=0)).next_digest(now, zone)
    assert timedelta() < comes - now <= timedelta(hours=25)


@dataclass(frozen=True)
class Away:
    first_day: date
    last_day: date
    substitute: str | None = None


def test_days_of_absence_are_those_of_the_persons_zone() -> None:
    leave = Away(date(2026, 3, 2), date(2026, 3, 3))
    assert reaching.away([leave], datetime(2026, 3, 3, 23, 59, tzinfo=UTC), "UTC") is leave
    assert reaching.away([leave], datetime(2026, 3, 4, 0, tzinfo=UTC), "UTC") is None
    assert reaching.away([leave], datetime(2026, 3, 4, 4, 59, tzinfo=UTC), "America/New_York") is leave
    assert reaching.away([leave], datetime(2026, 3, 1, 18, 30, tzinfo=UTC), "Asia/Kolkata") is leave


def test_chains_of_substitutes_are_followed_to_somebody_who_is_there() -> None:
    assert reaching.stand_in("ann", {"ann": "bob"}) == "bob"
    assert reaching.stand_in("ann", {"ann": "bob", "bob": "cas"}) == "cas"
    assert reaching.stand_in("ann", {"ann": "bob", "bob": None}) is None
    assert reaching.stand_in("ann", {"ann": "bob", "bob": "ann"}) is None
    assert reaching.stand_in("ann", {"ann": "ann"}) is None
    assert reaching.stand_in("ann", {"ann": "bob", "bob": "cas", "cas": "bob"}) is None


@given(st.dictionaries(st.sampled_from("abcdef"), st.one_of(st.none(), st.sampled_from("abcdefgh"))))
@examples(200)
def test_nobody_who_is_away_stands_in(substitutes: dict[str, str | None]) -> None:
    for name in substitutes:
        found = reaching.stand_in(name, substitutes)
        assert found is None or found not in substitutes
