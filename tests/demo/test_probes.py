"""What an attacker sends: each is refused, and the page goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gradio")
httpx = pytest.importorskip("httpx")

from served_page import Page

API = "/gradio_api"
META = {"_type": "gradio.FileData"}
SECRET = "/etc/passwd"
METADATA = "http://169.254.169.254/latest/meta-data/x.png"


@pytest.fixture
def web(page: Page, photos: list[Path]) -> Iterator[Any]:
    with httpx.Client(base_url=page.url, timeout=20) as client:
        yield client
        with photos[0].open("rb") as photo:
            uploaded = client.post(f"{API}/upload", files={"files": photo}).json()[0]
        events = call(client, "predict", {"path": uploaded, "meta": META})
        assert '"label": "cat"' in events


def call(web: Any, name: str, *data: Any, **headers: str) -> str:
    """The event stream that an endpoint answers with."""
    begun = web.post(f"{API}/call/{name}", json={"data": data}, headers=headers)
    assert begun.status_code == 200, begun.text
    text: str = web.get(f"{API}/call/{name}/{begun.json()['event_id']}").text
    return text


@pytest.mark.parametrize(
    "file",
    [
        {"path": SECRET, "meta": META},
        {"path": SECRET},
        {"path": SECRET, "url": "data:image/png;base64,AAAA", "meta": META},
        {"path": "/dev/zero", "meta": META},
        {"path": "../../../../etc/passwd", "meta": META},
        {"path": f"file://{SECRET}", "meta": META},
        {"path": METADATA, "meta": META},
        {"path": METADATA.upper(), "meta": META},
        {"path": METADATA, "meta": META, "is_stream": True},
        {"url": METADATA, "meta": META},
        {"url": METADATA},
        {"path": None, "url": METADATA},
        {"path": "", "url": "//example.invalid/cat.jpg"},
        {"path": "a\0b", "meta": META},
        {"path": None},
        {"path": ["/etc", "passwd"]},
        {"path": {"path": SECRET, "meta": META}},
    ],
    ids=str,
)
def test_paths_and_addresses_in_payloads(
    web: Any, file: dict[str, Any], photos: list[Path]
) -> None:
    real = {"path": str(photos[0].resolve()), "meta": META}
    for data in ([file], [real]):
        events = call(web, "predict", *data)
        assert "xpected an uploaded file" in events
    assert "xpected an uploaded file" in call(web, "predict_many", [file])


@pytest.fixture
def teaching() -> Iterator[Any]:
    """A page whose private functions take files."""
    running = Page("--teach")
    with httpx.Client(base_url=running.url, timeout=20) as client:
        yield client
    running.close()


def test_private_functions_take_no_paths_either(teaching: Any) -> None:
    web = teaching
    config = web.get("/config").json()
    functions = config["dependencies"]
    files = {part["id"] for part in config["components"] if part["type"] in ("image", "file")}
    for function in functions:
        body = {
            "fn_index": function["id"],
            "session_hash": "probe",
            "data": [{"path": SECRET, "meta": META} for _ in function["inputs"]],
        }
        web.post(f"{API}/queue/join", json=body)
    events = web.get(f"{API}/queue/data", params={"session_hash": "probe"}).text
    taking = sum(bool(files & set(function["inputs"])) for function in functions)
    assert taking >= 2
    assert events.count("Expected an uploaded file") >= taking


@pytest.mark.parametrize("path", [SECRET, "/dev/zero", "../../etc/passwd", METADATA, "", "a\0b"])
def test_the_page_s_own_routes_read_uploads_alone(web: Any, path: str, photos: list[Path]) -> None:
    for each in (path, str(photos[0].resolve())):
        more = {"path": each, "member": "0", "side": "9"}
        for method, route in (
            ("POST", "answer"),
            ("GET", "preview"),
            ("GET", "members"),
            ("POST", "preview"),
        ):
            answer = web.request(method, f"/page/{route}", params=more)
            assert answer.status_code == 422
            assert "The uploaded file is gone" in answer.json()["detail"]


def test_odd_requests_to_the_page_s_own_routes(web: Any, photos: list[Path]) -> None:
    photo = photos[0].read_bytes()
    with photos[0].open("rb") as file:
        path = web.post(f"{API}/upload", files={"files": file}).json()[0]
    for method, url, words in (
        ("POST", "answer?model=9", "reload the page"),
        ("POST", f"answer?path={path}&member=5", "expected a number"),
        ("POST", f"answer?path={path}&member=-1", "expected a number"),
        ("GET", f"preview?path={path}&member=0&side=99999", "expected a number"),
        ("GET", "examples/0?side=x", "expected a number"),
        ("GET", "phone?page=javascript:alert(1)", "expected the address"),
        ("POST", "keep?label=cat", "keeps no photos"),
        ("POST", "undo?kept=a", "keeps no photos"),
    ):
        content = photo if "path=" not in url and method == "POST" else b""
        answer = web.request(method, f"/page/{url}", content=content or None)
        assert answer.status_code == 422, (url, answer.text)
        assert words in answer.json()["detail"]
    large = web.post("/page/answer", content=bytes(20_000_001))
    assert large.status_code == 413
    assert "20 MB" in large.json()["detail"]
    assert "expected" in web.post("/page/answer", content=b"no picture").json()["error"]
    assert web.get("/page/models/7").status_code == 404
    assert web.get("/page/answer").status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "/page/static/..%2fapp.py",
        "/page/static/../app.py",
        "/page/static/",
        "/page/static/.",
        f"{API}/file={SECRET}",
        f"{API}/file=..%2f..%2f..%2fetc%2fpasswd",
        f"{API}/file=/etc/PASSWD",
        f"{API}/file={METADATA}",
        f"{API}/file=http%3A%2F%2F169.254.169.254%2Fx.png",
        f"{API}/file=https://example.invalid/x.png",
        f"{API}/file=//example.invalid/x.png",
        f"{API}/file/etc/passwd",
        f"{API}/proxy=http://169.254.169.254/x.png",
        f"{API}/stream/a/b/1/playlist-file",
        f"{API}/deep_link?session_hash=a",
        f"{API}/vibe-code",
        f"{API}/component_server",
        f"{API}/run-history/buckets",
        f"{API}/custom_component/1/client/component/..%2f..%2fetc%2fpasswd",
        "/file=/etc/passwd",
        "/static/..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/static/../../../../etc/passwd",
        "/assets/..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/svelte/..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/monitoring",
        "/monitoring/summary",
        "/dev/reload",
        "/logout/../file=/etc/passwd",
    ],
)
def test_reading_other_files_and_hosts(web: Any, path: str) -> None:
    answer = web.get(path)
    assert answer.status_code in (403, 404), answer.text
    assert "root:" not in answer.text


@pytest.mark.parametrize(
    "path",
    ["run/predict", "api/predict", "component_server", "vibe-edit", "process_recording"],
)
def test_other_ways_to_post(web: Any, path: str) -> None:
    answer = web.post(f"{API}/{path}", json={"data": [{"path": SECRET, "meta": META}]})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("x.html", b"<script>alert(1)</script>"),
        ("x.xhtml", b"<html xmlns='http://www.w3.org/1999/xhtml'/>"),
        ("x.png", b"<script>alert(1)</script>"),
    ],
)
def test_markup_is_neither_classified_nor_served(web: Any, name: str, content: bytes) -> None:
    uploaded = web.post(f"{API}/upload", files={"files": (name, content)}).json()[0]
    assert call(web, "predict", {"path": uploaded, "meta": META}).startswith("event: error")
    served = web.get(f"{API}/file={uploaded}")
    if name.endswith(".png"):
        # A browser takes it for a broken picture.
        assert served.headers["content-type"] == "image/png"
        assert served.headers["x-content-type-options"] == "nosniff"
    else:
        assert served.status_code == 403


def test_a_name_leads_nowhere(web: Any, tmp_path: Path) -> None:
    for name in ("../../../../tmp/x.png", "/etc/x.png", "..\\..\\x.png", "%2e%2e%2fx.png"):
        uploaded = Path(web.post(f"{API}/upload", files={"files": (name, b"x")}).json()[0])
        assert uploaded.parent.parent.name.startswith("pocketlens-")
        assert uploaded.is_relative_to(uploaded.resolve().parents[1])


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:3000"])
def test_other_sites(web: Any, page: Page, origin: str) -> None:
    for method, path in (("POST", f"{API}/upload"), ("POST", f"{API}/queue/join"), ("GET", "/")):
        answer = web.request(method, path, headers={"Origin": origin}, content=b"")
        assert answer.status_code == 403
        assert "other sites are not answered" in answer.json()["detail"]
    assert web.get("/", headers={"Origin": page.url}).status_code == 200


def test_other_names_of_this_computer(web: Any) -> None:
    for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example", ""):
        answer = web.get("/", headers={"Host": host, "Origin": f"http://{host}"})
        assert answer.status_code in (400, 403)
    for host in ("localhost", "127.0.0.1:1234", "[::1]"):
        assert web.get("/", headers={"Host": host}).status_code == 200


def test_browsers_load_nothing_from_elsewhere(web: Any) -> None:
    headers = web.get("/").headers
    assert headers["content-security-policy"].startswith("default-src 'self' data: blob:")
    assert headers["referrer-policy"] == "same-origin"
    assert "frame-ancestors 'self'" in headers["content-security-policy"]


def test_no_files_at_all(web: Any) -> None:
    payloads: list[list[Any]] = [[5], [[1]], ["/etc/passwd"], [{}], [None], []]
    for data in payloads:
        for name in ("predict", "predict_many"):
            events = call(web, name, *data)
            assert "xpected" in events or '{"error": ""' in events, (name, data, events)


def test_odd_bodies(web: Any) -> None:
    json_type = {"Content-Type": "application/json"}
    for content in (b"", b"{", b"[]", b'{"data": 1}', b"[" * 100_000, b'{"data":[' + b"9" * 10_000):
        answer = web.post(f"{API}/call/predict", content=content, headers=json_type)
        assert answer.status_code in (400, 422), answer.text
    boundary = {"Content-Type": "multipart/form-data; boundary=" + "-" * 1000}
    answer = web.post(f"{API}/upload", content=b"-" * 100_000, headers=boundary)
    assert answer.status_code == 400
    assert web.post(f"{API}/upload", content=b"x").status_code == 400


def test_frames_are_checked_as_files_are(web: Any) -> None:
    for url in ("data:image/png;base64,!!!!", "data:image/png;base64,AAAA", "data:text/html,x"):
        events = call(web, "predict", {"path": None, "url": url})
        assert events.startswith("event: error")
    assert json.loads(events.partition("data: ")[2])["error"].startswith("Expected an uploaded")
