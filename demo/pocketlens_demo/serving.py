"""Serves the page until it is told to stop."""

from __future__ import annotations

import os
import signal
import ssl
import sys
import time
from pathlib import Path
from typing import Any

from pocketlens.errors import FileError
from pocketlens.extras import requires_extra
from pocketlens.loading import load_model
from pocketlens_demo.upload_folder import upload_folder

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def serve(
    model_file: Path,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    share: bool = False,
    auth: tuple[str, str] | None = None,
    collect: Path | None = None,
    ssl_certfile: Path | None = None,
    ssl_keyfile: Path | None = None,
) -> None:
    """Serves the page around a model until Ctrl-C or SIGTERM.

    Args:
        model_file: The .onnx file.
        host: The address to listen on.
        port: None takes the first free one from 7860 on.
        share: Whether to also open a public address through gradio.live.
        auth: A name and a password that visitors must give.
        collect: A folder for photos that visitors have corrected.
        ssl_certfile: For https: the certificate, PEM.
        ssl_keyfile: Its key.

    Raises:
        PocketLensError: The model, the folder, the certificate, the address or the port cannot be
            used, or Gradio is not installed; the port has not been opened then.
        SystemExit: It was told to stop.
    """
    # Several visitors are answered at once: more threads for each would be in each other's way.
    model = load_model(model_file)
    _check_certificate(ssl_certfile, ssl_keyfile)
    _keep_quiet()
    _exit_on_signals()
    with upload_folder() as uploads:
        with requires_extra("demo", "gradio"):
            from pocketlens_demo.app import build, launch, stop
            from pocketlens_demo.collection import Collection
        depth = model.metadata.preprocessing.depth
        collection = Collection(collect, model.labels, depth) if collect else None
        size = model_file.stat().st_size
        page = build(model, name=model_file.name, size=size, collection=collection)
        # What is there now are the examples.
        uploads.remove_in_time()
        is_public = host not in _LOOPBACK or share or "GRADIO_ROOT_PATH" in os.environ
        local_url, share_url = launch(
            page,
            uploads,
            None if is_public else _LOOPBACK,
            host=host,
            port=port,
            share=share,
            auth=auth,
            ssl_certfile=str(ssl_certfile) if ssl_certfile else None,
            ssl_keyfile=str(ssl_keyfile) if ssl_keyfile else None,
        )
        print(f"the page is at {local_url}" + (f" and {share_url}" if share_url else ""))
        if host not in _LOOPBACK and not ssl_certfile:
            print("browsers of other computers open the camera only with https (--ssl-certfile)")
        print("Ctrl-C stops it", flush=True)
        try:
            while True:
                # Not one long wait: a signal that another thread is given would not end it.
                time.sleep(1)
        finally:
            stop(page)


def _exit_on_signals() -> None:
    """As an exception, so that nothing is left behind."""

    def leave(number: int, frame: Any) -> None:
        sys.exit(128 + number)

    # A terminal that is closed sends SIGHUP, where there is one.
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), leave)


def _keep_quiet() -> None:
    """What gradio and huggingface_hub read on import, so that nothing of them calls out."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_OFFLINE"] = "1"
    # Gradio's import looks for ffmpeg, and ends where a service has no PATH at all.
    os.environ.setdefault("PATH", os.defpath)
    # Of each request Gradio keeps a record, of 10,000 unless told.
    os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "100"
    # Gradio asks its own server whether it is there; a proxy would not find it.
    for name in ("no_proxy", "NO_PROXY"):
        os.environ[name] = ",".join(filter(None, (os.environ.get(name), *_LOOPBACK)))


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
