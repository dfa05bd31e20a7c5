"""The HTML of mails: one narrow column, readable without pictures, light and dark, on a telephone as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Frame:
    """What is around: the title, the language, and at the foot where people choose what reaches them, or end it."""

    title: str
    language: str
    foot: str
    foot_link: str


@dataclass(frozen=True)
class State:
    """A state in a word, and its colour: bad, warn, info, plain."""

    word: str
    colour: str


@dataclass(frozen=True)
class Item:
    """A line of a list."""

    state: State
    text: str
    due: str
    link: str


_STYLE = """
:root{color-scheme:light dark;supported-color-schemes:light dark}
body{margin:0;padding:0;background:#f3f4f6;color:#1c2127}
.page{background:#f3f4f6;padding:16px 8px}
.card{max-width:600px;margin:0 auto;background:#ffffff;border:1px solid #d5d9df;border-radius:8px;padding:20px 24px}
.card,.foot{font-size:15px;line-height:1.5}
.card,.foot{font-family:system-ui,-apple-system,"Segoe UI",Roboto,Helvetica,Arial,sans-serif}
h1{font-size:18px;line-height:1.35;margin:8px 0 12px}
h2{font-size:15px;margin:20px 0 4px;padding-top:12px;border-top:1px solid #d5d9df}
p{margin:0 0 12px}
a{color:#1a56b0}
.state{display:inline-block;font-size:13px;font-weight:600}
.state{border-radius:4px;padding:1px 8px;border:1px solid currentColor}
.bad{color:#a3201a}.warn{color:#7a4d00}.info{color:#1a56b0}.plain{color:#4a525c}
table.facts{border-collapse:collapse;margin:4px 0 16px;width:100%}
.facts th{text-align:left;font-weight:normal;color:#4a525c;padding:3px 16px 3px 0;vertical-align:top;white-space:nowrap}
.facts td{padding:3px 0;vertical-align:top;overflow-wrap:anywhere}
ul{list-style:none;margin:0 0 12px;padding:0}
li{padding:5px 0}
.due{color:#4a525c;font-size:13px;display:block}
.button{display:inline-block;background:#1a56b0;color:#ffffff;border-radius:6px;padding:9px 18px}
.button{text-decoration:none;font-weight:600}
.foot{max-width:600px;margin:12px auto 0;color:#4a525c;font-size:13px;padding:0 24px}
@media (prefers-color-scheme:dark){
body,.page{background:#15181c!important;color:#e4e7eb!important}
.card{background:#1e2328!important;border-color:#3a424b!important}
h2{border-color:#3a424b!important}
a{color:#86b4ff!important}
.bad{color:#ff9a92!important}.warn{color:#f0c060!important}.info{color:#86b4ff!important}
.plain,.facts th,.due,.foot{color:#a9b2bd!important}
.button{background:#86b4ff!important;color:#10151b!important}
}
@media (max-width:480px){
.page{padding:8px 4px}.card{padding:16px}
.facts th,.facts td{display:block;padding:0}.facts td{padding-bottom:8px}
.button{display:block;text-align:center}
}
""".strip()


def alone(
    frame: Frame,
    *,
    state: State,
    paragraphs: Sequence[str],
    facts: Sequence[tuple[str, str]],
    button: tuple[str, str] | None,
) -> str:
    """One notice: its state, its words, its facts, and where it leads."""
    rows = "".join(f'<tr><th scope="row">{escape(label)}</th><td>{escape(value)}</td></tr>' for label, value in facts)
    body = f"<p>{_badge(state)}</p><h1>{escape(frame.title)}</h1>"
    body += "".join(f"<p>{escape(part.strip()).replace(chr(10), '<br>')}</p>" for part in paragraphs)
    body += f'<table class="facts">{rows}</table>' if rows else ""
    return _page(frame, body + (_button(*button) if button else ""))


def together(
    frame: Frame,
    *,
    first: str,
    groups: Sequence[tuple[str, Sequence[Item]]],
    more: str,
    button: tuple[str, str],
) -> str:
    """Many notices by release."""
    body = f"<h1>{escape(frame.title)}</h1><p>{escape(first)}</p>"
    for title, items in groups:
        body += f"<h2>{escape(title)}</h2><ul>{''.join(_item(one) for one in items)}</ul>"
    body += f"<p>{escape(more)}</p>" if more else ""
    return _page(frame, body + _button(*button))


def _item(one: Item) -> str:
    text = f'<a href="{escape(one.link, quote=True)}">{escape(one.text)}</a>' if one.link else escape(one.text)
    due = f'<span class="due">{escape(one.due)}</span>' if one.due else ""
    return f"<li>{_badge(one.state)} {text}{due}</li>"


def _badge(state: State) -> str:
    return f'<span class="state {state.colour}">{escape(state.word)}</span>'


def _button(label: str, link: str) -> str:
    return f'<p><a class="button" href="{escape(link, quote=True)}">{escape(label)}</a></p>'


def _page(frame: Frame, body: str) -> str:
    foot = f'<a href="{escape(frame.foot_link, quote=True)}">{escape(frame.foot)}</a>'
    return (
        f'<!doctype html><html lang="{frame.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(frame.title)}</title><style>{_STYLE}</style></head>"
        f'<body><div class="page"><div class="card">{body}</div>'
        f'<p class="foot">Tidegate · {foot}</p></div></body></html>'
    )
