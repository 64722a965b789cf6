"""Two models or runs on the same pictures; needs the runtime alone."""
