"""Data sets: reading, splitting, decoding, augmenting, drawing."""
