"""The wording of notices: language, kind, then the subject and the lines of the body with simple placeholders.

Placeholders: name (of the task, phase or action), release (`R-1 Payroll 4.2`), due, assignee, by, outcome, phase,
reason, comment, error; of a forecast longer, comparable, exceeded and act_by. A line of the body with a placeholder
that has no value is left out. Every language has the same kinds with the same placeholders; a test compares them.
"""

from __future__ import annotations

FALLBACK = "en"
DATES = {"en": "d MMM y, HH:mm", "de": "d. MMM y, HH:mm"}

_ENGLISH = {
    "deadline.near": (
        "Due soon: {name}, {release} – due {due}",
        "“{name}” of {release} is due {due}.",
        "It is with: {assignee}.",
        "In {longer} of {comparable} earlier cases it took longer than the time left.",
        "It has already taken longer than each of {exceeded} earlier cases.",
        "To be done in time, it should be begun by {act_by}.",
        "",
        "Please finish it in time, or say what stands in the way.",
    ),
    "deadline.due": (
        "Deadline missed: {name}, {release} – due {due}",
        "“{name}” of {release} was due {due} and is not done.",
        "It is with: {assignee}.",
        "",
        "Please finish it now, or tell the release manager what stands in the way.",
    ),
    "deadline.overdue": (
        "Overdue: {name}, {release} – since {due}",
        "“{name}” of {release} has been overdue since {due}.",
        "It is with: {assignee}.",
        "",
        "You are told because it was not finished after earlier notices.",
    ),
    "deadline.moved": (
        "New due date: {name}, {release} – {due}",
        "{by} moved the due date of “{name}” of {release}.",
        "Now: {due}.",
        "Before: {before}.",
        "{reason}",
    ),
    "window.moved": (
        "New dates: {release}",
        "{by} moved the window of {release}.",
        "It begins {start}. Before: {start_before}.",
        "It ends {end}. Before: {end_before}.",
        "{reason}",
    ),
    "task.assigned": (
        "Assigned to you: {name}, {release}",
        "{by} gave you “{name}” of {release}.",
        "It is due {due}.",
    ),
    "approval.asked": (
        "Your decision is asked: {name}, {release}",
        "Please approve or deny “{name}” of {release}.",
        "It is due {due}.",
    ),
    "approval.decided": (
        "{name}: {outcome}, {release}",
        "“{name}” of {release} was decided: {outcome}.",
        "By: {by}.",
        "{comment}",
    ),
    "release.started": (
        "Release started: {release}",
        "{by} created {release}. It runs the model “{name}”.",
    ),
    "phase.entered": (
        "{release} is now in: {phase}",
        "{release} has entered the phase “{phase}”.",
    ),
    "phase.left": (
        "{release} has left: {phase}",
        "{release} has left the phase “{phase}”: {outcome}.",
        "{reason}",
    ),
    "milestone.reached": (
        "Milestone reached: {name}, {release}",
        "{release} has reached the milestone “{name}”.",
    ),
    "release.announced": (
        "Announced: {release} – {start}",
        "The dates of {release} are announced.",
        "It begins {start}.",
        "It ends {end}.",
        "{message}",
    ),
    "release.dates-changed": (
        "Dates changed: {release} – {start}",
        "The announced dates of {release} have changed.",
        "It begins {start}. Before: {start_before}.",
        "It ends {end}. Before: {end_before}.",
        "{message}",
    ),
    "release.closed": (
        "Release ended: {release} – {outcome}",
        "{release} has ended: {outcome}.",
        "{reason}",
    ),
    "release.held": (
        "On hold: {release}",
        "{by} put {release} on hold. Nobody can finish tasks, and no deadline runs, until it goes on.",
        "{reason}",
    ),
    "release.resumed": (
        "Goes on: {release}",
        "{by} lets {release} go on. Due dates that are lengths of time have moved by the time it stood still.",
    ),
    "release.terminated": (
        "Release terminated: {release}",
        "{release} was terminated.",
        "{reason}",
    ),
    "back-out.begun": (
        "Backing out: {release}",
        "{release} is being backed out: the versions from before are restored.",
        "{reason}",
    ),
    "back-out.ended": (
        "Backed out: {release}",
        "The back-out of {release} is done: the versions from before are restored.",
    ),
    "action.taken": (
        "{name}: {release}",
        "{by} triggered “{name}” of {release}.",
        "{reason}",
    ),
    "job.failed": (
        "Failed: {name}, {release}",
        "“{name}” of {release} has failed:",
        "{error}",
        "",
        "Correct the cause, then retry it.",
    ),
    "policy.near": (
        "Review due: release policy – {due}",
        "The release policy, version {version}, is to be reviewed by {due}.",
        "Its owner is {assignee}.",
    ),
    "policy.overdue": (
        "Review overdue: release policy – since {due}",
        "The release policy, version {version}, was to be reviewed by {due}, and has not been.",
        "Its owner is {assignee}.",
        "",
        "Please review it: say that it still holds, or put another version in force.",
    ),
    "report.ready": (
        "Report: {name}, {from} to {to}",
        "The report “{name}” is ready. It is about {from} to {to}.",
    ),
    "incident.raised": (
        "Stuck: {name}, {release}",
        "{release} cannot go on at “{name}”:",
        "{error}",
        "",
        "Correct the cause, then retry it.",
    ),
    "webhook.off": (
        "Webhook turned off: {name}",
        "The receiver of the webhook “{name}” wants no more events. It answered:",
        "{error}",
        "",
        "It is off until somebody turns it on again. What waited for it was not sent.",
    ),
    "operation.lag": (
        "Tidegate is behind: what is due waits for {seconds} s",
        "Something has been due since {since} and is not done; {seconds} s had passed when this was written.",
        "",
        "Start more workers, or see on the page what holds them up. Nothing is lost.",
    ),
    "operation.dispatcher": (
        "Tidegate stands still: no dispatcher runs",
        "No dispatcher has given a sign of life since {since}. Until one runs no deadline is noticed. Nothing is lost.",
        "",
        "Start one with “tidegate dispatcher”.",
    ),
    "operation.worker": (
        "Tidegate stands still: no worker runs",
        "No worker has given a sign of life since {since}. Until one runs what is due waits. Nothing is lost.",
        "",
        "Start one with “tidegate worker”.",
    ),
    "operation.redis": (
        "Tidegate stands still: Redis does not answer",
        "Redis has not answered since {since}:",
        "{error}",
        "",
        "Until it does what is due waits. Nothing is lost.",
    ),
    "operation.mail": (
        "Mails do not go out",
        "The mail server has taken nothing for ten minutes. It said last:",
        "{error}",
        "",
        "Notices are in the inbox; mails are tried again by themselves.",
    ),
    "operation.over": (
        "Over: {what}",
        "{what}: this began {since} and was over {until}.",
    ),
}

_GERMAN = {
    "deadline.near": (
        "Bald fällig: {name}, {release} – fällig {due}",
        "„{name}“ von {release} ist fällig: {due}.",
        "Bearbeitung: {assignee}.",
        "In {longer} von {comparable} früheren Fällen dauerte es länger als die Zeit, die noch bleibt.",
        "Es hat schon länger gedauert als jeder von {exceeded} früheren Fällen.",
        "Um rechtzeitig fertig zu werden, sollte es begonnen werden bis {act_by}.",
        "",
        "Bitte rechtzeitig abschließen oder mitteilen, was im Weg steht.",
    ),
    "deadline.due": (
        "Frist versäumt: {name}, {release} – fällig {due}",
        "„{name}“ von {release} war fällig: {due}, und ist nicht erledigt.",
        "Bearbeitung: {assignee}.",
        "",
        "Bitte jetzt abschließen oder der Releaseleitung mitteilen, was im Weg steht.",
    ),
    "deadline.overdue": (
        "Überfällig: {name}, {release} – seit {due}",
        "„{name}“ von {release} ist überfällig seit {due}.",
        "Bearbeitung: {assignee}.",
        "",
        "Diese Nachricht kommt, weil frühere Hinweise nicht zum Abschluss geführt haben.",
    ),
    "deadline.moved": (
        "Neuer Termin: {name}, {release} – {due}",
        "{by} hat den Termin von „{name}“ von {release} verschoben.",
        "Jetzt: {due}.",
        "Vorher: {before}.",
        "{reason}",
    ),
    "window.moved": (
        "Neue Termine: {release}",
        "{by} hat das Fenster von {release} verschoben.",
        "Es beginnt {start}. Vorher: {start_before}.",
        "Es endet {end}. Vorher: {end_before}.",
        "{reason}",
    ),
    "task.assigned": (
        "Ihnen zugewiesen: {name}, {release}",
        "{by} hat Ihnen „{name}“ von {release} übergeben.",
        "Fällig: {due}.",
    ),
    "approval.asked": (
        "Ihre Entscheidung ist gefragt: {name}, {release}",
        "Bitte „{name}“ von {release} genehmigen oder ablehnen.",
        "Fällig: {due}.",
    ),
    "approval.decided": (
        "{name}: {outcome}, {release}",
        "„{name}“ von {release} wurde entschieden: {outcome}.",
        "Von: {by}.",
        "{comment}",
    ),
    "release.started": (
        "Release begonnen: {release}",
        "{by} hat {release} angelegt. Es läuft nach dem Modell „{name}“.",
    ),
    "phase.entered": (
        "{release} ist jetzt in: {phase}",
        "{release} hat die Phase „{phase}“ erreicht.",
    ),
    "phase.left": (
        "{release} hat verlassen: {phase}",
        "{release} hat die Phase „{phase}“ verlassen: {outcome}.",
        "{reason}",
    ),
    "milestone.reached": (
        "Meilenstein erreicht: {name}, {release}",
        "{release} hat den Meilenstein „{name}“ erreicht.",
    ),
    "release.announced": (
        "Angekündigt: {release} – {start}",
        "Die Termine von {release} sind angekündigt.",
        "Es beginnt {start}.",
        "Es endet {end}.",
        "{message}",
    ),
    "release.dates-changed": (
        "Termine geändert: {release} – {start}",
        "Die angekündigten Termine von {release} haben sich geändert.",
        "Es beginnt {start}. Vorher: {start_before}.",
        "Es endet {end}. Vorher: {end_before}.",
        "{message}",
    ),
    "release.closed": (
        "Release beendet: {release} – {outcome}",
        "{release} ist beendet: {outcome}.",
        "{reason}",
    ),
    "release.held": (
        "Angehalten: {release}",
        "{by} hat {release} angehalten. Bis es weitergeht, wird keine Aufgabe abgeschlossen, und keine Frist läuft.",
        "{reason}",
    ),
    "release.resumed": (
        "Geht weiter: {release}",
        "{by} lässt {release} weitergehen. Fristen, die eine Dauer sind, verschieben sich um die Zeit des Anhaltens.",
    ),
    "release.terminated": (
        "Release abgebrochen: {release}",
        "{release} wurde abgebrochen.",
        "{reason}",
    ),
    "back-out.begun": (
        "Rückbau: {release}",
        "{release} wird zurückgebaut: Die vorherigen Versionen werden wiederhergestellt.",
        "{reason}",
    ),
    "back-out.ended": (
        "Zurückgebaut: {release}",
        "Der Rückbau von {release} ist fertig: Die vorherigen Versionen sind wiederhergestellt.",
    ),
    "action.taken": (
        "{name}: {release}",
        "{by} hat „{name}“ von {release} ausgelöst.",
        "{reason}",
    ),
    "job.failed": (
        "Fehlgeschlagen: {name}, {release}",
        "„{name}“ von {release} ist fehlgeschlagen:",
        "{error}",
        "",
        "Bitte die Ursache beheben und dann wiederholen.",
    ),
    "policy.near": (
        "Prüfung fällig: Release-Richtlinie – {due}",
        "Die Release-Richtlinie, Version {version}, ist zu prüfen bis {due}.",
        "Verantwortlich: {assignee}.",
    ),
    "policy.overdue": (
        "Prüfung überfällig: Release-Richtlinie – seit {due}",
        "Die Release-Richtlinie, Version {version}, war zu prüfen bis {due}, und ist es nicht.",
        "Verantwortlich: {assignee}.",
        "",
        "Bitte prüfen: bestätigen, dass sie noch gilt, oder eine andere Version in Kraft setzen.",
    ),
    "report.ready": (
        "Bericht: {name}, {from} bis {to}",
        "Der Bericht „{name}“ ist fertig. Er handelt von {from} bis {to}.",
    ),
    "incident.raised": (
        "Steht still: {name}, {release}",
        "{release} kommt bei „{name}“ nicht weiter:",
        "{error}",
        "",
        "Bitte die Ursache beheben und dann wiederholen.",
    ),
    "webhook.off": (
        "Webhook abgeschaltet: {name}",
        "Der Empfänger des Webhooks „{name}“ möchte keine Ereignisse mehr. Er hat geantwortet:",
        "{error}",
        "",
        "Er bleibt aus, bis ihn jemand wieder einschaltet. Was für ihn wartete, wurde nicht gesendet.",
    ),
    "operation.lag": (
        "Tidegate hängt nach: Fälliges wartet seit {seconds} s",
        "Etwas ist seit {since} fällig und nicht erledigt; {seconds} s waren vergangen, als dies geschrieben wurde.",
        "",
        "Bitte mehr Worker starten oder auf der Seite nachsehen, was sie aufhält. Nichts geht verloren.",
    ),
    "operation.dispatcher": (
        "Tidegate steht still: kein Dispatcher läuft",
        "Seit {since} hat kein Dispatcher ein Lebenszeichen gegeben. Bis einer läuft, bemerkt niemand Fristen. "
        "Nichts geht verloren.",
        "",
        "Bitte einen starten: „tidegate dispatcher“.",
    ),
    "operation.worker": (
        "Tidegate steht still: kein Worker läuft",
        "Seit {since} hat kein Worker ein Lebenszeichen gegeben. Bis einer läuft, wartet, was fällig ist. "
        "Nichts geht verloren.",
        "",
        "Bitte einen starten: „tidegate worker“.",
    ),
    "operation.redis": (
        "Tidegate steht still: Redis antwortet nicht",
        "Redis antwortet seit {since} nicht:",
        "{error}",
        "",
        "Bis es antwortet, wartet, was fällig ist. Nichts geht verloren.",
    ),
    "operation.mail": (
        "Mails gehen nicht hinaus",
        "Der Mailserver hat seit zehn Minuten nichts angenommen. Zuletzt sagte er:",
        "{error}",
        "",
        "Die Benachrichtigungen sind im Posteingang; Mails werden von selbst noch einmal versucht.",
    ),
    "operation.over": (
        "Vorbei: {what}",
        "{what}: Das begann {since} und war {until} vorbei.",
    ),
}


WORDING: dict[str, dict[str, tuple[str, ...]]] = {"en": _ENGLISH, "de": _GERMAN}

# Single words that come as values.
WORDS: dict[str, dict[str, str]] = {
    "en": {
        "nobody": "nobody yet",
        "trouble-lag": "Tidegate was behind",
        "trouble-dispatcher": "No dispatcher ran",
        "trouble-worker": "No worker ran",
        "trouble-redis": "Redis did not answer",
        "trouble-mail": "Mails did not go out",
    },
    "de": {
        "nobody": "noch niemand",
        "trouble-lag": "Tidegate hing nach",
        "trouble-dispatcher": "Kein Dispatcher lief",
        "trouble-worker": "Kein Worker lief",
        "trouble-redis": "Redis antwortete nicht",
        "trouble-mail": "Mails gingen nicht hinaus",
        "approved": "genehmigt",
        "denied": "abgelehnt",
        "completed": "abgeschlossen",
        "cancelled": "abgebrochen",
    },
}

# What ends the mails to somebody without an account.
