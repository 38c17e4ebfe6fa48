"""Origins with a thousand photographs: a folder, a web server, a real S3 server."""
