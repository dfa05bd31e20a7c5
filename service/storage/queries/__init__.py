"""Reads: each function asks one question and answers with rows or plain values."""
