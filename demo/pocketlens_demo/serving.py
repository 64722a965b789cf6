"""Serves the page until Ctrl-C or a signal."""

from __future__ import annotations

import os
import signal
import ssl
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pocketlens.errors import FileError, SettingError
from pocketlens.extras import requires_extra
from pocketlens.loading import load_model
from pocketlens_demo.limits import LOOPBACK
from pocketlens_demo.upload_folder import upload_folder


def serve(
    model_files: Sequence[Path],
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    share: bool = False,
    auth: tuple[str, str] | None = None,
    collect: Path | None = None,
    teach: bool = False,
    ssl_certfile: Path | None = None,
    ssl_keyfile: Path | None = None,
) -> None:
    """Serves the page around a model until Ctrl-C or SIGTERM.

    Args:
        model_files: The .onnx files; the photo tab shows their answers side by side.
        host: The address to listen on.
        port: None takes the first free one from 7860 on.
        share: Whether to also open a public address through gradio.live.
        auth: The name and the password with which visitors log in.
        collect: Folder for photos that visitors have corrected; None keeps none.
        teach: Whether visitors can teach new classes, each for themselves.
        ssl_certfile: Certificate for https, PEM.
        ssl_keyfile: The certificate's key, PEM.

    Raises:
        PocketLensError: Before the port opens: the model, the folder, the certificate, the address
            or the port cannot be used, or Gradio is not installed.
        SystemExit: A signal ended it.
    """
    is_exposed = host not in LOOPBACK or "GRADIO_ROOT_PATH" in os.environ
    is_public = is_exposed or share
    if teach and is_public and not auth:
        raise SettingError(
            "--teach lets visitors store pictures and start computations: beyond this computer "
            "it takes --auth USER:PASSWORD"
        )
    models = [load_model(file) for file in model_files]
    _check_certificate(ssl_certfile, ssl_keyfile)
    _keep_quiet()
    _exit_on_signals()
    with upload_folder() as uploads:
        with requires_extra("demo", "gradio", "segno"):
            from pocketlens.http.application import routes
            from pocketlens_demo.app import build, launch, stop
            from pocketlens_demo.corrections import Corrections
            from pocketlens_demo.programs import for_programs
            from pocketlens_demo.served import Served
            from pocketlens_demo.teaching.sessions import Sessions
        first = models[0]
        depth = first.metadata.preprocessing.depth
        corrections = Corrections(collect, first.labels, depth) if collect else None
        sessions = Sessions(uploads.teaching) if teach else None
        served = [
            Served(model, file, str(number))
            for number, (model, file) in enumerate(zip(models, model_files, strict=True))
        ]
        page = build(
            served, host=host, is_public=is_public, corrections=corrections, sessions=sessions
        )
        service = for_programs(served, auth)
        page.routes = [*page.routes, *routes(service)]
        hosts = set() if is_public else set(LOOPBACK)
        # The folder holds the examples by now, which stay.
        uploads.remove_in_time()
        local_url, share_url = launch(
            page,
            uploads,
            hosts,
            host=host,
            port=port,
            share=share,
            auth=auth,
            ssl_certfile=str(ssl_certfile) if ssl_certfile else None,
            ssl_keyfile=str(ssl_keyfile) if ssl_keyfile else None,
        )
        if is_public and not is_exposed and not share_url:
            # The public address did not come about.
            hosts.update(LOOPBACK)
        print(f"the page is at {local_url}" + (f" and {share_url}" if share_url else ""))
        if host not in LOOPBACK and not ssl_certfile:
            print("browsers of other computers open the camera only with https (--ssl-certfile)")
        print("Ctrl-C stops it", flush=True)
        try:
            while True:
                # Not one long wait: a signal that another thread receives would not end it.
                time.sleep(1)
        finally:
            stop(page)
            service.queue.close()
            if sessions:
                sessions.close_all()


def _exit_on_signals() -> None:
    """Turns signals into SystemExit, so that `finally` and `with` clean up."""

    def leave(number: int, frame: Any) -> None:
        sys.exit(128 + number)

    # A closed terminal sends SIGHUP; Windows has none.
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), leave)


def _keep_quiet() -> None:
    """Sets what gradio and huggingface_hub read on import: no requests to their makers."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_OFFLINE"] = "1"
    # Gradio's import looks for ffmpeg, and fails where a service has no PATH.
    os.environ.setdefault("PATH", os.defpath)
    # Gradio keeps a record of each of the latest 10,000 requests.
    os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "100"
    # Gradio sends its own server a request, which must not go through a proxy.
    for name in ("no_proxy", "NO_PROXY"):
        os.environ[name] = ",".join(filter(None, (os.environ.get(name), *LOOPBACK)))


def _check_certificate(certfile: Path | None, keyfile: Path | None) -> None:
    if certfile is None or keyfile is None:
        return
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certfile, keyfile)
    except OSError as error:
        raise FileError(
            f"{certfile} and {keyfile} are no certificate and its key in PEM form "
            f"({error.strerror or error})"
        ) from error
