"""`pocketlens web`."""

from __future__ import annotations

import argparse
from pathlib import Path

from pocketlens.cli.arguments import add_model
from pocketlens.cli.whole_file import check_writable, say_written, write_whole
from pocketlens.errors import ModelError
from pocketlens.loading import load_model
from pocketlens.pictures.files import read_bytes


def configure(parser: argparse.ArgumentParser) -> None:
    """Write a web page that holds the model and answers by itself, without a server."""
    parser.epilog = "Example: pocketlens web flowers.onnx --out flowers.html"
    add_model(parser)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument(
        "--out", type=Path, metavar="FILE", help="one .html file, which opens from disk"
    )
    where.add_argument(
        "--folder",
        type=Path,
        metavar="DIR",
        help="a static site for any server with https: it installs as an app and works offline",
    )
    parser.add_argument(
        "--runtime",
        type=Path,
        metavar="DIR",
        help="where onnxruntime-web's files lie, if this installation was built without them",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Writes the page; see configure()."""
    # Each command pays for what is imported above.
    import gzip
    import hashlib

    from pocketlens_web.facts import facts
    from pocketlens_web.onnxruntime_web import read_runtime
    from pocketlens_web.page import embedded, page
    from pocketlens_web.site import write_site

    file: Path = arguments.model
    if arguments.out:
        check_writable(arguments.out, models=[file])
    script, wasm = read_runtime(arguments.runtime)
    content = read_bytes(file)
    try:
        known = facts(load_model(file), file)
    except ModelError as error:
        raise ModelError(f"{error}" if str(file) in str(error) else f"{file}: {error}") from error
    known["sha256"] = hashlib.sha256(content).hexdigest()
    parts = {"runtime": script, "wasm": wasm, "model": content}
    packed = {name: gzip.compress(part, 9, mtime=0) for name, part in parts.items()}
    if arguments.folder:
        write_site(arguments.folder, known, packed)
        say_written(arguments.folder)
        return 0
    write_whole(arguments.out, page(known, [embedded(*part) for part in packed.items()]))
    return 0
