"""Picture formats: detection, headers, decoding, encoding, colour management."""
