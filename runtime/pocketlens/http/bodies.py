"""A request's body -> the pictures in it, within limits; nothing is stored on the disk."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pocketlens.http.limits import MAX_BODY, MAX_PICTURE, MAX_PICTURES
from pocketlens.http.problems import Problem

if TYPE_CHECKING:
    from starlette.requests import Request

_FIELD = "file"
_EXPECTED = (
    "expected a form with parts named 'file' (curl -F file=@photo.jpg), or a picture's bytes "
    "(curl --data-binary @photo.jpg -H 'Content-Type: image/jpeg')"
)


@dataclass(frozen=True)
class Sent:
    """The pictures of a request.

    Attributes:
        images: The bytes of the picture files.
        names: What the client calls each; None where it does not say.
        is_list: Whether it has sent several.
    """

    images: list[bytes]
    names: list[str | None]
    is_list: bool


async def read_body(request: Request, most: int = MAX_BODY) -> bytes:
    """The body, whole.

    Raises:
        Problem: 413, it is or claims to be larger; 415, it is compressed; 400, the client is gone.
    """
    from starlette.requests import ClientDisconnect

    encoding = request.headers.get("content-encoding", "identity")
    if encoding != "identity":
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"got Content-Encoding {encoding}, expected none"
        )
    length = request.headers.get("content-length", "")
    if length.isdecimal():
        # What is not much too large is received first, else some clients do not see the answer.
        _check_size(int(length), most if "expect" in request.headers else MAX_BODY)
    chunks, size = [], 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            _check_size(size, MAX_BODY)
            if size <= most:
                chunks.append(chunk)
    except ClientDisconnect as error:
        raise Problem(HTTPStatus.BAD_REQUEST, "the client is gone") from error
    _check_size(size, most)
    return b"".join(chunks)


async def sent_pictures(request: Request) -> Sent:
    """The pictures of a form, or the one that the body is.

    Raises:
        Problem: 400, 413 or 415.
    """
    content_type = request.headers.get("content-type", "")
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return _sent_in_form(await read_body(request), content_type)
    if kind and kind != "application/octet-stream" and not kind.startswith("image/"):
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"got Content-Type {kind}, {_EXPECTED}")
    body = await read_body(request, MAX_PICTURE)
    if not body:
        raise Problem(HTTPStatus.BAD_REQUEST, f"got no body, {_EXPECTED}")
    return Sent([body], [None], False)


def check_pictures(images: list[bytes]) -> None:
    """Refuses too many pictures, and too large ones.

    Raises:
        Problem: 413.
    """
    if len(images) > MAX_PICTURES:
        raise Problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"{len(images)} pictures at once, at most {MAX_PICTURES} are taken",
        )
    _check_size(max(map(len, images), default=0), MAX_PICTURE)


def _sent_in_form(body: bytes, content_type: str) -> Sent:
    parts = _Parts(body, content_type)
    found = [part for part in parts.found if part.name == _FIELD]
    if not found:
        names = ", ".join(sorted({repr(part.name)[:60] for part in parts.found})) or "no part"
        raise Problem(HTTPStatus.BAD_REQUEST, f"got a form with {names}, {_EXPECTED}")
    images = [body[part.start : part.end] for part in found]
    check_pictures(images)
    return Sent(images, [part.filename for part in found], len(found) > 1)


@dataclass
class _Part:
    name: str = ""
    filename: str | None = None
    start: int = 0
    end: int = 0


class _Parts:
    """The parts of a multipart body, as places in it."""

    def __init__(self, body: bytes, content_type: str) -> None:
        from python_multipart.exceptions import FormParserError
        from python_multipart.multipart import MultipartParser, parse_options_header

        self.found: list[_Part] = []
        self._header = b""
        self._value = b""
        self._parse_options = parse_options_header
        _, options = parse_options_header(content_type)
        names = "part_begin", "part_data", "header_begin", "header_field", "header_value"
        callbacks: Any = {f"on_{name}": getattr(self, f"_{name}") for name in names}
        callbacks["on_header_end"] = self._header_end
        callbacks["on_end"] = self._end
        self._is_whole = False
        try:
            parser = MultipartParser(options.get(b"boundary", b""), callbacks)
            parser.write(body)
            parser.finalize()
        except FormParserError as error:
            raise Problem(HTTPStatus.BAD_REQUEST, f"got no readable form ({error})") from error
        if not self._is_whole:
            raise Problem(HTTPStatus.BAD_REQUEST, "got a form that is cut off")

    def _part_begin(self) -> None:
        if len(self.found) > 2 * MAX_PICTURES:
            raise Problem(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"more than {2 * MAX_PICTURES} parts, at most {MAX_PICTURES} pictures are taken",
            )
        self.found.append(_Part())

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        part = self.found[-1]
        part.start = part.start or start
        part.end = end

    def _header_begin(self) -> None:
        self._header = self._value = b""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            _, options = self._parse_options(self._value)
            part = self.found[-1]
            part.name = options.get(b"name", b"").decode(errors="replace")
            if b"filename" in options:
                part.filename = options[b"filename"].decode(errors="replace")

    def _end(self) -> None:
        self._is_whole = True


def _check_size(size: int, most: int) -> None:
    if size > most:
        raise Problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{size:,} bytes, at most {most:,} are taken"
        )
