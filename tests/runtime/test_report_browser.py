"""The report in a real browser: light and dark, on a desk and on a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("jinja2")
pytest.importorskip("playwright.sync_api")

from answered import metadata_of, noisy_answers
from pocketlens.checking.findings import Finding, Findings
from pocketlens.report.about import About
from pocketlens.report.report import write_report

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module", params=[2, 10, 92])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    labels = tuple(f"a_long_name_of_class_{number}" for number in range(request.param))
    curve = tuple(0.5 + 0.02 * epoch for epoch in range(12))
    names = ("loss", "val_loss", "accuracy", "val_accuracy")
    metadata = metadata_of(labels, history=dict.fromkeys(names, curve))
    found = (Finding("dark", "a/1.jpg", "mean brightness 3%", look_at=True),)
    about = About("m.onnx", 1_000_000, 5.0, Findings("pictures", 9, {}, found, ("a note",)))
    write_report(folder / "report.html", metadata, noisy_answers(folder, labels, each=5), about)
    return folder / "report.html"


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wrong_in_the_browser(
    report: Path, size: dict[str, int], scheme: str, browser: Any
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    context = browser.new_context(viewport=size, color_scheme=scheme)
    tab = context.new_page()
    problems, asked = [], []
    tab.on("console", lambda said: problems.append(said.text))
    tab.on("pageerror", lambda error: problems.append(str(error)))
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(report.as_uri())
    assert problems == []
    assert [url for url in asked if not url.startswith("data:")] == [report.as_uri()]
    assert tab.evaluate("document.documentElement.scrollWidth") == size["width"]
    broken = "[...document.images].filter(image => !image.naturalWidth).length"
    assert tab.evaluate(broken) == 0
    found = axe.Axe().run(tab).response["violations"]
    context.close()
    serious = [each for each in found if each["impact"] in ("serious", "critical")]
    assert [(each["id"], each["nodes"][0]["html"][:200]) for each in serious] == []
