"""A form can only speak for itself: whatever its hidden records say, no other form is read otherwise for it."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.alter_records import alter_form, dump_record, load_record, read_records, replace_records
from support.draw_round import draw_round, shipped_template
from support.draw_submission import draw_return
from support.edited_forms import make_form

from xlflow.collect.agree_on_template import agree_on_template
from xlflow.collect.select import choose_round_key
from xlflow.model.merged import RunResult
from xlflow.model.submission import FileState
from xlflow.model.template_definition import version_sort_key
from xlflow.pipeline.form_operations import check_forms, merge_forms

ASKED = draw_round("""
    Id | Perspektiv | Övergripande mål | Nämndmål | Aktivitet   | Delaktivitet | Slutdatum  | Enhet
    a  | Samhälle   | Levande kommun   | Möten    | Öppna kvarn |              | Kvartal 2  | Museet
    b  |            |                  |          |             | Hyra båt     | 2021-06-30 | Museet; Åbo; Badet
    c  |            |                  |          |             | Sälja båt    | Se plan    | Museet
    d  | Ekonomi    | Budget i balans  | Sparande | Sälja ladan |              | Kvartal 4  | Åbo; Badet
    e  |            |                  |          | Byta lås    |              |            | Museet; Åbo; Badet
    f  |            |                  |          | Måla om     |              |            | Badet
""")
ANSWERS = {
    "Museet": {
        "a": {"status": "Förskjuts", "new_deadline": "kvartal 4"},
        "b": {"status": "Utgår", "comment": "Båten sjönk"},
    },
    "Åbo": {
        "b": {"status": "Genomfört"},
        "d": {"status": "Kan komma att försenas"},
        "e": {"status": "Pågår, nästan"},
    },
    "Badet": {"b": {"status": "Pågående"}, "d": {"status": "Förskjuts"}, "f": {"status": "Kvarstår"}},
}
ALTERED_UNIT = "Badet"


@pytest.fixture(scope="module")
def forms() -> dict[str, bytes]:
    return {unit: make_form(answers, ASKED, unit) for unit, answers in ANSWERS.items()}


def check(folder: Path, forms: dict[str, bytes], altered: bytes | None = None, **options: Any) -> RunResult:
    """Check the forms, that of one unit as altered."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for unit, content in forms.items():
        (folder / f"{unit}.xlsx").write_bytes(altered if altered and unit == ALTERED_UNIT else content)
    return check_forms([folder], cache=False, **options)


def tell_others(run: RunResult) -> dict[str, Any]:
    """What a run says of the units whose forms nobody altered, and of the round."""
    assert run.merged
    merged, language = run.merged, run.merged.round.language
    others = [merged_row.row for merged_row in merged.rows if merged_row.row.unit != ALTERED_UNIT]
    return {
        "template": merged.round.template.definition,
        "round": (merged.round.as_of, merged.round.due_date, language, merged.round.plan.title),
        "units": [unit.name for unit in merged.round.plan.units if unit.name in ANSWERS],
        "rows": [
            (
                row.unit,
                row.item.id,
                row.item.level_texts,
                row.item.plan_values,
                [(a.field, a.value, a.raw_text) for a in row.answers],
            )
            for row in others
        ],
        "findings": [
            (f.code, f.location, f.row_id, f.value)
            for f in run.findings
            if f.location.file in ("Museet.xlsx", "Åbo.xlsx")
        ],
    }


def test_what_is_compared_is_not_empty(tmp_path: Path, forms: dict[str, bytes]) -> None:
    reported = tell_others(check(tmp_path / "r", forms))
    assert len(reported["rows"]) == 7
    assert len(reported["findings"]) >= 1


# One change each ------------------------------------------------------------------------------------------


def alter(content: bytes, kind: str, change: Callable[[Any], object]) -> bytes:
    """Return a form in which the first record of a kind says something else."""
    records = read_records(content)
    index = next(at for at, record in enumerate(records) if record[0] == kind)
    value = load_record(records[index])
    change(value)
    records[index] = dump_record(records[index], value)
    if kind == "definition":
        records = [
            ["identity", "version", value["version"]] if r[:2] == ["identity", "version"] else r for r in records
        ]
    return replace_records(content, records)


def soften(version: str) -> Callable[[Any], object]:
    """Return a change of the definition: no rules, and nothing deviates from the plan."""

    def change(definition: Any) -> None:
        definition["version"] = version
        definition["rules"] = []
        for option in definition["choices"][0]["options"]:
            option["deviation"] = False

    return change


@pytest.mark.parametrize("version", ["0", "1", "1.1", "2"])
@pytest.mark.parametrize("template", [None, "followup"], ids=["forms only", "-t"])
def test_one_altered_definition_counts_for_nobody(
    tmp_path: Path, forms: dict[str, bytes], version: str, template: str | None
) -> None:
    honest = check(tmp_path / "r", forms, template=template)
    run = check(
        tmp_path / "r", forms, alter(forms[ALTERED_UNIT], "definition", soften(version)), template=template
    )
    assert tell_others(run) == tell_others(honest)
    code = "form-of-older-template" if version == "0" else "form-definition-differs"
    named = [
        found.location.file
        for found in run.findings
        if found.code in ("form-of-older-template", "form-definition-differs")
    ]
    assert (named, [found.code for found in run.findings if found.code == code]) == (["Badet.xlsx"], [code])
    assert run.merged
    assert ALTERED_UNIT in run.merged.answered_units


def test_altered_units_title_and_headings_count_for_nobody(tmp_path: Path, forms: dict[str, bytes]) -> None:
    def rename(facts: Any) -> None:
        facts.update(title="Annan", year=1999, language="en", due="2031-01-01", context=["X"])

    honest = check(tmp_path / "r", forms)
    for kind, change in (("units", lambda names: names.extend(["Ny", "Nyare"])), ("round", rename)):
        run = check(tmp_path / "r", forms, alter(forms[ALTERED_UNIT], kind, change))
        assert run.merged
        assert honest.merged
        assert tell_others(run) == tell_others(honest)
        assert [unit.name for unit in run.merged.round.plan.units] == [
            unit.name for unit in honest.merged.round.plan.units
        ]
        if kind == "units":
            assert [f.location.file for f in run.findings if f.code == "forms-of-different-plans"] == [
                "Badet.xlsx"
            ]


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("item", lambda item: item[1].append("x")),
        ("item", lambda item: item[1].pop()),
        ("item", lambda item: item.__setitem__(3, [["deadline", {"number": "1e999999999"}]])),
        ("item", lambda item: item.__setitem__(3, [["deadline", {"deadline": ["quarter", "x", None, None]}]])),
        ("item", lambda item: item.__setitem__(7, "1")),
        ("round", lambda facts: facts.__setitem__("context", ["A"] * 30)),
        ("round", lambda facts: facts.__setitem__("year", 10**30)),
        ("units", lambda names: names.clear()),
        ("definition", lambda definition: definition.__setitem__("version", "9" * 5_000)),
        ("definition", lambda d: d["rules"][0]["message"].update(sv="{comment:>900000000}", en="{comment:>x}")),
        ("definition", lambda d: d["fields"].extend(d["fields"] * 100)),
        ("definition", lambda d: d["choices"][0]["options"][0].__setitem__("rank", 10**400)),
    ],
)  # fmt: skip
def test_records_that_do_not_fit_cost_their_own_form_only(
    tmp_path: Path, forms: dict[str, bytes], kind: str, change: Callable[[Any], object]
) -> None:
    honest = check(tmp_path / "r", {unit: form for unit, form in forms.items() if unit != ALTERED_UNIT})
    run = check(tmp_path / "r", forms, alter(forms[ALTERED_UNIT], kind, change))
    assert "Badet.xlsx" in {found.location.file for found in run.findings}
    assert tell_others(run)["rows"] == tell_others(honest)["rows"]
    assert run.merged
    assert run.merged.accounts.files[FileState.REFUSED] == 1


def test_a_file_that_claims_many_units_does_not_choose_the_round() -> None:
    later = replace(ASKED, as_of=ASKED.as_of.replace(year=2031))
    claims = [draw_return(later, unit, name="alla.xlsx") for unit in ANSWERS]
    honest = [draw_return(ASKED, unit) for unit in ("Museet", "Åbo")]
    assert choose_round_key([*claims, *honest]) == ASKED.key
    assert choose_round_key(claims) == later.key


# Any change -----------------------------------------------------------------------------------------------


def assert_no_effect(folder: Path, forms: dict[str, bytes], honest: dict[str, Any], rng: Random) -> str:
    """Alter a form, check and merge, and return what became of it."""
    run = check(folder, forms, alter_form(forms[ALTERED_UNIT], rng))
    reported = tell_others(run)
    assert {**reported, "units": None} == {**honest, "units": None}
    json.dumps([str(found) for found in run.findings])
    result = merge_forms([folder], folder.with_name("c.xlsx"), cache=False, force=True)
    assert result.output_path
    assert run.merged
    return "read" if run.merged.accounts.files[FileState.REFUSED] == 0 else "refused"


@pytest.mark.parametrize("count", [12, pytest.param(3_000, marks=pytest.mark.long)])
def test_no_change_of_the_records_reaches_another_form(
    tmp_path: Path, forms: dict[str, bytes], count: int
) -> None:
    honest = tell_others(check(tmp_path / "r", forms))
    outcomes: list[str] = []

    @settings(
        max_examples=count, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(st.integers(0, 2**32))
    def alter_and_check(seed: int) -> None:
        outcomes.append(assert_no_effect(tmp_path / "r", forms, honest, Random(seed)))

    alter_and_check()
    assert len(outcomes) >= count
    assert {"read", "refused"} <= set(outcomes)


# Who decides ----------------------------------------------------------------------------------------------


def test_versions_sort_by_their_numbers() -> None:
    assert sorted(["10", "9", "1.10", "1.9", "", "b", "9" * 5_000], key=version_sort_key) == [
        "", "b", "1.9", "1.10", "9", "10", "9" * 5_000
    ]  # fmt: skip


def _no_template(_: str) -> None:
    return None


def test_without_forms_there_is_no_template_to_agree_on() -> None:
    assert agree_on_template([], "followup 2021-03-31", shipped_template(), _no_template) is None
