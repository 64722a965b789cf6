"""What the page costs while nobody uses it: the server's share of a core with ten pages open.

Run by hand: python tests/benchmarks/idle.py [--pages 10] [--seconds 60]
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))
from served_page import Page

_SETTLED_AFTER = 10


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=60)
    arguments = parser.parse_args()
    page = Page()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        asked: list[str] = []
        for _ in range(arguments.pages):
            # A context each: a browser has six connections to a host, and a page keeps one.
            tab = browser.new_context().new_page()
            tab.on("request", lambda request: asked.append(request.url))
            tab.goto(page.url)
            tab.get_by_role("tab", name="Photo").wait_for()
        tab.wait_for_timeout(1000 * _SETTLED_AFTER)
        asked.clear()
        before, begun = cpu_seconds(page), time.perf_counter()
        tab.wait_for_timeout(1000 * arguments.seconds)
        used, passed = cpu_seconds(page) - before, time.perf_counter() - begun
        browser.close()
    page.close()
    print(f"{arguments.pages} pages open and idle for {passed:.0f} s")
    print(f"share of a core     {used / passed:.2%}")
    print(f"requests            {len(asked)}")


def cpu_seconds(page: Page) -> float:
    """What the server's process has used."""
    fields = Path(f"/proc/{page.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
