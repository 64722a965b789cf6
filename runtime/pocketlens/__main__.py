"""`python -m pocketlens`: the same as `pocketlens`."""

from __future__ import annotations

from pocketlens.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
