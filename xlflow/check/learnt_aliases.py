"""Words that a shipped template has come to understand since a form went out.

A form carries its template as it was. Another spelling that the same template knows today says the same, so an
answer that could not be read then can be read now. Not so a deviation: it asks for a reason or a new deadline,
which the form could not ask for.
"""

from collections.abc import Iterable, Iterator

from xlflow.model.findings import Location
from xlflow.model.plan import Alias
from xlflow.model.template import Template
from xlflow.model.template_elements import ChoiceList
from xlflow.model.text import normalize_key


def find_learnt_aliases(template: Template, shipped: Template) -> tuple[Alias, ...]:
    """Return the spellings of choices that `shipped` knows and `template`, an earlier state of it, does not.

    Only for choices that both have under the same code and that are no deviations, and never a word that means
    another choice in `template`.
    """
    shipped_fields = {field.key: field for field in shipped.fields if field.choices}
    return tuple(
        Alias(text, code, field.key, Location(""))
        for field in template.fields
        if field.choices and field.key in shipped_fields
        for code, text in _new_spellings(
            template.choice_list(field), shipped.choice_list(shipped_fields[field.key])
        )
    )


def _new_spellings(known: ChoiceList, shipped: ChoiceList) -> Iterator[tuple[str, str]]:
    codes = {option.code for option in known.options if not option.deviation}
    known_texts = {normalize_key(text) for _, text in _spellings(known)}
    for code, text in _spellings(shipped):
        if code in codes and normalize_key(text) not in known_texts:
            yield code, text


def _spellings(choices: ChoiceList) -> Iterable[tuple[str, str]]:
    for option in choices.options:
        yield from ((option.code, text) for text in (option.label.sv, option.label.en, *option.aliases) if text)
