"""The metadata of a model: the schema, its parts, and how they are read from JSON."""

from pocketlens.metadata.schema import KEY, SCHEMA_VERSION, Metadata

__all__ = ["KEY", "SCHEMA_VERSION", "Metadata"]
