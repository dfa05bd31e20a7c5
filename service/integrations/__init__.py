"""The outside world: mail, chat, webhooks."""
