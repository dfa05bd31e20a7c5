"""Reading a file as XML without trusting it: no DTD, no entities, no network, bounded size and depth."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from service.engine import limits
from service.errors import Problem

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
ZEEBE = "http://camunda.org/schema/zeebe/1.0"
CAMUNDA = "http://camunda.org/schema/1.0/bpmn"

# Only encodings that keep ASCII as it is: in others a DTD could hide from the look at the prolog.
_ENCODINGS = {"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "iso-8859-15", "windows-1252"}
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([^"']*)["']""")
_PROLOG = re.compile(rb"\s+|<\?.*?\?>|<!--.*?-->", re.DOTALL)


class Refused(Exception):
    """The file is not XML that may be read; carries the one problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def parse(file: str, source: bytes, limit: int = limits.Limits.file_bytes) -> etree._Element:
    """Give the root element, or raise Refused with line and advice."""
    if len(source) > limit:
        text = f"The file has {len(source)} bytes; at most {limit} are accepted ({limits.setting('file_bytes')})."
        raise _refused(file, 1, "file-too-large", text)
    body = source.removeprefix(b"\xef\xbb\xbf")
    _refuse_encoding(file, body)
    _refuse_doctype(file, body)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True, recover=False,
    )  # fmt: skip
    try:
        return etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise _refused(file, error.lineno, "malformed-xml", f"This is not well-formed XML: {error.msg}.") from None
    except ValueError as error:
        raise _refused(file, None, "malformed-xml", f"This is not well-formed XML: {error}.") from None


def local(element: etree._Element) -> str:
    return str(etree.QName(element).localname)


def namespace(element: etree._Element) -> str | None:
    return etree.QName(element).namespace


def children(element: etree._Element) -> Iterator[etree._Element]:
    """Child elements; entity references and the like are left out."""
    return (child for child in element if isinstance(child.tag, str))


def child(element: etree._Element, name: str, ns: str = BPMN) -> etree._Element | None:
    return element.find(f"{{{ns}}}{name}")


def text(element: etree._Element | None) -> str | None:
    """The text of an element without surrounding blanks; None where there is none."""
    if element is None:
        return None
    value = "".join(element.itertext()).strip()
    return value or None


def _refuse_encoding(file: str, body: bytes) -> None:
    declared = _DECLARED.match(body[:400])
    name = declared.group(1).decode("ascii", "replace").lower() if declared else "utf-8"
    if b"\x00" in body or name not in _ENCODINGS:
        raise _refused(file, 1, "encoding", "The encoding of this file is not accepted; save it as UTF-8.")


def _refuse_doctype(file: str, body: bytes) -> None:
    position = 0
    while match := _PROLOG.match(body, position):
        position = match.end()
    if body[position : position + 2] == b"<!":
        line = body.count(b"\n", 0, position) + 1
        raise _refused(
            file, line, "doctype", "Remove the document type declaration (<!DOCTYPE ...>); none is accepted."
        )


def _refused(file: str, line: int | None, code: str, message: str) -> Refused:
    return Refused(Problem(file=file, line=line, element_id=None, code=code, message=message))
