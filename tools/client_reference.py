"""The reference pages of the Python client and of the command line."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import click
import typer

from progimage import client
from progimage.cli.commands import app
from progimage.client import errors
from progimage.client.operations import Operations

_CLASSES = (
    *("Client", "Image", "Rendition", "Pipeline", "Job", "Page", "Tag", "Uploaded"),
    *("Saved", "Link", "Responsive", "BulkResult", "Album", "Retries", "Tokens"),
)


def python_client(generated: str) -> str:
    """Return docs/reference/python-client.md, made from signatures and docstrings."""
    lines = [
        "# Python client",
        "",
        generated,
        "All names are in `progimage.client`. `AsyncClient` has the methods of `Client` and "
        "`AsyncImage`, `AsyncRendition` and `AsyncJob` those of `Image`, `Rendition` and `Job`, to "
        "be awaited; what yields is read with `async for`.",
        "",
        "`Image`, `Rendition` and `Pipeline` also have a method for each "
        "[operation](operations.md) and format, such as `resize(width=400)` and `webp()`.",
    ]
    for name in _CLASSES:
        lines += _class(name, getattr(client, name))
    lines += ["", "## Errors", "", "```text", *_tree(), "```", ""]
    return "\n".join(lines)


def _class(name: str, kind: type) -> Iterator[str]:
    yield from ["", f"## {name}", ""]
    if kind.__init__ is not object.__init__ and name in ("Client", "Retries", "Tokens"):
        yield from ["```python", f"{name}{_signature(kind)}", "```", ""]
    yield from _text(kind)
    for member, value in sorted(inspect.getmembers(kind)):
        is_own = not member.startswith("_") and not hasattr(Operations, member)
        if is_own and isinstance(value, property):
            yield from ["", f"### `{member}`", "", *_text(value)]
        elif is_own and inspect.isfunction(value):
            yield from ["", f"### `{member}`", "", "```python"]
            yield from [f"{member}{_signature(value)}", "```", "", *_text(value)]


def _signature(value: Any) -> str:
    signature = inspect.signature(value)
    parameters = [p for p in signature.parameters.values() if p.name not in ("self", "_session")]
    text = str(signature.replace(parameters=parameters))
    # Annotations are strings here; defaults that are strings keep their quotes.
    text = re.sub(r"(: |-> )'([^']*)'", r"\1\2", text)
    return text.replace("progimage.client.", "")


def _text(value: Any) -> Iterator[str]:
    """Yield a docstring as Markdown: its sections become lists."""
    is_list = False
    for line in (inspect.getdoc(value) or "").splitlines():
        if re.fullmatch(r"(Args|Raises|Attributes):", line):
            is_list = True
            yield from [f"{line.removesuffix(':')}:", ""]
        elif is_list and (match := re.fullmatch(r"    (\S[^:]*): (.*)", line)):
            names = ", ".join(f"`{name}`" for name in match[1].split(", "))
            yield f"* {names}: {match[2]}"
        else:
            is_list = is_list and (not line or line.startswith(" "))
            yield line.strip() if not is_list else line


def _tree() -> list[str]:
    tree = (errors.__doc__ or "").split("\n\n", 1)[1]
    return tree.rstrip().splitlines()


def command_line(generated: str) -> str:
    """Return docs/reference/cli.md, made from the declarations of the commands."""
    lines = ["# Commands", "", generated, "`progimage COMMAND --help` prints the same.", ""]
    group = typer.main.get_command(app)
    for path, command in _commands("progimage", group):
        lines += _command(path, command)
    return "\n".join(lines).rstrip() + "\n"


def _commands(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    for name, sub in sorted(getattr(command, "commands", {}).items()):
        if hasattr(sub, "commands"):
            yield from _commands(f"{path} {name}", sub)
        else:
            yield f"{path} {name}", sub


def _command(path: str, command: Any) -> Iterator[str]:
    usage = " ".join(command.collect_usage_pieces(click.Context(command)))
    yield from [f"## `{path}`", "", "```text", f"{path} {usage}", "```", ""]
    yield from [*inspect.cleandoc(command.help or "").replace("\f", "").splitlines(), ""]
    shown = [each for each in command.params if each.name != "help"]
    rows = [_parameter(each) for each in shown if not getattr(each, "hidden", False)]
    if rows:
        yield from ["| option | meaning |", "|---|---|", *rows, ""]
    if command.epilog:
        yield from _examples(inspect.cleandoc(command.epilog))


def _parameter(parameter: Any) -> str:
    names = [*parameter.opts, *parameter.secondary_opts]
    is_option = parameter.param_type_name == "option"
    shown = ", ".join(f"`{name}`" for name in names) if is_option else f"`{parameter.name}`"
    text = " ".join((parameter.help or "").split()).replace("|", "\\|")
    if parameter.envvar:
        text += f" (`{parameter.envvar}`)"
    return f"| {shown} | {text} |"


def _examples(epilog: str) -> Iterator[str]:
    for block in epilog.split("\n\n"):
        text = " ".join(block.split())
        if "progimage " in text and not text.startswith(("Run ", "Exit ")):
            yield from ["```text", text, "```", ""]
        else:
            yield from [text, ""]
