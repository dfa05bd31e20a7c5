"""An instance moves to another version of its programs."""
