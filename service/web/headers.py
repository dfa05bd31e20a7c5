"""What browsers are told about every answer: where content may come from and what may be remembered."""

from __future__ import annotations

from flask import Flask, Response

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    )
)
ALWAYS = (
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    # What people see depends on who they are: a copy is asked about before it is used again.
    ("Cache-Control", "private, no-cache"),
)
TRANSPORT_SECURITY = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")


def init_app(app: Flask, *, secure: bool) -> None:
    """Add the headers to every answer; a view that set one itself keeps its own."""
    wanted = (*ALWAYS, TRANSPORT_SECURITY) if secure else ALWAYS

    @app.after_request
    def add(response: Response) -> Response:
        headers = response.headers
        for name, value in wanted:
            if name not in headers:
                headers[name] = value
        return response
