"""Where an origin's pictures come from: a folder, an S3 bucket, or a web server."""
