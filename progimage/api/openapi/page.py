"""The API's description as one page: HTML and a style sheet, without scripts."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

STYLE = files("progimage.api.openapi").joinpath("page.css").read_bytes()

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="{prefix}/docs/style.css">
</head>
<body>
"""

_METHODS_WITHOUT_BODY = ("get", "head", "delete", "options")

Document = Mapping[str, Any]


def page(document: Document) -> str:
    """Return the page of an OpenAPI document."""
    info = document["info"]
    operations = list(_operations(document))
    prefix = _text(urlsplit(document["servers"][0]["url"]).path.rstrip("/"))
    head = _HEAD.format(title=_text(f"{info['title']} API"), prefix=prefix)
    parts = [head, "<nav><h2>Calls</h2>"]
    for tag in document["tags"]:
        entries = [entry for entry in operations if tag["name"] in entry[2]["tags"]]
        if entries:
            parts.append(f"<h3>{_text(tag['name'])}</h3><ul>")
            parts += [
                f'<li><a href="#{_text(what["operationId"])}">{_badge(method)} '
                f"<code>{_text(path)}</code></a></li>"
                for path, method, what in entries
            ]
            parts.append("</ul>")
    parts.append('<h3><a href="#schemas">schemas</a></h3></nav><main>')
    parts.append(
        f"<h1>{_text(info['title'])} <small>{_text(info['version'])}</small></h1>"
        f"<p>{_prose(info['summary'])}</p><p>{_prose(info['description'])}</p>"
        f'<p>The same for programs: <a href="{prefix}/openapi.json">openapi.json</a>.</p>'
    )
    parts += _security(document)
    for tag in document["tags"]:
        entries = [entry for entry in operations if tag["name"] in entry[2]["tags"]]
        if entries:
            parts.append(f"<h2>{_text(tag['name'])}</h2><p>{_prose(tag['description'])}</p>")
            parts += [_operation(document, *entry) for entry in entries]
    parts.append('<h2 id="schemas">Schemas</h2>')
    for name, schema in document["components"]["schemas"].items():
        parts.append(
            f'<details id="schema-{_text(name)}"><summary><code>{_text(name)}</code></summary>'
            f"{_json(schema)}</details>"
        )
    parts.append("</main></body></html>\n")
    return "\n".join(parts)


def _operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, methods in document["paths"].items():
        for method, what in methods.items():
            if method != "head":
                yield path, method, what


def _security(document: Document) -> list[str]:
    schemes = document["components"].get("securitySchemes", {})
    return [
        f"<p><b>{_text(name)}</b>: {_prose(scheme.get('description', ''))}</p>"
        for name, scheme in schemes.items()
    ]


def _operation(document: Document, path: str, method: str, what: Document) -> str:
    parts = [
        f'<section id="{_text(what["operationId"])}"><h3>{_badge(method)} '
        f"<code>{_text(path)}</code></h3>",
        f"<p>{_prose(what['description'])}</p>",
    ]
    if "head" in document["paths"][path] and method == "get":
        parts.append("<p>HEAD gives the same without the body.</p>")
    if what.get("parameters"):
        parts.append("<table><tr><th>parameter</th><th>in</th><th>what</th><th>is</th></tr>")
        parts += [
            f"<tr><td><code>{_text(p['name'])}</code>{'*' if p.get('required') else ''}</td>"
            f"<td>{_text(p['in'])}</td><td>{_prose(p['description'])}</td>"
            f"<td>{_schema(p['schema'])}</td></tr>"
            for p in what["parameters"]
        ]
        parts.append("</table>")
    if "requestBody" in what:
        parts.append("<h4>Body</h4><ul>")
        parts += [
            f"<li><code>{_text(kind)}</code> {_schema(content['schema'])}</li>"
            for kind, content in what["requestBody"]["content"].items()
        ]
        parts.append("</ul>")
    parts.append("<h4>Answers</h4><table>")
    for status, answer in what["responses"].items():
        kinds = ", ".join(
            f"<code>{_text(kind)}</code> {_schema(content['schema'])}"
            for kind, content in answer.get("content", {}).items()
        )
        parts.append(
            f"<tr><td>{_text(status)}</td><td>{_prose(answer['description'])}</td>"
            f"<td>{kinds}</td></tr>"
        )
    parts.append(f"</table><pre>{_text(_curl(path, method, what))}</pre></section>")
    return "\n".join(parts)


def _curl(path: str, method: str, what: Document) -> str:
    """Return a command that makes the call."""
    for parameter in what.get("parameters", ()):
        if parameter["in"] == "path" and "example" in parameter:
            path = path.replace(f"{{{parameter['name']}}}", str(parameter["example"]))
    words = ["curl -i"] if method == "get" else ["curl -i -X", method.upper()]
    body = what.get("requestBody", {}).get("content", {})
    if method not in _METHODS_WITHOUT_BODY:
        if "multipart/form-data" in body:
            words = ["curl -i -F image=@photo.jpg"]
        elif body:
            kind, content = next(iter(body.items()))
            example = json.dumps(content.get("example", {}))
            words += [f"-H 'Content-Type: {kind}'", f"-d '{example}'"]
    return " ".join([*words, f"'http://127.0.0.1:8000{path}'"])


def _schema(schema: Document) -> str:
    """Return a schema in a few words: a link to a component, or its JSON."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#schema-{_text(name)}">{_text(name)}</a>'
    if schema.get("format") == "binary":
        return "bytes"
    text = json.dumps(schema, ensure_ascii=False)
    if len(text) > 160:
        kind = _text(schema.get("type", "schema"))
        return f"<details><summary>{kind}</summary>{_json(schema)}</details>"
    return f"<code>{_text(text)}</code>"


def _json(value: object) -> str:
    text = _text(json.dumps(value, indent=2, ensure_ascii=False))
    linked = re.sub(
        r"&quot;#/components/schemas/([\w-]+)&quot;", r'<a href="#schema-\1">\1</a>', text
    )
    return f"<pre>{linked}</pre>"


def _badge(method: str) -> str:
    return f'<b class="{_text(method)}">{_text(method.upper())}</b>'


def _prose(text: str) -> str:
    """Return prose as HTML: paragraphs, and `code` between backticks."""
    escaped = _text(text).replace("\n\n", "</p><p>")
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escaped)


def _text(text: object) -> str:
    return html.escape(str(text))
