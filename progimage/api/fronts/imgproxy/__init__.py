"""imgproxy's URLs: signature, processing options, source."""
