"""What keeps the product itself going: handing work out, tidying up, watching."""
