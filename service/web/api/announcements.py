"""Announcing dates of a release, and who follows them."""

from __future__ import annotations

from typing import Any

from service.storage.queries import announcements as found
from service.usecases.releases import following, releases
from service.usecases.sending import announcing
from service.web import access, auth
from service.web.api import rest
from service.web.schemas import announcements as schemas
from service.web.schemas import fields

blueprint = rest.Blueprint("announcements", "Announced dates, and who follows them")


@blueprint.get("/releases/<release:number>/announcements")
@blueprint.response(200, schemas.AnnouncementList)
@access.signed_in
def list_announcements(number: int) -> Any:
    """What was announced, and each change of announced dates, the newest first."""
    releases.see(number, actor=auth.actor())
    return {"items": found.of_release(number), "next": None}


@blueprint.post("/releases/<release:number>/announcements")
@blueprint.arguments(schemas.NewAnnouncement, example={"message": "The portal is away for an hour that night."})
@blueprint.response(201, schemas.Announcement)
@access.signed_in
def announce(body: dict[str, Any], number: int) -> Any:
    """Announce the window to everybody who follows the release. From then on they hear when it changes."""
    releases.see(number, actor=auth.actor())
    announcing.announce(number, body["message"], actor=auth.actor())
    return found.latest(number)


@blueprint.get("/releases/<release:number>/followers")
@blueprint.response(200, schemas.FollowerList)
@access.signed_in
def list_followers(number: int) -> Any:
    """Who hears of announced dates; addresses are shown to those who change the release."""
    return {"items": following.shown(number, actor=auth.actor()), "next": None}


@blueprint.post("/releases/<release:number>/followers")
@blueprint.arguments(schemas.NewFollower, example={"address": "kim@customer.example.org", "language": "de"})
@blueprint.response(201, schemas.Follower)
@access.signed_in
def follow(body: dict[str, Any], number: int) -> Any:
    """Follow a release. Its manager and coordinator add other people, and addresses without an account."""
    given = body if body.get("user") or body.get("address") else {**body, "user": auth.actor().name}
    key = following.add(number, **given, actor=auth.actor())
    return found.follower(key)


@blueprint.delete("/releases/<release:number>/followers/<key:id>")
@blueprint.response(204)
@access.signed_in
def unfollow(number: int, id: int) -> None:
    """Tell this follower nothing more."""
    following.end(number, id, actor=auth.actor())


@blueprint.post("/releases/<release:number>/followers/<key:id>/resend")
@blueprint.arguments(fields.Nothing)
@blueprint.response(202, schemas.Follower)
@access.signed_in
def resend_announcement(body: dict[str, Any], number: int, id: int) -> Any:
    """Try again to reach an address whose mail was given up."""
    releases.see(number, actor=auth.actor())
    announcing.resend(number, id, actor=auth.actor())
    return found.follower(id)
