"""Train an image classifier on a folder of pictures; what comes out is a run folder."""
