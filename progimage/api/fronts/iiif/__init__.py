"""The IIIF Image API 3.0 and 2.1: requests become pipelines. Deep Zoom has the same tiles."""
