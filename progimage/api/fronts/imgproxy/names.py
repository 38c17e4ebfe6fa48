"""The names of imgproxy's options: short names, options for its operator, unsupported options.

Source: imgproxy documentation, "Processing options".
"""

from __future__ import annotations

# imgproxy answers 403 for these unless its operator allows them.
SECURITY = {
    "max_src_resolution": "msr",
    "max_src_file_size": "msfs",
    "max_animation_frames": "maf",
    "max_animation_frame_resolution": "mafr",
    "max_result_dimension": "mrd",
}

# Options of imgproxy that have no counterpart here: mostly of its paid version.
NOT_SUPPORTED = {
    "objects_position": ("obj_pos", "op"),
    "background_alpha": ("bga",),
    "unsharp_masking": ("ush",),
    "blur_areas": ("ba",),
    "progressive_blur": ("pbl",),
    "blur_detections": ("bd",),
    "draw_detections": ("dd",),
    "crop_objects": ("co",),
    "colorize": ("col",),
    "gradient": ("gr",),
    "watermark_url": ("wmu",),
    "watermark_size": ("wms",),
    "watermark_rotate": ("wm_rot", "wmr"),
    "watermark_shadow": ("wmsh",),
    "style": ("st",),
    "dpi": (),
    "color_profile": ("cp", "icc"),
    "autoquality": ("aq",),
    "png_options": ("pngo",),
    "webp_options": ("webpo",),
    "avif_options": ("avifo",),
    "pages": ("pgs",),
    "video_thumbnail_second": ("vts",),
    "video_thumbnail_keyframes": ("vtk",),
    "video_thumbnail_tile": ("vtt",),
    "video_thumbnail_animation": ("vta",),
    "fallback_image_url": ("fiu",),
    "hashsum": ("hs",),
}

_SHORT_NAMES = {
    "rs": "resize",
    "s": "size",
    "rt": "resizing_type",
    "w": "width",
    "h": "height",
    "mw": "min-width",
    "mh": "min-height",
    "z": "zoom",
    "el": "enlarge",
    "ex": "extend",
    "extend_ar": "extend_aspect_ratio",
    "exar": "extend_aspect_ratio",
    "g": "gravity",
    "c": "crop",
    "crop_ar": "crop_aspect_ratio",
    "car": "crop_aspect_ratio",
    "t": "trim",
    "pd": "padding",
    "ar": "auto_rotate",
    "rot": "rotate",
    "fl": "flip",
    "bg": "background",
    "a": "adjust",
    "br": "brightness",
    "co": "contrast",
    "sa": "saturation",
    "bl": "blur",
    "sh": "sharpen",
    "ra": "resizing_algorithm",
    "mc": "monochrome",
    "dt": "duotone",
    "pg": "page",
    "da": "disable_animation",
    "pix": "pixelate",
    "wm": "watermark",
    "wmt": "watermark_text",
    "sm": "strip_metadata",
    "kcr": "keep_copyright",
    "scp": "strip_color_profile",
    "ph": "preserve_hdr",
    "eth": "enforce_thumbnail",
    "q": "quality",
    "fq": "format_quality",
    "mb": "max_bytes",
    "f": "format",
    "ext": "format",
    "jpgo": "jpeg_options",
    "skp": "skip_processing",
    "cb": "cachebuster",
    "bc": "bypass_cache",
    "ct": "cache_tags",
    "exp": "expires",
    "fn": "filename",
    "att": "return_attachment",
    "pr": "preset",
}

LONG_NAMES = (
    {short: long for long, shorts in NOT_SUPPORTED.items() for short in shorts}
    | {short: long for long, short in SECURITY.items()}
    | _SHORT_NAMES
)
