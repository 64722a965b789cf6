"""`pocketlens demo`."""

from __future__ import annotations

import argparse
from pathlib import Path

from pocketlens.cli.printing import print_note
from pocketlens.loading import BUNDLED_MODEL
from pocketlens_demo.serving import serve
from pocketlens_demo.space import write_space


def configure(parser: argparse.ArgumentParser) -> None:
    """Open a page that classifies uploaded, pasted or webcam pictures."""
    parser.epilog = (
        "Example: pocketlens demo --model flowers.onnx --port 8080\n"
        "         pocketlens demo --host 0.0.0.0 --auth ann:secret --collect corrected"
    )
    parser.add_argument(
        "--model",
        type=_path,
        action="append",
        metavar="FILE",
        help=".onnx file (default: cats and dogs); given twice, their answers stand side by side",
    )
    parser.add_argument(
        "--host",
        type=_host,
        default="127.0.0.1",
        help="address to listen on; 0.0.0.0: all (default: %(default)s)",
    )
    parser.add_argument("--port", type=_port, help="default: the first free one from 7860 on")
    parser.add_argument(
        "--share", action="store_true", help="also open a public address through gradio.live"
    )
    parser.add_argument(
        "--auth", type=_auth, metavar="USER:PASSWORD", help="what visitors must log in with"
    )
    parser.add_argument(
        "--collect",
        type=_path,
        metavar="FOLDER",
        help="keep photos that visitors correct, as FOLDER/<class>/<hash>.jpg",
    )
    parser.add_argument(
        "--teach",
        action="store_true",
        help="add a tab where visitors teach new classes with the camera, each for themselves",
    )
    parser.add_argument("--ssl-certfile", type=_path, metavar="FILE", help="certificate for https")
    parser.add_argument("--ssl-keyfile", type=_path, metavar="FILE", help="its key")
    parser.add_argument(
        "--space",
        type=_path,
        metavar="FOLDER",
        help="serve nothing; write the files of a Hugging Face Space with this model",
    )
    parser.set_defaults(run=run, parser=parser)


def run(arguments: argparse.Namespace) -> int:
    """Serves the page until Ctrl-C, or writes a Space; see configure()."""
    if (arguments.ssl_certfile is None) != (arguments.ssl_keyfile is None):
        arguments.parser.error("--ssl-certfile and --ssl-keyfile go together")
    models = arguments.model or [BUNDLED_MODEL]
    if arguments.space:
        if len(models) > 1:
            arguments.parser.error("a Space has one --model")
        write_space(models[0], arguments.space)
        print(f"{arguments.space}: a Space; try it: python {arguments.space / 'app.py'}")
        return 0
    if arguments.teach:
        # The other commands need not pay for it.
        from pocketlens_demo.teaching.lesson import missing_line

        if line := missing_line():
            print_note(f"the Teach tab needs more: {line}")
    serve(
        models,
        host=arguments.host,
        port=arguments.port,
        share=arguments.share,
        auth=arguments.auth,
        collect=arguments.collect,
        teach=arguments.teach,
        ssl_certfile=arguments.ssl_certfile,
        ssl_keyfile=arguments.ssl_keyfile,
    )
    return 0


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"got {text!r}, expected a port, 1 to 65535")
    return int(text)


def _host(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("got '', expected an address; 0.0.0.0 for all")
    return text.removeprefix("[").removesuffix("]")


def _path(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("got '', expected a path")
    return Path(text)


def _auth(text: str) -> tuple[str, str]:
    user, _, password = text.partition(":")
    if not user or not password:
        raise argparse.ArgumentTypeError("expected USER:PASSWORD, neither of them empty")
    return user, password
