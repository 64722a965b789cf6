"""How long a browser waits for the answer to a photo, on this page and on that of another tree.

    git worktree add ../before main
    python tests/benchmarks/page.py ../before

Both are open in one browser, and take turns; needs playwright and a Chromium.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
from pathlib import Path
from typing import Any

import cv2
from playwright.sync_api import sync_playwright

TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS))

from browsing import ARGUMENTS
from served_page import Page, free_port

PHOTO = TESTS.parent / "demo" / "pocketlens_demo" / "examples" / "pexels_dog.jpg"
SIZES = {"200x200": (200, 200), "12 MP": (4000, 3000)}
PACKAGES = ("runtime", "train", "export", "demo")
# The answer is there once it is seen: of the page today, or of the one of Gradio's components.
WATCH = """
() => {
  const seen = () => {
    const found = document.querySelector(".photo .headline, [data-testid=label-output-value]");
    return found?.checkVisibility({ visibilityProperty: true });
  };
  document.addEventListener("change", (event) => {
    if (event.target.type !== "file") return;
    const begun = performance.now();
    window.waited = new Promise((done) => {
      const look = () => (seen() ? done(performance.now() - begun) : requestAnimationFrame(look));
      requestAnimationFrame(look);
    });
  }, true);
}"""


def serve(tree: Path) -> Page:
    port = free_port()
    paths = os.pathsep.join(str(tree / package) for package in PACKAGES)
    command = [sys.executable, "-m", "pocketlens", "demo", "--port", str(port)]
    return Page(command=command, port=port, env=os.environ | {"PYTHONPATH": paths})


def wait_for_answer(tab: Any, photo: Path) -> float:
    """Milliseconds from the choice of the file to the answer."""
    if tab.get_by_label("Remove Image").count():
        tab.get_by_label("Remove Image").first.click()
        tab.get_by_test_id("label-output-value").wait_for(state="detached")
    # A page that takes only pictures has this one, too.
    tab.locator("input[type=file]").first.set_input_files(str(photo))
    return float(tab.evaluate("waited"))


def measure(trees: dict[str, Path], photo: Path, rounds: int) -> dict[str, list[float]]:
    pages = {name: serve(tree) for name, tree in trees.items()}
    waited: dict[str, list[float]] = {name: [] for name in trees}
    try:
        with sync_playwright() as playwright:
            chromium = shutil.which("chromium") or shutil.which("google-chrome")
            browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
            tabs = {}
            for name, page in pages.items():
                tabs[name] = browser.new_page()
                tabs[name].goto(page.url)
                tabs[name].get_by_role("tab", name="Photo").wait_for()
                tabs[name].locator("input[type=file]").first.wait_for(state="attached")
                tabs[name].evaluate(WATCH)
            for turn in range(rounds + 1):
                for name, tab in tabs.items():
                    tab.bring_to_front()
                    taken = wait_for_answer(tab, photo)
                    if turn:  # the first is to warm up
                        waited[name].append(taken)
            browser.close()
    finally:
        for page in pages.values():
            page.close()
    return waited


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", type=Path, help="a tree of this project with another page")
    parser.add_argument("--rounds", type=int, default=20)
    arguments = parser.parse_args()
    trees = {"before": arguments.before.resolve(), "now": TESTS.parent}
    photo = Path("page-benchmark.jpg").resolve()
    picture = cv2.imread(str(PHOTO))
    assert picture is not None
    try:
        for title, size in SIZES.items():
            cv2.imwrite(str(photo), cv2.resize(picture, size))
            waited = measure(trees, photo, arguments.rounds)
            medians = {name: statistics.median(times) for name, times in waited.items()}
            for name, times in waited.items():
                low, high = min(times), max(times)
                print(f"{title:8} {name:7} p50 {medians[name]:4.0f} ms, {low:.0f} to {high:.0f}")
            print(f"{title:8} now / before: {medians['now'] / medians['before']:.2f}")
    finally:
        photo.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
