"""The HTTP service of `pocketlens serve`, which other servers can mount; extra `serve`."""
