"""People: accounts, passwords, tokens, and who may change them."""

from __future__ import annotations

import pytest
from flask import Flask

from service import errors
from service.domain import policy
from service.storage.queries import history, people
from service.usecases.accounts import people as accounts
from tests import cast

SECRET = "correct horse battery"


@pytest.fixture
def ada(house: Flask) -> policy.Actor:
    return cast.actor("ada")


def test_a_person_signs_in_with_name_and_password_and_not_otherwise(ada: policy.Actor) -> None:
    accounts.create_user("eva", title="Eva", password=SECRET, roles=["approver"], groups=["finance"], actor=ada)
    found = accounts.sign_in("Eva ", SECRET)
    assert (found.name, found.roles, found.groups) == ("eva", {"approver"}, {"finance"})
    for name, password in (("eva", "wrong"), ("nobody", SECRET), ("bea", ""), ("bea", SECRET)):
        with pytest.raises(errors.NotAuthenticated, match="The name or the password is wrong"):
            accounts.sign_in(name, password)


def test_unusable_values_are_named_all_at_once(ada: policy.Actor) -> None:
    with pytest.raises(errors.InvalidInput) as refused:
        accounts.create_user(
            "Eva Ø",
            password="short",
            roles=["king"],
            groups=["nowhere"],
            zone="Mars",
            language="xx",
            email="e",
            actor=ada,
        )
    assert set(refused.value.errors) == {"name", "password", "roles", "groups", "zone", "language", "email"}
    assert people.user("Eva Ø") is None


def test_only_administrators_add_people_and_groups(house: Flask) -> None:
    for name in ("max", "petra", "cora", "nora"):
        with pytest.raises(errors.Forbidden):
            accounts.create_user("eva", actor=cast.actor(name))
        with pytest.raises(errors.Forbidden):
            accounts.create_group("new", actor=cast.actor(name))
        with pytest.raises(errors.Forbidden):
            accounts.edit_user("nora", {"roles": ["administrator"]}, actor=cast.actor(name))


def test_people_change_their_own_language_and_nothing_more(house: Flask) -> None:
    nora = cast.actor("nora")
    accounts.edit_user("nora", {"language": "de", "theme": "dark"}, actor=nora)
    assert people.user("nora").language == "de"
    with pytest.raises(errors.Forbidden):
        accounts.edit_user("nora", {"language": "en", "roles": ["administrator"]}, actor=nora)


def test_a_new_password_ends_the_old_one_and_every_session(ada: policy.Actor) -> None:
    accounts.create_user("eva", password=SECRET, actor=ada)
    mark = people.user("eva").session_mark
    eva = accounts.sign_in("eva", SECRET)
    with pytest.raises(errors.InvalidInput) as refused:
        accounts.change_password("not it", "another good one", actor=eva)
    assert list(refused.value.errors) == ["old"]
    accounts.change_password(SECRET, "another good one", actor=eva)
    assert people.actor_by_key(eva.key or 0, mark) is None
    with pytest.raises(errors.NotAuthenticated):
        accounts.sign_in("eva", SECRET)
    assert accounts.sign_in("eva", "another good one").name == "eva"


def test_a_token_stands_for_its_person_until_it_is_revoked(ada: policy.Actor) -> None:
    token = accounts.create_token("bea", "laptop", actor=ada)
    assert accounts.by_token(token).name == "bea"
    assert token not in str(people.tokens("bea"))
    with pytest.raises(errors.NotAuthenticated):
        accounts.by_token(token + "x")
    with pytest.raises(errors.Forbidden):
        accounts.revoke_token(people.tokens("bea")[0].key, actor=cast.actor("nora"))
    accounts.revoke_token(people.tokens("bea")[0].key, actor=cast.actor("bea"))
    with pytest.raises(errors.NotAuthenticated):
        accounts.by_token(token)


def test_who_is_deactivated_has_no_access_but_keeps_a_name(ada: policy.Actor) -> None:
    token = accounts.create_token("bea", actor=ada)
    accounts.deactivate("bea", actor=ada)
    with pytest.raises(errors.NotAuthenticated):
        accounts.by_token(token)
    assert people.actor("bea") is None
    assert "bea" not in people.group_members("build-team")
    assert people.user("bea").title == "Bea Builder"
    with pytest.raises(errors.Conflict):
        accounts.deactivate("ada", actor=ada)


def test_what_administrators_do_is_in_a_history_that_shows_tampering(ada: policy.Actor) -> None:
    accounts.create_group("night-shift", "Night shift", actor=ada)
    accounts.set_groups("bea", ["night-shift"], actor=ada)
    told = [(event.event, event.actor) for event in history.of_administration()]
    assert told == [("person.changed", "ada"), ("group.created", "ada")]
