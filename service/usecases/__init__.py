"""The verbs of the product, the only openers of transactions; `docs/tour.md` tells which folder builds upon which."""
