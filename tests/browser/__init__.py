"""The pages in a real browser, against the product's own processes."""
