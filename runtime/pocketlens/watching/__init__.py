"""A folder in which pictures arrive, each answered once: `pocketlens watch`; extra `watch`."""
