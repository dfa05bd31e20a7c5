"""Decisions as DMN draws them: tables, literal expressions and what requires what, evaluated with FEEL."""
