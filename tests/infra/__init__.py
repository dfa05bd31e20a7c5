"""Tests of the test servers, of the repository's own rules and of starting everything."""
