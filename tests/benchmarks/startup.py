"""From command to first answer: the page over a bare gr.Interface, fresh processes in turn.

Run by hand: python tests/benchmarks/startup.py PHOTO
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from served_page import free_port

_ROUNDS = 15
_BARE = """
import gradio as gr
photo = gr.Image(type="filepath")
gr.Interface(lambda photo: {"cat": 1.0}, photo, "label", api_name="predict").launch(quiet=True)
"""


def main() -> None:
    """Prints p50, p90 and p99 of both sides and the ratio of the medians."""
    photo = Path(sys.argv[1]).read_bytes()
    script = str(Path(sys.executable).with_name("pocketlens"))
    sides = {
        "bare gr.Interface": [sys.executable, "-c", _BARE],
        "pocketlens demo": [script, "demo"],
    }
    seconds: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(_ROUNDS):
        for side, command in sides.items():
            seconds[side].append(first_answer(command, photo))
    for side, values in seconds.items():
        p50, p90, p99 = np.percentile(values, (50, 90, 99))
        print(f"{side:<18} p50 {p50:.2f} s, p90 {p90:.2f}, p99 {p99:.2f}")
    bare, page = (np.median(values) for values in seconds.values())
    print(f"ratio of the medians {page / bare:.2f} ({_ROUNDS} processes a side)")


def first_answer(command: list[str], photo: bytes) -> float:
    """Seconds from starting the command to the answer for a photo."""
    port = free_port()
    address = f"http://127.0.0.1:{port}/gradio_api"
    environment = os.environ | {
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_ANALYTICS_ENABLED": "False",
    }
    if command[-1] == "demo":
        command = [*command, "--port", str(port)]
    begun = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        while True:
            try:
                uploaded = httpx.post(f"{address}/upload", files={"files": ("photo.jpg", photo)})
                break
            except httpx.TransportError:
                time.sleep(0.01)
        data = {"data": [{"path": uploaded.json()[0], "meta": {"_type": "gradio.FileData"}}]}
        event = httpx.post(f"{address}/call/predict", json=data).json()["event_id"]
        answer = httpx.get(f"{address}/call/predict/{event}", timeout=30).text
        assert answer.startswith("event: complete"), answer
        json.loads(answer.partition("data: ")[2])
        return time.perf_counter() - begun
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
