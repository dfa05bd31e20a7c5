"""`Idempotency-Key`: a POST that is sent twice is carried out once, and answered twice with the same."""

from __future__ import annotations

import hashlib
import time
from typing import Any

from flask import Response, current_app, g, request

from service import errors
from service.storage import idempotency
from service.web import auth, problems

HEADER = "Idempotency-Key"
LONGEST_KEY = 255
KEPT_HEADERS = ("ETag", "Location")
PATIENCE_SECONDS = 5.0
POLL_SECONDS = 0.05


def begin() -> Any:
    """Before a view: answer from what is kept, or claim the key."""
    if request.method != "POST":
        return None
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise errors.InvalidInput({HEADER: [f"Use 1 to {LONGEST_KEY} printable ASCII characters."]})
    claim = idempotency.Claim(auth.actor().name, key, _digest())
    kept = idempotency.find(claim.user, claim.key)
    if kept is not None:
        return _replayed(claim, kept)
    idempotency.begin(claim)
    g.claim = claim
    return None


def end(response: Response) -> Response:
    """After a view: keep its answer, or give the one of a duplicate that was faster."""
    claim: idempotency.Claim | None = g.pop("claim", None)
    if claim is None:
        return response
    idempotency.end()
    if response.status_code < 400 or claim.committed:
        return _keep(claim, response)
    kept = idempotency.find(claim.user, claim.key)
    if kept is None:
        return response  # refused, and nothing was done: the key is free again
    try:
        return _replayed(claim, kept)
    except errors.ServiceError as refusal:
        answer: Response = problems.answer(refusal)
        return answer


def _keep(claim: idempotency.Claim, response: Response) -> Response:
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    # an answer that must not be stored (a new token) is not: a repetition is told that it was carried out
    secret = "no-store" in response.headers.get("Cache-Control", "")
    try:
        if secret:
            idempotency.keep(claim, 409, None, {})
        else:
            body = response.get_json(silent=True) if response.is_json else None
            idempotency.keep(claim, response.status_code, body, headers)
    except errors.StaleWrite:
        current_app.logger.info("another request kept its answer under the same idempotency key")
    return response


def _replayed(claim: idempotency.Claim, kept: idempotency.Kept) -> Response:
    if kept.digest != claim.digest:
        raise errors.KeyReused(
            f"The key {claim.key} was used for another request within the last 24 hours. Choose a new one."
        )
    end_of_patience = time.monotonic() + PATIENCE_SECONDS
    while kept.status is None and time.monotonic() < end_of_patience:
        time.sleep(POLL_SECONDS)
        kept = idempotency.find(claim.user, claim.key) or kept
    if kept.status is None or (kept.status == 409 and kept.body is None):
        raise errors.Conflict("This request was carried out, but its answer is not kept. Read the records it changed.")
    body = b"" if kept.body is None else current_app.json.dumps(kept.body)
    response = Response(body, kept.status, dict(kept.headers), mimetype="application/json" if body else None)
    if kept.status >= 400:
        response.content_type = problems.MEDIA_TYPE
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _digest() -> str:
    """What makes two requests the same: address and body; of files names and contents, not the boundary between."""
    digest = hashlib.sha256(request.full_path.encode())
    if request.mimetype != "multipart/form-data":
        digest.update(request.get_data(cache=True))
        return digest.hexdigest()
    for name, value in sorted(request.form.items(multi=True)):
        digest.update(f"\0{name}\0{value}".encode())
    for name, file in sorted(request.files.items(multi=True), key=lambda pair: (pair[0], pair[1].filename or "")):
        digest.update(f"\0{name}\0{file.filename}\0".encode() + hashlib.sha256(file.read()).digest())
        file.seek(0)
    return digest.hexdigest()
