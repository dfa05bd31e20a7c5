"""Which calendar holds where."""

from __future__ import annotations

from service.domain.calendars import Calendar
from service.usecases import settings


def standard() -> Calendar:
    """The calendar that holds where no other is chosen: Monday to Friday from nine to five in the service's zone."""
    return Calendar(settings.current().zone)
