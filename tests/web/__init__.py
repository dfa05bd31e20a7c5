"""Tests of the web door: API, sign-in, refusals, health."""
