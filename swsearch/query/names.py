"""The forms under which a name may be printed: short and full names of one body stand for each other."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from swsearch.text.match import match_form

_MAX_FORMS = 24  # a value that names four bodies would multiply; more than two is a mistake anyway


def name_forms(value: str) -> tuple[str, ...]:
    """Match forms of `value` as typed (first) and with short forms of bodies expanded, or full ones shortened.

    Empty if nothing in it can be searched. A form that is merely a part of the one typed is left out: it would find
    what was not asked for (军事法院 for 人民法院).

    >>> name_forms("江苏省人社厅")
    ('江苏省人社厅', '江苏省人力资源社会保障厅', '江苏省人力资源和社会保障厅')
    """
    typed = match_form(value)
    if not typed:
        return ()
    forms = [typed]
    pattern, groups = _groups()
    for found in dict.fromkeys(pattern.findall(typed)):
        others = [other for group in groups[found] for other in group if other != found]
        forms += [form.replace(found, other) for form in forms for other in others]
        forms = forms[:_MAX_FORMS]
    return tuple(form for form in dict.fromkeys(forms) if form == typed or form not in typed)


@cache
def _groups() -> tuple[re.Pattern[str], dict[str, list[tuple[str, ...]]]]:
    """A pattern that finds the longest name first, and the groups that each name is in."""
    text = (files("swsearch.query") / "data" / "agency_short_forms.tsv").read_text(encoding="utf-8")
    groups: dict[str, list[tuple[str, ...]]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            group = tuple(match_form(name) for name in line.split("\t"))
            for name in group:
                groups.setdefault(name, []).append(group)
    names = sorted(groups, key=lambda name: (-len(name), name))
    return re.compile("|".join(map(re.escape, names))), groups
