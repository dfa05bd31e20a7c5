"""Programs for those who work on the product: lint, trace, lock files, the tests' browser."""
