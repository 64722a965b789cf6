"""The Gradio page: its tabs around a model, and its server."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Thread

import gradio as gr
from starlette.middleware import Middleware

from pocketlens.engine.cores import usable_cores
from pocketlens.errors import SettingError
from pocketlens_demo import api, footer
from pocketlens_demo.addresses import reachable, with_host
from pocketlens_demo.checked_blocks import CheckedBlocks
from pocketlens_demo.corrections import Corrections
from pocketlens_demo.header import header
from pocketlens_demo.limits import MAX_FILE, MAX_SESSIONS, MAX_WAITING
from pocketlens_demo.middleware import EXCEPTION_HANDLERS, Guard
from pocketlens_demo.own_head import OwnHead
from pocketlens_demo.patient_queue import PatientQueue
from pocketlens_demo.routes import PageRoutes
from pocketlens_demo.script import scripted
from pocketlens_demo.served import Served
from pocketlens_demo.tabs import live, many, photo, teach
from pocketlens_demo.tabs import model as model_tab
from pocketlens_demo.teaching.sessions import Sessions
from pocketlens_demo.upload_folder import UploadFolder

_HERE = Path(__file__).parent
_ABOUT = "Try a photo: what it shows, how sure the model is, and where it looked."
_SECONDS_TO_FINISH = 2
_SECONDS_TO_CLOSE = 1


def build(
    models: Sequence[Served],
    *,
    host: str,
    is_public: bool,
    corrections: Corrections | None = None,
    sessions: Sessions | None = None,
) -> CheckedBlocks:
    """Builds the page around models.

    Args:
        models: They answer for the pictures; the first one for Live, Many and programs.
        host: The address to listen on.
        is_public: Whether other computers reach the page.
        corrections: Keeps corrected photos; None: the page does not offer it.
        sessions: What visitors teach; None: the page does not offer it.
    """
    first = models[0]
    page = CheckedBlocks(title=f"{first.name} · pocketlens", analytics_enabled=False)
    page.routes = PageRoutes(models, corrections, sessions, host).routes()
    one = {"concurrency_id": "photo", "concurrency_limit": usable_cores()}
    several = {"concurrency_id": "many", "concurrency_limit": 1}
    with page:
        top = scripted("header", header(models, corrections is not None))
        with gr.Tab("Photo"):
            photo.build(models)
        with gr.Tab("Live"):
            live.build()
        with gr.Tab("Many"):
            many.build()
        if sessions:
            with gr.Tab("Teach"):
                teach.build(page, sessions, top, one)
        with gr.Tab("Model"):
            model_tab.build(models)
        with gr.Tab("API"):
            scripted("api", "<div class='api'></div>")
        footer.build(is_public, photo.CREDITS if photo.has_examples(models) else "")
        api.add_endpoints(first.model, one, several)
    return page


def launch(
    page: CheckedBlocks,
    uploads: UploadFolder,
    hosts: set[str],
    *,
    host: str,
    port: int | None,
    share: bool,
    auth: tuple[str, str] | None,
    ssl_certfile: str | None,
    ssl_keyfile: str | None,
) -> tuple[str, str | None]:
    """Starts the server and returns; for the arguments see serve(), for `hosts` Guard.

    Returns:
        The page's address for others, and the public one of gradio.live where `share` asks for it.

    Raises:
        SettingError: The server cannot listen on the address and port.
    """
    queue = page._queue = PatientQueue(page, MAX_WAITING)
    try:
        # Fails before Gradio does, whose message names parameters of its own.
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        socket.create_server((host, port or 0), family=family).close()
        _, local_url, share_url = page.launch(
            server_name=f"[{host}]" if ":" in host else host,
            server_port=port,
            share=share,
            auth=auth,
            auth_message=f"{page.title}: log in with the name and password that you were given.",
            ssl_certfile=ssl_certfile,
            ssl_keyfile=ssl_keyfile,
            ssl_verify=False,
            max_file_size=MAX_FILE,
            state_session_capacity=MAX_SESSIONS,
            enable_monitoring=False,
            run_history=False,
            ssr_mode=False,
            mcp_server=False,
            pwa=False,
            footer_links=[],
            app_kwargs={
                "middleware": [
                    Middleware(Guard, uploads=uploads, hosts=hosts, wake=queue.wake),
                    Middleware(OwnHead, title=str(page.title), about=_ABOUT),
                ],
                "exception_handlers": EXCEPTION_HANDLERS,
                "openapi_url": None,
                "routes": page.routes,
            },
            favicon_path=_HERE / "icon.svg",
            theme=_theme(),
            quiet=True,
            prevent_thread_lock=True,
        )
    except OSError as error:
        place = f"{host} port {port}" if port else host
        raise SettingError(f"cannot listen on {place} ({error.strerror or error})") from error
    return with_host(local_url, reachable(host)), share_url


def _theme() -> gr.Theme:
    # Gradio's own bold font lacks most letters, and its greys the contrast that WCAG asks for.
    return gr.themes.Default(
        primary_hue="teal",
        secondary_hue="teal",
        neutral_hue="slate",
        font=("system-ui", "sans-serif"),
        font_mono=("ui-monospace", "monospace"),
    ).set(
        body_text_color_subdued="*neutral_600",
        block_info_text_color="*neutral_600",
        link_text_color="*primary_700",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
    )


def stop(page: gr.Blocks) -> None:
    """Stops the server: it takes no new requests, and running ones get two seconds to finish."""
    page.server.should_exit = True
    queue = page._queue
    end = time.monotonic() + _SECONDS_TO_FINISH
    while (len(queue) or queue.get_active_worker_count()) and time.monotonic() < end:
        time.sleep(0.05)
    # In a thread: a client that keeps its connection open would block it.
    closing = Thread(target=page.close, kwargs={"verbose": False}, daemon=True)
    closing.start()
    closing.join(_SECONDS_TO_CLOSE)
