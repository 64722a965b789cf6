"""Who may ask: the secret of the Authorization header."""

from __future__ import annotations

import hmac
import re
from http import HTTPStatus
from pathlib import Path

from pocketlens.errors import FileError
from pocketlens.http.problems import Problem
from pocketlens.pictures.files import read_bytes

_LONGEST = 4096
_TOKEN = re.compile(rb"[A-Za-z0-9._~+/=-]{16,}")


def read_token(file: Path) -> str:
    """The bearer token that a file holds.

    Raises:
        FileMissingError: There is no such file.
        FileError: It cannot be read, or holds no token.
    """
    token = read_bytes(file, _LONGEST).strip()
    if not _TOKEN.fullmatch(token):
        raise FileError(
            f"{file}: holds no token, expected one line of 16 or more letters, digits and ._~+/=-; "
            f"make one: openssl rand -hex 32 > {file}"
        )
    return token.decode()


def check(expected: str | None, got: str | None) -> None:
    """Compares an Authorization header, "SCHEME SECRET", with the expected one in constant time.

    Args:
        expected: None: everybody may ask.
        got: None: the request has none.

    Raises:
        Problem: 401.
    """
    if expected is None:
        return
    scheme, _, secret = expected.partition(" ")
    got_scheme, _, got_secret = (got or "").partition(" ")
    same = hmac.compare_digest(secret.encode(), got_secret.strip().encode())
    if not same or got_scheme.lower() != scheme.lower():
        raise Problem(
            HTTPStatus.UNAUTHORIZED,
            f"{'a wrong' if got else 'no'} Authorization header, expected {scheme} and the secret",
            {"WWW-Authenticate": f'{scheme} realm="pocketlens"'},
        )
