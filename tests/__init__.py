"""The tests of the product, one folder a layer."""
