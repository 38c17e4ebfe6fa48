"""Writing responses: files with ETag and ranges, problems, HAL links, event streams."""
