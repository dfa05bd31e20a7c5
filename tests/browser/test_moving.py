"""A process owner moves running releases to a new version of their model, and brings them back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.test_pages import AXE
from tests.browser.visitor import Visitor, violations

MODEL = Path(__file__).parents[2] / "bpmn" / "minor_release.bpmn"
FIRST = ("task_register_release", "task_register_it")


def _second_version(folder: Path) -> Path:
    """The shipped model, its first task under another id."""
    file = folder / MODEL.name
    file.write_text(MODEL.read_text().replace(*FIRST))
    return file


def test_running_releases_move_to_a_new_version_and_back(visit: Callable[..., Visitor], tmp_path: Path) -> None:
    cora, petra = visit("cora"), visit("petra", bypass_csp=True)
    page = cora.go("/releases/new")
    page.get_by_label("Title", exact=True).fill("Broker portal")
    page.get_by_label("Minor").check()
    page.get_by_label("Service", exact=True).fill("Broker extranet")
    page.get_by_role("button", name="Create and start").click()
    expect(page.get_by_role("heading", name="Broker portal")).to_be_visible()

    page = petra.go("/models")
    page.get_by_role("button", name="Deploy files").click()
    page.locator("#files").set_input_files(_second_version(tmp_path))
    page.get_by_role("button", name="Check and deploy").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Version 2")

    page.get_by_role("link", name="Move 1 running release here").click()
    row = page.get_by_role("row").filter(has_text="Broker portal")
    expect(row).to_contain_text("needs a mapping")
    page.locator("#canvas[data-ready]").wait_for()
    assert violations(page, AXE.read_text()) == []
    page.locator(f'select[name="map.{FIRST[0]}"]').select_option(FIRST[1])
    page.get_by_role("button", name="Look again").click()
    expect(row).to_contain_text("moves as it is")

    page.get_by_role("button", name="Move 1 release").click()
    expect(page.locator("#live")).to_contain_text("Finished: 1 release was moved.")  # without a reload
    assert violations(page, AXE.read_text()) == []

    page = petra.go("/releases/R-1")
    notice = page.locator(".alert").filter(has_text="to version 2")
    notice.get_by_role("button", name="Undo").click()
    expect(notice).not_to_be_visible()
    expect(petra.go("/releases/R-1/history").locator(".timeline")).to_contain_text("brought the release back")


def test_the_modeler_says_what_a_drawing_means_for_running_releases(visit: Callable[..., Visitor]) -> None:
    page = visit("petra").go("/models/minor_release/1/edit")
    page.locator("#canvas[data-ready]").wait_for()
    told = page.locator("#problems [data-moves-told]")
    expect(told).to_contain_text("1 running release: 1 would move as it is.")
    page.evaluate(
        """(id) => {
          const modeler = window.tidegate.modeler;
          modeler.get('modeling').removeElements([modeler.get('elementRegistry').get(id)]);
        }""",
        FIRST[0],
    )
    expect(page.locator("#problems")).not_to_contain_text("would move as it is")
