"""What leaves the house: mails, chats, announcements and webhooks, outside of any transaction."""
