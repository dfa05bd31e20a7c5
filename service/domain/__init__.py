"""Pure rules: permissions, time, ladders of escalation."""
