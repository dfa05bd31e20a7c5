"""What people do to a running instance that its diagram does not draw, and joins that wait for ever."""
