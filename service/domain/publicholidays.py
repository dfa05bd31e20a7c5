"""Public holidays by country and region, from the `holidays` package; its only home."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Mapping, Sequence
from datetime import date

import holidays

EARLIEST, LATEST = 1900, 2300


@functools.cache
def countries() -> Mapping[str, Sequence[str]]:
    """The regions of each country whose holidays are known, by ISO 3166 code."""
    return {code: tuple(regions) for code, regions in holidays.list_supported_countries(include_aliases=False).items()}


@functools.lru_cache(maxsize=64)
def region_names(country: str) -> Mapping[str, str]:
    """What the regions of a country are called there; a code that has no name stands for itself."""
    known = countries().get(country, ())
    aliases: dict[str, str] = {}
    for name, code in getattr(holidays.country_holidays(country), "subdivisions_aliases", {}).items():
        aliases.setdefault(code, name)
    return {code: aliases.get(code, code) for code in known}


@functools.lru_cache(maxsize=1024)
def of_year(country: str, region: str | None, year: int, language: str | None = None) -> Mapping[date, str]:
    """The public holidays of a year with their names, in `language` where the country's are known in it."""
    if not EARLIEST <= year <= LATEST:
        return {}
    with warnings.catch_warnings():
        # Of some countries the days that follow the moon are known for some decades only; the others still count.
        warnings.simplefilter("ignore")
        found = holidays.country_holidays(country, subdiv=region, years=year, language=_spoken(country, language))
    return {day: name for day, name in found.items() if day.year == year}


@functools.lru_cache(maxsize=256)
def _spoken(country: str, language: str | None) -> str | None:
    known = getattr(holidays.country_holidays(country), "supported_languages", ())
    if language is None or language in known:
        return language
    return next((one for one in known if one.split("_")[0] == language), None)
