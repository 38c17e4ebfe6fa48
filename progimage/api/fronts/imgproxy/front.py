"""imgproxy's front: from a raw path to a source and its pipeline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest
from time import time

from progimage.api.fronts.foreign import Compiled, ForeignSource, ForeignUrlError
from progimage.api.fronts.imgproxy.options import Options
from progimage.api.fronts.imgproxy.parser import Grammar, parse_options, preset_segments
from progimage.api.fronts.imgproxy.path import Parts, split_path
from progimage.api.fronts.imgproxy.signature import SIZE, KeyPair, is_signed
from progimage.api.fronts.imgproxy.steps import compile_options, trim_steps
from progimage.imaging.limits import Limits

_INFO = "info"
# Source: imgproxy documentation, "Serving files from Amazon S3", and from Google Cloud Storage.
_VERSIONED = ("s3://", "gs://")


@dataclass(frozen=True, slots=True)
class ImgproxyUrl:
    """A URL that was read; see `ForeignUrl`."""

    source: str
    options: Options
    watermark: str
    limits: Limits
    is_facts: bool = False

    def compile(self, source: ForeignSource) -> Compiled:
        """Return the pipeline for this source; see `ForeignUrl.compile`."""
        options = self.options
        if options.page and not source.has_pages:
            raise ForeignUrlError(
                f"imgproxy URL: page: a {source.format} has neither pages nor frames", 422
            )
        pipeline = None
        if not options.is_raw and not self._is_left_alone(source.format):
            size = source.size_after(*trim_steps(options), page=options.page + 1)
            pipeline = compile_options(options, size, self.watermark, self.limits)
        return Compiled(pipeline, options.file_name, options.is_attachment)

    def _is_left_alone(self, form: str) -> bool:
        """True if `skip_processing` names the source's format, and no other one is requested."""
        options = self.options
        return form in options.skipped_formats and options.format in ("", form)


class ImgproxyFront:
    """Reads imgproxy's URLs.

    Args:
        pairs: keys and salts, any of which may have signed a URL.
        signature_bytes: how many bytes of a signature are compared; 32 is all.
        trusted: texts that are accepted instead of a signature.
        is_unsafe: URLs need no signature.
        grammar: presets and the watermark.
        limits: the bounds of any pipeline.
        clock: the time in seconds since 1970.
    """

    def __init__(
        self,
        *,
        pairs: tuple[KeyPair, ...] = (),
        signature_bytes: int = SIZE,
        trusted: tuple[str, ...] = (),
        is_unsafe: bool = False,
        grammar: Grammar | None = None,
        limits: Limits | None = None,
        clock: Callable[[], float] = time,
    ) -> None:
        self._pairs = pairs
        self._signature_bytes = signature_bytes
        self._trusted = tuple(text.encode() for text in trusted)
        self._is_unsafe = is_unsafe
        self._grammar = grammar or Grammar()
        self._limits = limits or Limits()
        self._clock = clock

    def read(self, raw_path: str) -> ImgproxyUrl:
        """Read a raw, undecoded path without its query.

        Raises:
            ForeignUrlError: as imgproxy answers: 403 for a wrong signature and security
                options, 404 for what is malformed or unknown, 422 for what is not supported.
        """
        path = raw_path.removeprefix("/")
        is_facts = path.startswith(f"{_INFO}/")
        parts = split_path(
            path.removeprefix(f"{_INFO}/") if is_facts else path,
            only_presets=self._grammar.only_presets,
            base64_with_name=self._grammar.base64_with_name,
        )
        self._check_signature(parts)
        if parts.source.startswith(_VERSIONED) and "?" in parts.source:
            raise ForeignUrlError(
                "imgproxy URL: versions of objects in buckets, which follow a ?, are not "
                "supported here; leave the version away for the current one",
                422,
            )
        options = parse_options(parts.options, parts.extension, self._grammar, self._clock())
        return ImgproxyUrl(parts.source, options, self._grammar.watermark, self._limits, is_facts)

    def _check_signature(self, parts: Parts) -> None:
        if self._is_unsafe:
            if ":" in parts.signature:
                raise ForeignUrlError(
                    "imgproxy URL: the first segment is the signature; write _ where none is "
                    "needed",
                    404,
                )
            return
        signature = parts.signature.encode()
        if any(compare_digest(signature, text) for text in self._trusted):
            return
        if not is_signed(parts.signature, parts.signed, self._pairs, self._signature_bytes):
            raise ForeignUrlError("imgproxy URL: the signature is not valid", 403)


def grammar_of(
    presets: dict[str, str], *, only_presets: bool, base64_with_name: bool = False, watermark: str
) -> Grammar:
    """Return the grammar that the settings describe.

    Raises:
        ForeignUrlError: a preset cannot be read.
    """
    segments = {name: preset_segments(text) for name, text in presets.items()}
    grammar = Grammar(segments, only_presets, base64_with_name, watermark)
    for name in segments:
        parse_options([("preset", name)], "", grammar, 0.0)
    return grammar
