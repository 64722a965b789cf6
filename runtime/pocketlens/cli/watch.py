"""`pocketlens watch`."""
def configure(parser):
    "x"
