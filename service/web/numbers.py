"""Numbers, keys and names in addresses as people and scripts write them: `R-1` for a release, digits for a key."""

from __future__ import annotations

from flask import Flask
from werkzeug import routing

from service.domain import readers
from service.storage.queries import pages

LARGEST_KEY = pages.LARGEST_KEY
LARGEST_NUMBER = pages.LARGEST_NUMBER


def show(number: int) -> str:
    """A release's number as people know it."""
    return f"R-{number}"


class KeyConverter(routing.BaseConverter):
    """`<key:key>`: a 64-bit key from the database."""

    regex = r"-?\d{1,19}"

    def to_python(self, value: str) -> int:
        key = int(value)
        if abs(key) > LARGEST_KEY:
            raise routing.ValidationError
        return key

    def to_url(self, value: object) -> str:
        return str(value)


class VersionConverter(routing.IntegerConverter):
    """`<int:number>`: a version, or another number that the database can hold."""

    def to_python(self, value: str) -> int:
        if len(value) > 10 or int(value) > LARGEST_NUMBER:
            raise routing.ValidationError
        return super().to_python(value)


class ReleaseConverter(routing.BaseConverter):
    """`<release:number>`: R-1 in the address, 1 in the program."""

    regex = r"R-[1-9]\d{0,9}"

    def to_python(self, value: str) -> int:
        number = int(value.removeprefix("R-"))
        if number > LARGEST_NUMBER:
            raise routing.ValidationError
        return number

    def to_url(self, value: object) -> str:
        return value if isinstance(value, str) else f"R-{value}"


class GroupConverter(routing.BaseConverter):
    """`<group:name>`: a group in the address, in the program the group as a reader."""

    regex = rf"[^/]{{1,{readers.LONGEST_NAME}}}"

    def to_python(self, value: str) -> str:
        return readers.of_group(value)

    def to_url(self, value: str) -> str:
        return super().to_url(readers.group(value) or value)


def init_app(app: Flask) -> None:
    app.url_map.converters["int"] = VersionConverter
    app.url_map.converters["key"] = KeyConverter
    app.url_map.converters["group"] = GroupConverter
    app.url_map.converters["release"] = ReleaseConverter
