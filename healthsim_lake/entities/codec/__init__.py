"""entities/codec."""
