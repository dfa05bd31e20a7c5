"""What a command may see and hold: the instance under lock, its facts, forms and conditions."""
