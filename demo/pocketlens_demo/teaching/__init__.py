"""What a visitor teaches: the pictures, the command that learns them, and who sees them."""
