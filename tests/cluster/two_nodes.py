"""Two Ray nodes on this machine, one of which is killed half-way: every picture once?

    python tests/cluster/two_nodes.py FOLDER [--pictures N] [--bad N] [--part-size N] [--memory]

FOLDER holds photos; they are linked as often as is needed. Needs Linux and "pocketlens[cpu,ray]".
Runs the plain command, then the same with --ray, kills the second node with SIGKILL while it works,
and compares the files byte by byte. --memory: instead, peak memory of the driver and of the actors
for a quarter of the pictures and for all, each on one node.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from pocketlens.pictures.folders import PassedOver, picture_files

PREDICT = """
import sys
from pocketlens.cli import main, predict_out
from pocketlens.scoring import scoring
scoring.PART_SIZE = predict_out.PART_SIZE = int(sys.argv[1])
sys.exit(main(["predict", *sys.argv[2:]]))
"""
WAIT_FOR_TWO = """
import logging, sys, time
import ray
ray.init(address=sys.argv[1], log_to_driver=False, logging_level=logging.ERROR)
while len([node for node in ray.nodes() if node["Alive"]]) < 2:
    time.sleep(0.2)
"""
RAY = Path(sys.executable).with_name("ray")
DEADLINE = 1_800


def make_pictures(folder: Path, photos: list[str], count: int, bad: int) -> None:
    """Links to photos in twenty folders; some are empty, some no picture."""
    for number, photo in enumerate(islice(cycle(photos), count - bad)):
        below = folder / f"camera-{number % 20:02}"
        below.mkdir(parents=True, exist_ok=True)
        (below / f"{number:06}.jpg").symlink_to(photo)
    for number in range(bad):
        content = b"" if number % 2 else b"\xff\xd8\xff\xe0 no picture"
        (folder / f"camera-{number % 20:02}" / f"bad-{number}.jpg").write_bytes(content)


def start_node(*arguments: str) -> subprocess.Popen[bytes]:
    command = [str(RAY), "start", "--block", "--disable-usage-stats", "--num-cpus=1"]
    command += ["--object-store-memory=80000000", *arguments]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def descendants(process: int) -> list[int]:
    """The process and all below it."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int(
                (folder / "stat").read_text().rpartition(")")[2].split()[1]
            )
        except OSError:
            continue
    found = [process]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found


def works(process: int) -> bool:
    try:
        return b"PartScorer" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False


def kill(node: subprocess.Popen[bytes]) -> None:
    for process in descendants(node.pid):
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            continue
    node.wait()


def wait_for_port(port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit("the first node does not start")


def run(work: Path, out: str, size: int, *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", PREDICT, str(size), "pictures", "--out", out, *more]
    return subprocess.Popen(command, cwd=work)


def peak_memory(work: Path, out: str, size: int) -> tuple[int, int]:
    """Of the driver, and of the largest actor, in KB."""
    driver = run(work, out, size, "--ray")
    most = {True: 0, False: 0}
    while driver.poll() is None:
        for process in descendants(driver.pid):
            if process != driver.pid and not works(process):
                continue
            try:
                status = Path(f"/proc/{process}/status").read_text()
            except OSError:
                continue
            if peak := re.search(r"VmHWM:\s+(\d+)", status):
                is_driver = process == driver.pid
                most[is_driver] = max(most[is_driver], int(peak[1]))
        time.sleep(0.1)
    assert driver.returncode == 0
    return most[True], most[False]


def compare_memory(work: Path, photos: list[str], options: argparse.Namespace) -> None:
    found = []
    for count in (options.pictures // 4, options.pictures):
        folder = work / str(count)
        make_pictures(folder / "pictures", photos, count, options.bad)
        found.append(peak_memory(folder, "ray", options.part_size))
    for who, few, many in zip(("driver", "largest actor"), *found, strict=True):
        print(f"{who}: {few / 1e3:.0f} and {many / 1e3:.0f} MB; ratio {many / few:.3f}")


def compare(work: Path) -> None:
    parts = sorted((work / "plain").glob("part-*"))
    assert [part.name for part in parts] == sorted(
        part.name for part in (work / "ray").glob("part-*")
    )
    files: list[str] = []
    errors = 0
    for part in parts:
        content = (work / "ray" / part.name).read_bytes()
        assert content == part.read_bytes(), f"{part.name} differs"
        rows = [json.loads(line) for line in content.splitlines()]
        files += [row["file"] for row in rows]
        errors += sum("error" in row for row in rows)
    assert len(set(files)) == len(files)
    print(f"{len(files):,} pictures, each once, {errors} with an error; all parts the same bytes")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--pictures", type=int, default=20_000)
    parser.add_argument("--bad", type=int, default=40)
    parser.add_argument("--part-size", type=int, default=500)
    parser.add_argument("--memory", action="store_true")
    options = parser.parse_args()
    folder = str(Path(options.folder).resolve())
    photos = list(islice(picture_files([folder], PassedOver(), print), options.pictures))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"127.0.0.1:{port}"
    with TemporaryDirectory() as name:
        work = Path(name)
        # Processes of another user of this machine are kept out.
        (work / "token").write_text(secrets.token_hex())
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(work / "token")}
        if options.memory:
            compare_memory(work, photos, options)
            return
        make_pictures(work / "pictures", photos, options.pictures, options.bad)
        start = time.monotonic()
        assert run(work, "plain", options.part_size).wait(DEADLINE) == 0
        print(f"plain: {time.monotonic() - start:.0f} s")
        first = start_node(
            "--head", f"--port={port}", "--node-ip-address=127.0.0.1", "--include-dashboard=false"
        )
        wait_for_port(port)
        second = start_node(f"--address={address}", "--node-ip-address=127.0.0.1")
        try:
            subprocess.run([sys.executable, "-c", WAIT_FOR_TWO, address], check=True, timeout=120)
            start = time.monotonic()
            driver = run(work, "ray", options.part_size, "--ray", address)
            half = -(-options.pictures // options.part_size) // 2
            while len(list((work / "ray").glob("part-*"))) < half:
                assert driver.poll() is None, "ended before half of it was done"
                time.sleep(0.2)
            while not any(map(works, descendants(second.pid))):
                assert driver.poll() is None, "the second node had nothing to do"
                time.sleep(0.05)
            taken = time.monotonic() - start
            print(f"half is done, the second node at work: killed after {taken:.0f} s")
            kill(second)
            assert driver.wait(DEADLINE) == 0
            print(f"two nodes, one killed: {time.monotonic() - start:.0f} s")
        finally:
            kill(second)
            kill(first)
        compare(work)


if __name__ == "__main__":
    main()
