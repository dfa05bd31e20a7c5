"""Reports as files: a table for spreadsheets, and a document to print."""

from __future__ import annotations

import csv
import functools
import importlib
import io
from typing import Any

from service.domain.reports import Report

TYPES = {"csv": "text/csv; charset=utf-8", "pdf": "application/pdf"}
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def render(report: Report, format_: str, language: str) -> bytes:
    """The report as a file: csv or pdf."""
    if format_ == "csv":
        return as_csv(report)
    printed: bytes = _printing().printed(report, language)
    return printed


@functools.cache
def _printing() -> Any:
    """What draws and its fonts take long to load: only who prints loads them."""
    return importlib.import_module("service.integrations.printing")


def as_csv(report: Report) -> bytes:
    """One line a row: the section, then its columns. What a spreadsheet would take for a formula is marked as text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([report.title, report.period])
    for section in report.sections:
        writer.writerow([])
        writer.writerow([section.title, *section.columns])
        writer.writerows([[section.title, *(_harmless(cell) for cell in row)] for row in section.rows])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell
