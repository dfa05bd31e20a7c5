"""The pure rules of release management: no I/O, no library of the engine or the web."""
