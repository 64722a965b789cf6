"""The names of a zip file's members, whatever system wrote them."""

from __future__ import annotations

import re
import struct
import unicodedata
import zlib
from collections.abc import Sequence
from functools import partial
from zipfile import ZipInfo

_IS_UTF_8 = 0x800
_UNICODE_PATH = 0x7075
_SAMPLE, _LONGEST = 100, 300
_WORD = re.compile(r"[^\W\d_]+")
_LATIN = ("cp850", "cp1252")
_RUSSIAN = ("cp1251", "cp866")
_ALPHABET = frozenset("абвгдеёжзийклмнопрстуфхцчшщъыьэюя")
_EVERYDAY = {
    "cp932": ((0x815B, 0x815B), (0x824F, 0x8396), (0x889F, 0x9872)),
    "cp949": ((0xB0A1, 0xC8FE),),
    "gbk": ((0xB0A1, 0xD7F9),),
    "cp950": ((0xA440, 0xC67E),),
}
"""Codes of kana, hangul, and the more common half of the ideographs."""
_COMMON_HANGUL = frozenset(
    "이다는을의에가고지하사한인기대도서로그시나리아자어일정제보수해부전스유상은장구안과여주원소만오조들동생라"
    "진성트강공문개신물모연관경국거마면선식우미산양비내화행중학위계용불간방발교세회치명심반차음남합품새야터당바"
    "재집카톡꽃량실외적입"
)


def member_names(members: Sequence[ZipInfo]) -> list[str]:
    """The name of each member with "/" between folders.

    The encoding is the one that a member's flag or Info-ZIP's extra field states; else UTF-8 where
    most of the other names are valid UTF-8, as macOS writes them; else the Windows code page in
    which most of their bytes make sense.
    """
    marked = [_marked(member) for member in members]
    raw = [_raw(member) for member, name in zip(members, marked, strict=True) if name is None]
    unmarked = iter(_decoded(raw))
    names = [next(unmarked) if name is None else name for name in marked]
    return [unicodedata.normalize("NFC", name.replace("\\", "/")) for name in names]


def _decoded(names: Sequence[bytes]) -> list[str]:
    # All names together: one program wrote them, and a short one is valid by chance.
    unknown = [name for name in names if not name.isascii()]
    others = [name for name in unknown if not _is_utf_8(name)]
    if mostly_utf_8 := 2 * len(others) < len(unknown):
        unknown = others
    sample = b"\n".join([name for name in unknown if len(name) <= _LONGEST][:_SAMPLE])
    # Of equal code pages max() takes the first.
    code_page = max((*_LATIN, *_RUSSIAN, *_EVERYDAY), key=partial(_sense, sample))
    return [
        name.decode("utf-8" if mostly_utf_8 and _is_utf_8(name) else code_page, "replace")
        for name in names
    ]


def _raw(member: ZipInfo) -> bytes:
    # zipfile has decoded it as cp437, which has a character for every byte.
    return member.orig_filename.encode("cp437")


def _marked(member: ZipInfo) -> str | None:
    if member.flag_bits & _IS_UTF_8:
        return member.orig_filename
    extra = member.extra
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        content, extra = extra[4 : 4 + size], extra[4 + size :]
        # The field does not count where the name was changed after it was written.
        start = b"\1" + zlib.crc32(_raw(member)).to_bytes(4, "little")
        name = content.removeprefix(start)
        if kind == _UNICODE_PATH and content.startswith(start) and _is_utf_8(name):
            return name.decode()
    return None


def _is_utf_8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _sense(names: bytes, code_page: str) -> int:
    """How many bytes above ASCII make sense in a code page; -1: it lacks some of them."""
    try:
        text = names.decode(code_page)
    except UnicodeDecodeError:
        return -1
    return _everyday(text, code_page) if code_page in _EVERYDAY else _in_words(text, code_page)


def _everyday(text: str, code_page: str) -> int:
    """How many bytes are of signs in everyday use."""
    if code_page == "cp949":
        hangul = [sign for sign in text if "가" <= sign <= "힣"]
        # Everyday Chinese read as cp949 gives hangul too, but mostly rare ones.
        if sum(sign in _COMMON_HANGUL for sign in hangul) < 0.4 * len(hangul):
            return 0
    found = 0
    for sign in text:
        code = sign.encode(code_page)
        number = int.from_bytes(code, "big")
        if any(first <= number <= last for first, last in _EVERYDAY[code_page]):
            found += sum(byte >= 0x80 for byte in code)
    return found


def _in_words(text: str, code_page: str) -> int:
    """How many letters are accented ones in words with ASCII letters, or are in Russian words.

    A word counts in lower case, or with only its first letter in upper case.
    """
    words = [word for word in _WORD.findall(text) if word.isalpha()]
    words = [word for word in words if word.islower() or word.istitle()]
    if code_page in _RUSSIAN:
        words = [word for word in words if len(word) > 1 and _ALPHABET.issuperset(word.lower())]
    else:
        words = [word for word in words if any(letter.isascii() for letter in word)]
    return sum(not letter.isascii() for word in words for letter in word)
