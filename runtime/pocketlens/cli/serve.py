"""`pocketlens serve`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from urllib.parse import urlsplit

from pocketlens.cli.arguments import positive_int
from pocketlens.cli.printing import print_note
from pocketlens.loading import BUNDLED_MODEL

_PORT = 7860


def configure(parser: argparse.ArgumentParser) -> None:
    """Answer pictures over HTTP, for programs."""
    parser.epilog = (
        "The first model answers where a request names none; each has the name of its file.\n"
        "http://HOST:PORT/docs lists the routes.\n\n"
        "Example: pocketlens serve flowers.onnx\n"
        "         curl -F file=@photo.jpg http://127.0.0.1:7860/v1/predict"
    )
    parser.add_argument(
        "models",
        nargs="*",
        type=Path,
        default=[BUNDLED_MODEL],
        metavar="MODEL",
        help=".onnx files (default: the bundled model)",
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="address to listen on; 0.0.0.0: all (default: %(default)s, this computer alone)",
    )
    parser.add_argument(
        "--port", type=int, default=_PORT, metavar="N", help="0: any (default: %(default)s)"
    )
    parser.add_argument(
        "--workers",
        type=positive_int,
        default=1,
        metavar="N",
        help="processes; each answers on all cores (default: %(default)s)",
    )
    parser.add_argument(
        "--token", type=Path, metavar="FILE", help="it holds the token that requests must have"
    )
    parser.add_argument(
        "--cors",
        type=_origin,
        action="append",
        default=[],
        metavar="ORIGIN",
        help="let pages of this site ask, such as https://example.org; may be given again",
    )
    parser.add_argument("--metrics", action="store_true", help="keep figures, at /metrics")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serves until Ctrl-C or SIGTERM; see configure()."""
    from pocketlens.http.authorization import read_token
    from pocketlens.http.server import Settings, listen, serve
    from pocketlens.http.workers import serve_by_workers

    settings = Settings(
        tuple(arguments.models),
        arguments.host,
        f"Bearer {read_token(arguments.token)}" if arguments.token else None,
        tuple(arguments.cors),
        arguments.metrics,
    )
    with listen(arguments.host, arguments.port) as listening:
        host = f"[{arguments.host}]" if ":" in arguments.host else arguments.host
        url = f"http://{host}:{listening.getsockname()[1]}"

        def started() -> None:
            if not settings.is_local and not settings.authorization:
                print_note("whoever reaches this address can use it; --token asks for a secret")
            names = ", ".join(path.stem for path in settings.models)
            print(f"{names} at {url}/v1/predict; {url}/docs says how", flush=True)
            print("Ctrl-C stops it", flush=True)

        if arguments.workers == 1:
            serve(settings, listening, started)
        else:
            serve_by_workers(settings, listening, arguments.workers, started)
    print("stopped", file=sys.stderr)
    return 0


def _origin(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or text != f"{parts.scheme}://{parts.netloc}":
        raise argparse.ArgumentTypeError(
            f"got {text!r}, expected an origin such as https://example.org"
        )
    return text
