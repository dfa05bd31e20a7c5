"""The verbs of the product, the only openers of transactions."""
