"""Telling people: who is meant, what they want to hear of, and the notice in their inbox."""
