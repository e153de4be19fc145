"""A word that the shipped template has learnt since a form went out is understood, and it is said so."""

from dataclasses import replace

import pytest
from support.draw_round import draw_round, shipped_template
from support.draw_submission import draw_return

from xlflow.check.learnt_aliases import find_learnt_aliases
from xlflow.check.waivers import ALIAS_LEARNT, apply_aliases
from xlflow.model.template import Template

PLAN = """
    Id | Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet   | Delaktivitet | Slutdatum | Enhet
    a  | Samhälle   | Levande kommun         | Möten    | Öppna kvarn |              | Kvartal 2 | Museet
"""


def without_aliases(template: Template) -> Template:
    """Return the template as it was before it knew any spelling but its labels."""
    lists = tuple(
        choices.model_copy(
            update={"options": tuple(option.model_copy(update={"aliases": ()}) for option in choices.options)}
        )
        for choices in template.choices
    )
    return template.model_copy(update={"choices": lists})


def statuses_of(text: str) -> tuple[object, list[str]]:
    """Return the status that a form of the old template is read with, and the codes of its findings."""
    old = without_aliases(shipped_template())
    round_ = replace(draw_round(PLAN), template=old)
    form = draw_return(round_, "Museet", f"Id | Status\na | {text}")
    (row,) = form.rows
    assert row.value("status") is None
    unread = tuple(replace(answer, error_code="choice-unknown") for answer in row.answers)
    form = replace(form, rows=(replace(row, answers=unread),))
    (read,) = apply_aliases([form], find_learnt_aliases(old, shipped_template()), ALIAS_LEARNT)
    return read.rows[0].value("status"), [finding.code for finding in read.findings]


@pytest.mark.parametrize(
    ("text", "code"), [("Klart", "done"), ("färdigt", "done"), ("Ej påbörjad", "remains"), ("Pågår", "ongoing")]
)
def test_a_new_spelling_of_a_status_is_understood_with_a_note(text: str, code: str) -> None:
    assert statuses_of(text) == (code, ["alias-learnt"])


@pytest.mark.parametrize("text", ["Försenat", "Struken", "vet inte", "Ej klart"])
def test_a_deviation_or_another_text_is_left_to_the_unit(text: str) -> None:
    value, codes = statuses_of(text)
    assert value is None
    assert "alias-learnt" not in codes


def test_a_template_as_it_is_shipped_has_nothing_to_learn() -> None:
    assert find_learnt_aliases(shipped_template(), shipped_template()) == ()
    assert len(find_learnt_aliases(without_aliases(shipped_template()), shipped_template())) > 10
