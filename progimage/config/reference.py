"""The documentation of the settings: a TOML file with every default, and rows for a page."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, get_args, get_origin

from progimage.config.sections.base import Section
from progimage.config.settings import Settings, fields

_HEAD = """\
# Every setting with its default, as `progimage settings` prints it. Copy what you change
# to settings/local.toml, or set PROGIMAGE_<SECTION>_<NAME>, for example
# PROGIMAGE_RENDER_TIMEOUT_S=5. Unknown names are an error.
"""
_WIDTH = 90


class Row(NamedTuple):
    """One setting.

    Attributes:
        section: the section's name; empty for settings outside of sections.
        name: the setting's name within its section.
        default: its default as TOML.
        is_fixed: False if the default depends on the machine; `default` is then an example.
        values: which values are allowed, such as "from 1 to 256".
        meaning: what it is for.
    """

    section: str
    name: str
    default: str
    is_fixed: bool
    values: str
    meaning: str


def rows() -> Iterator[Row]:
    """Yield every setting: first those outside of sections, then section by section."""
    defaults = Settings().model_dump(mode="json")
    schema = Settings.model_json_schema()
    # In TOML, settings outside of sections must come first.
    for where, field in sorted(fields(), key=lambda item: len(item[0])):
        value, found = defaults, schema
        for part in where:
            value = value[part]
            found = _resolved(schema, found["properties"][part])
        is_fixed = field.default_factory is None
        if isinstance(value, dict):
            value = {}  # a table, which has settings of its own
        default = json.dumps(value if is_fixed else (field.examples or [value])[0])
        section = where[0] if len(where) > 1 else ""
        yield Row(section, where[-1], default, is_fixed, _values(found), field.description or "")


def table_rows() -> Iterator[tuple[str, tuple[Row, ...]]]:
    """Yield each table whose settings have names of their own, such as `fronts.imgproxy`.

    A table of tables is called by a sample name: `origins.<name>`.
    """
    for where, field in fields():
        name, kind = ".".join(where), field.annotation
        if get_origin(kind) is Mapping:
            kind, name = get_args(kind)[1], f"{name}.<name>"
        if isinstance(kind, type) and issubclass(kind, Section):
            yield name, tuple(_rows_of(kind, name))


def _rows_of(kind: type[Section], section: str) -> Iterator[Row]:
    schema = kind.model_json_schema()
    for inner, field in kind.model_fields.items():
        name = field.alias or inner
        found = _resolved(schema, schema["properties"][name])
        default = '""' if field.is_required() else json.dumps(found.get("default"))
        yield Row(
            section, name, default, not field.is_required(), _values(found), field.description or ""
        )


def section_summaries() -> dict[str, str]:
    """Return the first sentence of every section's docstring, by the section's name."""
    found = {}
    for name, field in Settings.model_fields.items():
        doc = getattr(field.annotation, "__doc__", None)
        found[name] = (doc or "").partition("\n\n")[0]
    return found


def default_toml() -> str:
    """Return a settings file with every setting, its meaning and its default."""
    lines = [_HEAD.rstrip()]
    summaries = section_summaries()
    section = ""
    tables = []
    for row in rows():
        if row.default == "{}":
            tables.append(row)
            continue
        if row.section != section:
            section = row.section
            lines += ["", *_comment(summaries[section]), f"[{section}]"]
        elif not section:
            lines.append("")
        lines += _comment(_sentence(row))
        lines.append(f"{'' if row.is_fixed else '# '}{row.name} = {row.default}")
    inner = dict(table_rows())
    for row in tables:
        name = f"{row.section}.{row.name}".lstrip(".")
        lines += ["", *_comment(row.meaning), f"[{name}]"]
        for one in inner.get(name, ()):
            lines += [*_comment(_sentence(one)), f"{one.name} = {one.default}"]
        if samples := inner.get(f"{name}.<name>"):
            lines += [f"# [{name}.shop]"]
            for one in samples:
                lines += [*_comment(_sentence(one)), f"# {one.name} = {one.default}"]
    return "\n".join(lines) + "\n"


def _sentence(row: Row) -> str:
    is_range = row.values.startswith(("from ", "above ", "at least "))
    return f"{row.meaning} {row.values.capitalize()}." if is_range else row.meaning


def _comment(text: str) -> list[str]:
    lines = textwrap.wrap(text, _WIDTH - 2, break_long_words=False, break_on_hyphens=False)
    return [f"# {line}" for line in lines]


def _resolved(schema: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """Follow a reference to another part of the schema."""
    reference = found.get("$ref")
    if reference is None:
        return dict(found)
    return dict(schema["$defs"][reference.rpartition("/")[2]])


def _values(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(json.dumps(value) for value in schema["enum"])
    low, above, high = (schema.get(key) for key in ("minimum", "exclusiveMinimum", "maximum"))
    if above is not None:
        return f"above {above}" + ("" if high is None else f", up to {high}")
    if low is not None:
        return f"at least {low}" if high is None else f"from {low} to {high}"
    names = {"boolean": "true, false", "array": "a list", "object": "a table"}
    return names.get(schema.get("type", ""), "text")
