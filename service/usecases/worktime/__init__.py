"""How working time counts: the calendars that hold, and what earlier cases took."""
