"""The words of reports, by language."""

from __future__ import annotations

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "title": "Progress of releases", "made": "Made on {moment}", "period": "{since} to {until} ({zone})",
        "open": "Open releases by type and phase", "type": "Type", "phase": "Phase", "count": "Number",
        "throughput": "Begun and ended", "what": "What", "begun": "Begun: {type}", "ended": "Ended: {status}",
        "deadlines": "Deadlines", "met": "Done in time", "late": "Done late", "overdue": "Missed and still open",
        "levels": "Times somebody was told of a miss",
        "approvals": "Approvals", "decided": "Decided", "median": "Waiting time, half of them at most",
        "longest": "Longest waiting time", "waiting": "Waiting now", "oldest": "Waiting longest now",
        "incidents": "What got stuck", "raised": "Raised", "resolved": "Resolved", "still": "Open now",
        "releases": "Open releases", "release": "Release", "manager": "Manager", "window": "Window ends",
        "missed": "Missed deadlines", "none": "None", "hours": "{n} h", "days": "{n} days", "point": ".",
        "page": "Page {n} of {all}",
        "major": "Major", "minor": "Minor", "emergency": "Emergency", "closed": "Closed", "terminated": "Terminated",
        "backed-out": "Backed out",
    },
    "de": {
        "title": "Fortschritt der Releases", "made": "Erstellt am {moment}", "period": "{since} bis {until} ({zone})",
        "open": "Offene Releases nach Art und Phase", "type": "Art", "phase": "Phase", "count": "Anzahl",
        "throughput": "Begonnen und beendet", "what": "Was", "begun": "Begonnen: {type}", "ended": "Beendet: {status}",
        "deadlines": "Fristen", "met": "Rechtzeitig erledigt", "late": "Zu spät erledigt",
        "overdue": "Versäumt und noch offen", "levels": "So oft wurde jemand auf ein Versäumnis hingewiesen",
        "approvals": "Genehmigungen", "decided": "Entschieden", "median": "Wartezeit, die Hälfte höchstens",
        "longest": "Längste Wartezeit", "waiting": "Warten jetzt", "oldest": "Wartet jetzt am längsten",
        "incidents": "Was stehen blieb", "raised": "Aufgetreten", "resolved": "Behoben", "still": "Jetzt offen",
        "releases": "Offene Releases", "release": "Release", "manager": "Releaseleitung", "window": "Fenster endet",
        "missed": "Versäumte Fristen", "none": "Keine", "hours": "{n} h", "days": "{n} Tage", "point": ",",
        "page": "Seite {n} von {all}", "major": "Major", "minor": "Minor", "emergency": "Notfall",
        "closed": "Abgeschlossen", "terminated": "Abgebrochen", "backed-out": "Zurückgebaut",
    },
}  # fmt: skip
FALLBACK = "en"


def words(language: str) -> dict[str, str]:
    """The words of a language, or the English ones."""
    return WORDS.get(language.replace("_", "-").split("-")[0], WORDS[FALLBACK])
