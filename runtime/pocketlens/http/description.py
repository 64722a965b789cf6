"""The description of the interface: openapi.json, and the page that is made of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from pocketlens import __version__

_FILE = Path(__file__).with_name("openapi.json")
_UNAUTHORIZED = {"$ref": "#/components/responses/Problem"}
_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font: 14px/1.5 ui-monospace, monospace; }
pre { overflow-x: auto; padding: 0.75rem; border: 1px solid #8886; border-radius: 6px; }
h2 { font-size: 1.1rem; margin: 2rem 0 0; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 1rem 0.25rem 0; }
th { font-weight: 600; white-space: nowrap; }
input, button { font: inherit; min-height: 44px; }
"""


def openapi(models: Sequence[str]) -> dict[str, Any]:
    """The interface as OpenAPI 3.1 has it.

    Args:
        models: The names of those that are served.
    """
    content: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    content["info"]["version"] = __version__
    content["components"]["parameters"]["name"]["schema"]["enum"] = list(models)
    content["paths"]["/v1/predict"]["post"]["parameters"][0]["schema"]["enum"] = list(models)
    for path in content["paths"].values():
        for method in ("get", "post"):
            if method in path:
                path[method]["responses"]["401"] = _UNAUTHORIZED
    return content


def docs_page(content: dict[str, Any]) -> str:
    """The description as HTML that loads nothing."""
    info, paths = content["info"], content["paths"]
    answer = content["components"]["schemas"]["Answer"]["properties"]
    keys = _table((key, about["description"]) for key, about in answer.items())
    routes = "".join(
        _route(path, method.upper(), operations[method])
        for path, operations in paths.items()
        for method in ("get", "post")
        if method in operations
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(info["title"])}</title>
<link rel="icon" href="data:,">
<style>{_STYLE}</style>
</head>
<body>
<h1>{escape(info["title"])} {escape(info["version"])}</h1>
<p>{escape(info["description"])} This page as <a href="openapi.json">openapi.json</a>.</p>
<pre>curl -F file=@photo.jpg <i>address</i>/v1/predict</pre>
<form method="post" action="v1/predict" enctype="multipart/form-data">
<input type="file" name="file" accept="image/*" aria-label="Picture" required>
<button>Ask</button>
</form>
<h2>Keys of an answer</h2>
{keys}
{routes}
</body>
</html>
"""


def _route(path: str, method: str, operation: dict[str, Any]) -> str:
    parameters = [
        (f"?{each['name']}=", each["description"]) for each in operation.get("parameters", ())
    ]
    about = operation.get("description", "")
    return (
        f"<h2><code>{method} {escape(path)}</code></h2>\n<p>{escape(operation['summary'])}. "
        f"{escape(about)}</p>\n{_table(parameters)}\n"
        f"<p>Statuses: {', '.join(sorted(operation['responses']))}</p>\n"
    )


def _table(rows: Any) -> str:
    cells = "".join(
        f"<tr><th><code>{escape(name)}</code></th><td>{escape(about)}</td></tr>"
        for name, about in rows
    )
    return f"<table>{cells}</table>" if cells else ""
