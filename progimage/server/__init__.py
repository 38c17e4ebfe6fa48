"""The server's processes: composition root, start-up checks, web and job workers."""
