"""The page under load: many clients at once, each answer compared with predict().

Run by hand: python tests/benchmarks/load.py PHOTO... [--clients 64] [--requests 50]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np

import pocketlens

sys.path.insert(0, str(Path(__file__).parents[1]))
from served_page import Page

_SETTLED_AFTER = 100


@dataclass
class Load:
    """What the clients have seen so far."""

    page: Page
    expected: dict[Path, dict[str, float]]
    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    settled: dict[str, int] = field(default_factory=dict)


def main() -> None:
    """Prints a table; exit status 1 where an answer was wrong or missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--requests", type=int, default=50)
    arguments = parser.parse_args()
    model = pocketlens.load_model(intra_op_num_threads=1)
    expected = {photo: model.predict(photo).scores for photo in arguments.photos}
    load = Load(Page(), expected)
    begun = time.perf_counter()
    asyncio.run(run(load, arguments.clients, arguments.requests))
    duration = time.perf_counter() - begun
    after = footprint(load.page)
    load.page.close()
    p50, p90, p99 = np.percentile(load.seconds, (50, 90, 99)) * 1000
    total = arguments.clients * arguments.requests
    print(f"{arguments.clients} clients, {total:,} requests in {duration:.1f} s")
    print(f"requests a second   {len(load.seconds) / duration:.0f}")
    print(f"p50, p90, p99       {p50:.0f}, {p90:.0f}, {p99:.0f} ms")
    print(f"errors              {total - len(load.seconds)}; other answers {len(load.wrong)}")
    if load.wrong or len(load.seconds) < total:
        print(*load.wrong[:5], sep="\n")
        sys.exit(1)
    for key, value in after.items():
        first = load.settled[key]
        print(
            f"{key:<19} {first:,} after {_SETTLED_AFTER}, {value:,} at the end: {value / first:.2f}"
        )


async def run(load: Load, clients: int, requests: int) -> None:
    """All clients at once."""
    await asyncio.gather(*(client(load, number, requests) for number in range(clients)))


async def client(load: Load, number: int, requests: int) -> None:
    """One client: uploads, asks, waits for the answer, and again."""
    photos = list(load.expected)
    async with httpx.AsyncClient(base_url=f"{load.page.url}/gradio_api", timeout=120) as web:
        for request in range(requests):
            photo = photos[(number + request) % len(photos)]
            begun = time.perf_counter()
            try:
                scores = (await ask(web, photo))["scores"]
            except Exception as error:
                load.wrong.append(f"{type(error).__name__}: {error}")
                continue
            load.seconds.append(time.perf_counter() - begun)
            if scores != load.expected[photo]:
                load.wrong.append(f"{photo}: {scores}")
            if len(load.seconds) == _SETTLED_AFTER:
                load.settled = footprint(load.page)


async def ask(web: httpx.AsyncClient, photo: Path) -> Any:
    """The answer of /predict for a photo."""
    uploaded = (await web.post("/upload", files={"files": (photo.name, photo.read_bytes())})).json()
    data = {"data": [{"path": uploaded[0], "meta": {"_type": "gradio.FileData"}}]}
    event = (await web.post("/call/predict", json=data)).json()["event_id"]
    stream = (await web.get(f"/call/predict/{event}")).text
    kind, _, content = stream.partition("\n")
    if kind != "event: complete":
        raise RuntimeError(stream)
    return json.loads(content.removeprefix("data: "))[0]


def footprint(page: Page) -> dict[str, int]:
    """Of the server's process: resident memory in kB, threads, open files."""
    process = Path(f"/proc/{page.process.pid}")
    status = dict(line.split(":\t") for line in (process / "status").read_text().splitlines())
    return {
        "memory, kB": int(status["VmRSS"].split()[0]),
        "threads": int(status["Threads"]),
        "open files": len(list((process / "fd").iterdir())),
    }


if __name__ == "__main__":
    main()
