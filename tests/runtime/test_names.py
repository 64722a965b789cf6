from __future__ import annotations

import pytest

from pocketlens.names import counted, cut, is_shown, listed, printable


def test_cut() -> None:
    assert cut("a" * 60) == "a" * 60
    assert cut("a" * 61) == "a" * 59 + "…"
    assert cut("abcdef", 4) == "abc…"


def test_listed() -> None:
    names = [f"species {number:04}" for number in range(1000)]
    assert listed(names[:3]) == "species 0000, species 0001, species 0002"
    assert listed(names[:20]).endswith("species 0018, species 0019")
    assert listed(names).endswith("species 0018, species 0019 and 980 more")
    assert listed(names, 2) == "species 0000, species 0001 and 998 more"
    assert len(listed(["n" * 1000] * 1000)) < 2000


@pytest.mark.parametrize(
    "name",
    [
        "11.05\u202fAM \u3000🧑\u200d🍳",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "שלום\u200f (1)\u200e",
        "\U0001fae8 \U0001faea newer than Python",
    ],
)
def test_names_of_any_language_are_shown(name: str) -> None:
    assert is_shown(name)
    assert printable(name) == name


def test_what_breaks_the_line_or_steers_the_terminal_is_not_shown() -> None:
    turns = [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]
    ends = [0x0A, 0x0D, 0x85, 0x2028, 0x2029]
    for number in (*turns, *ends, 0x00, 0x1B, 0x7F, 0x9B, 0xDCFF):
        assert not is_shown(f"a{chr(number)}b")
        assert printable(chr(number)).isascii()
    assert len("".join(filter(is_shown, map(chr, range(0x110000)))).splitlines()) == 1
    assert printable("\u202e\x1b\udcff") == "\\u202e\\x1b\\udcff"


def test_one_is_not_many() -> None:
    counts = [counted(number, "picture") for number in (0, 1, 1000)]
    assert counts == ["0 pictures", "1 picture", "1,000 pictures"]
    assert counted(2, "class", "classes") == "2 classes"
