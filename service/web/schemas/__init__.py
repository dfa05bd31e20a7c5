"""What requests and answers look like, by subject; the OpenAPI document is made from these."""
