from __future__ import annotations

from pocketlens.names import cut, listed


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
