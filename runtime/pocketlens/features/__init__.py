"""The frozen network that comes with the package: pictures -> features."""
