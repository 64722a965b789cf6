"""Pictures: found, read, decoded, and made into network input."""
