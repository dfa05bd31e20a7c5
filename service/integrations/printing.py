"""A report as a document to print."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fpdf import FPDF, FontFace
from fpdf.enums import TableBordersLayout
from fpdf.fonts import TTFFont

from service.domain.reports import Report, Section
from service.integrations import reportwords

TABLE, WIDEST, PADDING = 8.5, 60, 4  # size of its letters; mm
FONT, FONTS = "DejaVu", Path(__file__).parent / "fonts"  # made by frontend/build.mjs
INK, MUTED, HEAD, LINE = (21, 34, 44), (80, 96, 108), (231, 240, 241), (205, 214, 219)


def printed(report: Report, language: str) -> bytes:
    """A document on A4, with page numbers; its dates are those of the report, so that it is the same each time."""
    page = _Page(reportwords.words(language)["page"])
    page.set_title(report.title)
    page.set_lang(language)
    page.set_creator("Tidegate")
    page.set_creation_date(report.made_at)
    page.add_page()
    page.set_text_color(*INK)
    page.set_font(FONT, "B", 20)
    page.cell(0, 11, page.drawable(report.title), new_x="LMARGIN", new_y="NEXT")
    page.set_text_color(*MUTED)
    page.set_font(FONT, "", 10)
    page.cell(0, 6, page.drawable(report.period), new_x="LMARGIN", new_y="NEXT")
    page.cell(0, 6, page.drawable(report.made), new_x="LMARGIN", new_y="NEXT")
    for section in report.sections:
        _draw(page, section)
    return bytes(page.output())


class _Page(FPDF):
    """A4 with the number of the page at its foot."""

    def __init__(self, numbered: str) -> None:
        super().__init__(format="A4")
        self.add_font(FONT, "", FONTS / "DejaVuSans.ttf")
        self.add_font(FONT, "B", FONTS / "DejaVuSans-Bold.ttf")
        self.set_margins(18, 16, 18)
        self.set_auto_page_break(True, 18)
        self._numbered = numbered

    def drawable(self, text: str) -> str:
        """The text with a question mark for each letter that the font does not have."""
        font = self.fonts[FONT.lower()]
        assert isinstance(font, TTFFont)
        return "".join(one if ord(one) in font.cmap else "?" for one in text)

    def footer(self) -> None:
        self.set_y(-14)
        self.set_font(FONT, "", 8)
        self.set_text_color(*MUTED)
        self.cell(0, 6, self.drawable(self._numbered.format(n=self.page_no(), all="{nb}")), align="R")


def _draw(page: _Page, section: Section) -> None:
    if page.will_page_break(34):  # a heading does not stand alone at the foot
        page.add_page()
    page.ln(6)
    page.set_text_color(*INK)
    page.set_font(FONT, "B", 12)
    page.cell(0, 8, page.drawable(section.title), new_x="LMARGIN", new_y="NEXT")
    page.set_font(FONT, "", TABLE)
    page.set_draw_color(*LINE)
    if not section.rows:
        page.set_text_color(*MUTED)
        page.cell(0, 6, page.drawable(section.empty), new_x="LMARGIN", new_y="NEXT")
        return
    heading = FontFace(emphasis="BOLD", color=INK, fill_color=HEAD)
    layout: dict[str, Any] = {"borders_layout": TableBordersLayout.HORIZONTAL_LINES, "headings_style": heading}
    wide = _widths(page, [section.columns, *section.rows])
    aligned = (*["LEFT"] * (len(section.columns) - 1), "RIGHT")
    with page.table(col_widths=wide, text_align=aligned, line_height=5.5, **layout) as table:
        for cells in (section.columns, *section.rows):
            row = table.row()
            for cell in cells:
                row.cell(page.drawable(cell))


def _widths(page: _Page, rows: Sequence[Sequence[str]]) -> tuple[float, ...]:
    """What the cells of each column want, in mm. Where that is too much, their longest words come first."""
    page.set_font(FONT, "B", TABLE)
    columns = [[page.drawable(cell) for cell in column] for column in zip(*rows, strict=True)]
    wanted = [min(WIDEST, max(map(page.get_string_width, column))) + PADDING for column in columns]
    words = [[word for cell in column for word in cell.split()] or [""] for column in columns]
    needed = [min(WIDEST, max(map(page.get_string_width, some))) + PADDING for some in words]
    page.set_font(FONT, "", TABLE)
    left, more = max(page.epw - sum(needed), 0), sum(wanted) - sum(needed)
    share = min(left / more, 1) if more else 0
    return tuple(round(least + (most - least) * share, 1) for least, most in zip(needed, wanted, strict=True))
