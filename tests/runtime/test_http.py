"""`pocketlens serve` as its clients see it."""

from __future__ import annotations

import json
import signal
import sys
from base64 import b64decode
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from builders import encode, plain
from pocketlens import load_model
from pocketlens.classifier import Classifier
from pocketlens.cli import main
from pocketlens.loading import BUNDLED_MODEL
from pocketlens.pictures.decoding import decode
from served import Server, form

for library in ("httptools", "onnxruntime", "prometheus_client", "starlette", "uvicorn"):
    pytest.importorskip(library)

from starlette.applications import Starlette

from pocketlens.http import authorization
from pocketlens.http.application import routes
from pocketlens.http.batching import AnswerQueue
from pocketlens.http.problems import Problem
from pocketlens.http.service import Service

TOKEN = "0123456789abcdef-token"
JPEG = "image/jpeg"
ROUTES = (
    "/v1/models",
    "/v1/models/colors",
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/docs",
    "/v2",
    "/v2/health/live",
    "/v2/health/ready",
    "/v2/models/colors",
    "/v2/models/colors/ready",
)
POSTED = ("/v1/predict", "/v2/models/colors/infer")


@pytest.fixture(scope="module")
def server(colors_file: Path) -> Iterator[Server]:
    """The bundled model, which is the default, and the colors."""
    options = ("--metrics", "--cors", "https://friend.example")
    with Server(str(BUNDLED_MODEL), str(colors_file), *options) as server:
        yield server


@pytest.fixture(scope="module")
def guarded(colors_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    file = tmp_path_factory.mktemp("secret") / "token"
    file.write_text(f"{TOKEN}\n")
    with Server(str(colors_file), "--metrics", "--token", str(file)) as server:
        yield server


@pytest.fixture(scope="module")
def model() -> Classifier:
    return load_model()


def expected(model: Classifier, picture: bytes, top_k: int | None = None) -> Any:
    answer = model.predict(picture)
    return json.loads(json.dumps(answer.to_dict(top_k or len(answer.scores))))


def without(answer: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key not in keys}


@pytest.mark.parametrize("content_type", [JPEG, "application/octet-stream", "image/PNG"])
def test_raw_body(server: Server, model: Classifier, photos: list[Path], content_type: str) -> None:
    for photo in photos:
        answer = server.json("/v1/predict", photo.read_bytes(), content_type=content_type)
        assert answer.pop("ms") > 0
        assert answer.pop("model") == "cats-and-dogs"
        assert answer.pop("file") is None
        assert answer == expected(model, photo.read_bytes())
        assert list(answer["scores"].values()) == sorted(answer["scores"].values(), reverse=True)


def test_one_file_gives_an_answer_and_several_a_list(
    server: Server, model: Classifier, photos: list[Path]
) -> None:
    body, content_type = form(("ä.jpg", photos[0].read_bytes()))
    answer = server.json("/v1/predict?top_k=1", body, content_type=content_type)
    assert answer.pop("file") == "ä.jpg"
    assert without(answer, "ms", "model") == expected(model, photos[0].read_bytes(), 1)
    files = [(photo.name, photo.read_bytes()) for photo in photos]
    files.insert(1, ("text.jpg", b"no picture"))
    body, content_type = form(*files)
    answers = server.json("/v1/predict", body, content_type=content_type)
    assert [answer["file"] for answer in answers] == [name for name, _ in files]
    assert answers[1].pop("error").startswith("not a picture")
    assert answers.pop(1) == {"file": "text.jpg", "status": 415}
    for answer, photo in zip(answers, photos, strict=True):
        assert without(answer, "file", "ms", "model") == expected(model, photo.read_bytes())


def test_a_part_that_is_no_file_is_passed_over(server: Server, photos: list[Path]) -> None:
    body, content_type = form(("photo.jpg", photos[0].read_bytes()))
    note = b'--xyz\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'
    assert server.json("/v1/predict", note + body, content_type=content_type)["label"]


def test_model_by_name(server: Server) -> None:
    picture = encode(plain(0, 250, 0))
    answer = server.json("/v1/predict?model=colors", picture, content_type="image/png")
    assert (answer["model"], answer["label"]) == ("colors", "green")
    assert answer["familiarity"] is None
    status, _, body = server.ask("/v1/predict?model=other", picture, content_type=JPEG)
    assert status == 404
    assert "'cats-and-dogs', 'colors'" in json.loads(body)["detail"]


def test_explanation_is_a_picture(server: Server, model: Classifier, photos: list[Path]) -> None:
    photo = photos[0].read_bytes()
    answer = server.json("/v1/predict?explain=1", photo, content_type=JPEG)
    shown = decode(b64decode(answer.pop("explanation")))
    assert max(shown.shape) <= 640
    assert without(answer, "file", "ms", "model") == expected(model, photo)
    body, content_type = form(("a.jpg", photo), ("b.txt", b"text"))
    answers = server.json("/v1/predict?explain=1", body, content_type=content_type)
    assert [sorted({"explanation", "error"} & set(each)) for each in answers] == [
        ["explanation"],
        ["error"],
    ]


def test_models(server: Server, model: Classifier) -> None:
    found = server.json("/v1/models")["models"]
    assert [each["name"] for each in found] == ["cats-and-dogs", "colors"]
    assert found[1]["labels"] == ["red", "green", "blue"]
    about = server.json("/v1/models/cats-and-dogs")
    assert about["metadata"]["metrics"]["accuracy"] == model.metadata.metrics.accuracy  # type: ignore[union-attr]
    assert "selftest" not in about["metadata"]


def test_health(server: Server) -> None:
    assert server.json("/healthz")["status"] == "alive"
    assert server.json("/readyz")["status"] == "ready"


@pytest.mark.parametrize(
    ("path", "body", "content_type", "status", "detail"),
    [
        ("/v1/predict", b"", JPEG, 400, "no body"),
        ("/v1/predict", b"x" * 100, JPEG, 415, "not a picture"),
        ("/v1/predict", encode(plain(0, 0, 0))[:-20], "image/png", 422, "cut off"),
        ("/v1/predict", b"{}", "application/json", 415, "-F file=@photo.jpg"),
        ("/v1/predict", b"a=b", "application/x-www-form-urlencoded", 415, "--data-binary"),
        ("/v1/predict", b"no form", "multipart/form-data; boundary=xyz", 400, "form"),
        ("/v1/predict", b"no form", "multipart/form-data", 400, "form"),
        ("/v1/predict", b"--xyz\r\n", "multipart/form-data; boundary=xyz", 400, "cut off"),
        ("/v1/predict", form(("a.jpg", b"x"), field="photo")[0], form()[1], 400, "'photo'"),
        ("/v1/predict?top_k=0", b"x", JPEG, 400, "top_k"),
        ("/v1/predict?top_k=²", b"x", JPEG, 400, "top_k"),
        ("/v1/predict?explain=yes", b"x", JPEG, 400, "explain"),
        ("/v1/predict?url=http://x", b"x", JPEG, 400, "url"),
        ("/v1/predict", b"http://127.0.0.1/photo.jpg", JPEG, 415, "not a picture"),
        ("/v2/models/colors/infer", b"garbage", "application/json", 400, "BYTES"),
        ("/v2/models/other/infer", b"{}", "application/json", 404, "no model"),
        ("/nothing", b"", JPEG, 404, "/docs"),
        ("/v1/models", b"", JPEG, 405, "POST /v1/models"),
    ],
)
def test_problems(
    server: Server, path: str, body: bytes, content_type: str, status: int, detail: str
) -> None:
    path = path.replace("²", "%C2%B2")
    got, headers, content = server.ask(path, body, content_type=content_type)
    problem = json.loads(content)
    assert (got, problem["status"]) == (status, status), problem
    assert headers["content-type"] == "application/problem+json"
    assert detail in problem["detail"]
    assert ("error" in problem) == path.startswith("/v2")


def test_too_many_and_too_large(server: Server) -> None:
    picture = encode(plain(250, 0, 0))
    body, content_type = form(*[(f"{number}.png", picture) for number in range(20)])
    assert len(server.json("/v1/predict?model=colors", body, content_type=content_type)) == 20
    body, content_type = form(*[(f"{number}.png", picture) for number in range(21)])
    assert server.ask("/v1/predict", body, content_type=content_type)[0] == 413
    body, content_type = form(*[("x", b"")] * 100)
    assert server.ask("/v1/predict", body, content_type=content_type)[0] == 413
    large = bytes(20_000_001)
    assert server.ask("/v1/predict", large, content_type=JPEG)[0] == 413
    body, content_type = form(("large.jpg", large))
    assert server.ask("/v1/predict", body, content_type=content_type)[0] == 413


def test_a_header_of_200_megapixels(server: Server) -> None:
    picture = bytearray(encode(plain(0, 0, 0)))
    picture[16:24] = (20_000).to_bytes(4, "big") + (10_000).to_bytes(4, "big")
    picture[29:33] = crc32(picture[12:29]).to_bytes(4, "big")
    status, _, body = server.ask("/v1/predict", bytes(picture), content_type="image/png")
    assert status == 422
    assert "20000x10000 pixels" in json.loads(body)["detail"]


def test_compressed_bodies_are_refused(server: Server) -> None:
    status, _, _ = server.ask("/v1/predict", b"x", content_type=JPEG, content_encoding="gzip")
    assert status == 415


def test_metrics_count_answers_and_requests(server: Server, photos: list[Path]) -> None:
    def figures() -> dict[str, float]:
        _, headers, text = server.ask("/metrics")
        assert headers["content-type"].startswith("text/plain")
        lines = text.decode().splitlines()
        pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
        return {name: float(value) for name, _, value in pairs}

    def more(name: str) -> float:
        return after.get(name, 0) - before.get(name, 0)

    before = figures()
    photo = next(photo for photo in photos if "coffee" in photo.name).read_bytes()
    assert server.json("/v1/predict", photo, content_type=JPEG)["rejected"]
    server.ask("/v1/predict", b"no picture", content_type=JPEG)
    after = figures()
    of = 'model="cats-and-dogs"'
    assert more(f'pocketlens_answers_total{{label="cat",{of},rejected="true"}}') == 1
    assert more(f"pocketlens_unreadable_total{{{of}}}") == 1
    assert more('pocketlens_requests_total{route="/v1/predict",status="200"}') == 1
    assert more('pocketlens_requests_total{route="/v1/predict",status="415"}') == 1
    assert more('pocketlens_request_seconds_count{route="/v1/predict"}') == 2
    assert more(f"pocketlens_familiarity_count{{{of}}}") == 1
    assert 0 < after[f"pocketlens_recent_rejected_share{{{of}}}"] <= 1
    assert after["pocketlens_queue_pictures"] == 0


def test_openapi_names_every_route(server: Server) -> None:
    paths = server.json("/openapi.json")["paths"]
    assert server.json("/openapi.json")["openapi"] == "3.1.0"
    for route in (*ROUTES, *POSTED):
        named = route.replace("models/colors", "models/{name}")
        if route not in ("/openapi.json", "/docs"):
            assert ("post" if route in POSTED else "get") in paths[named]


def test_docs_page_loads_nothing(server: Server) -> None:
    _, headers, page = server.ask("/docs")
    assert headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in headers["content-security-policy"]
    assert b"src=" not in page
    assert b"http" not in page
    assert b"POST /v2/models/{name}/infer" in page


@pytest.mark.parametrize("route", [*ROUTES, *POSTED])
def test_token(guarded: Server, route: str) -> None:
    body = b"x" if route in POSTED else None
    wrong = ("", "Bearer", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}ä")
    for header in wrong:
        status, headers, _ = guarded.ask(
            route, body, Authorization=header.encode().decode("latin-1")
        )
        assert status == 401, header
        assert headers["www-authenticate"].startswith("Bearer")
    status, _, _ = guarded.ask(route, body, Authorization=f"bearer {TOKEN}")
    assert status in ((400, 415) if body else (200,))


def test_token_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "token").write_text("short")
    assert main(["serve", "--token", str(tmp_path / "token")]) == 1
    assert "holds no token" in capsys.readouterr().err
    assert main(["serve", "--token", str(tmp_path / "none")]) == 1
    assert "no such file" in capsys.readouterr().err


def test_other_sites_are_refused_unless_named(server: Server) -> None:
    for origin in ("https://evil.example", "null", "https://friend.example.evil", "http://["):
        assert server.ask("/v1/models", Origin=origin)[0] == 403, origin
    assert server.ask("/v1/models", Origin=server.url)[0] == 200
    _, headers, _ = server.ask("/v1/models", Origin="https://friend.example")
    assert headers["access-control-allow-origin"] == "https://friend.example"
    assert "access-control-allow-origin" not in server.ask("/v1/models")[1]


def test_preflight(server: Server) -> None:
    connection = HTTPConnection("127.0.0.1", server.port)
    for origin, status in (("https://friend.example", 200), ("https://evil.example", 403)):
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        connection.request("OPTIONS", "/v1/predict", headers=headers)
        response = connection.getresponse()
        response.read()
        assert response.status == status
    connection.close()


def test_names_of_other_sites_that_lead_here(server: Server, guarded: Server) -> None:
    assert server.ask("/v1/models", Host="evil.example")[0] == 403
    assert server.ask("/v1/models", Host="localhost:1")[0] == 200
    # A page that was led here does not know the token; a proxy may call it anything.
    assert guarded.ask("/v1/models", Host="a.example", Authorization=f"Bearer {TOKEN}")[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "/v1/models/..%2f..%2fetc%2fpasswd",
        "/v1/models/%2fetc%2fpasswd",
        "/gradio_api/file=/etc/passwd",
        "/v1/models/http:%2f%2f169.254.169.254%2f",
    ],
)
def test_no_files_are_served(server: Server, path: str) -> None:
    assert server.ask(path)[0] == 404


def test_a_taken_port_and_a_bad_model(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", "--port", str(server.port)]) == 1
    assert f"cannot listen on 127.0.0.1 port {server.port}" in capsys.readouterr().err
    (tmp_path / "bad.onnx").write_bytes(b"")
    assert main(["serve", "--port", "0", str(tmp_path / "bad.onnx")]) == 1
    assert "the file is empty" in capsys.readouterr().err
    assert main(["serve", "--port", "0", str(BUNDLED_MODEL), str(BUNDLED_MODEL)]) == 1
    assert "rename one" in capsys.readouterr().err


def test_a_failed_self_test_is_not_ready(tmp_path: Path) -> None:
    content = bytearray(BUNDLED_MODEL.read_bytes())
    # A digit of the accuracy, which no check but the digest sees.
    place = content.index(b'"log_loss": 0.') + len(b'"log_loss": 0.')
    content[place] = ord("9")
    (tmp_path / "changed.onnx").write_bytes(content)
    with Server(str(tmp_path / "changed.onnx")) as server:
        assert "not as exported" in "".join(server.lines)
        status, headers, body = server.ask("/readyz")
        assert (status, headers["retry-after"]) == (503, "1")
        assert "damaged" in json.loads(body)["detail"]
        assert server.ask("/v2/health/ready")[0] == 503
        assert server.ask("/healthz")[0] == 200


def test_workers_share_socket_and_metrics(colors_file: Path) -> None:
    picture = encode(plain(0, 0, 250))
    with Server(str(colors_file), "--workers", "2", "--metrics") as server:
        for _ in range(20):
            assert server.json("/v1/predict", picture, content_type="image/png")["label"] == "blue"
        text = server.ask("/metrics")[2].decode()
        assert 'pocketlens_requests_total{route="/v1/predict",status="200"} 20.0' in text
    assert server.process.returncode == 0


def test_workers_that_cannot_start(tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"")
    with pytest.raises(AssertionError, match="the file is empty") as failure:
        Server(str(tmp_path / "bad.onnx"), "--workers", "2")
    assert "Traceback" not in str(failure.value)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it(colors_file: Path, number: int) -> None:
    with Server(str(colors_file)) as server:
        server.process.send_signal(number)
        assert server.process.wait(timeout=20) == 0
    assert "Traceback" not in "".join(server.lines)


def test_routes_in_another_application() -> None:
    queue = AnswerQueue(1)
    paths = [route.path for route in routes(Service({"pets": load_model()}, queue=queue))]
    assert {route.replace("colors", "{name}") for route in (*ROUTES, *POSTED)} == set(paths)
    assert Starlette(routes=routes(Service({"pets": load_model()}, queue=queue)))
    queue.close()


@pytest.mark.parametrize(
    ("expected", "got", "fits"),
    [
        (None, None, True),
        ("Basic YTpi", "Basic YTpi", True),
        ("Basic YTpi", "basic YTpi", True),
        ("Basic YTpi", "Bearer YTpi", False),
        ("Basic YTpi", "Basic YTp", False),
        ("Basic YTpi", "Basic YTpiä", False),
        ("Basic YTpi", "", False),
        ("Basic YTpi", None, False),
    ],
)
def test_authorization(expected: str | None, got: str | None, fits: bool) -> None:
    if fits:
        authorization.check(expected, got)
        return
    with pytest.raises(Problem) as error:
        authorization.check(expected, got)
    assert error.value.headers["WWW-Authenticate"] == 'Basic realm="pocketlens"'


@pytest.mark.parametrize("library", ["uvicorn", "starlette", "prometheus_client"])
def test_a_library_that_is_missing_is_named_with_its_pip_line(
    library: str,
    colors_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    assert main(["serve", str(colors_file), "--port", "0", "--metrics"]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"pocketlens: error: {library} is not installed; run: pip install")
    assert "[serve]" in error
