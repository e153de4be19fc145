"""The shipped templates are whole in both languages, and a faulty template is refused with all its faults."""

import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from support.not_empty import not_empty

from xlflow.definition.template_inheritance import extend_template
from xlflow.definition.template_loader import load_shipped_templates, load_template
from xlflow.i18n.catalogue import LANGUAGES, LocalizedText
from xlflow.model.findings import FatalError, Finding, message_of, remedy_of
from xlflow.model.template import Template
from xlflow.model.template_elements import Choice
from xlflow.model.text import normalize_key
from xlflow.runtime.resources import TEMPLATES_DIR, resource_dir

INK = "#1F2933"

OPTIONS = [option for template in load_shipped_templates() for each in template.choices for option in each.options]

SOUND = """
name = "tiny"
version = "1"
title = { sv = "Liten", en = "Tiny" }
description = { sv = "Liten mall", en = "Tiny template" }

[[levels]]
key = "activity"
kind = "item"
label = { sv = "Aktivitet", en = "Activity" }

[[fields]]
key = "status"
type = "choice"
role = "status"
choices = "status"
label = { sv = "Status", en = "State" }

[[choices]]
key = "status"
[[choices.options]]
code = "done"
label = { sv = "Klar", en = "Done" }
rank = 0
"""


def write(folder: Path, text: str, name: str = "own.toml") -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def faults_of(name_or_path: str) -> tuple[Finding, ...]:
    with pytest.raises(FatalError) as stop:
        load_template(name_or_path)
    for finding in not_empty(stop.value.findings):
        for language in LANGUAGES:
            assert message_of(finding, language)
            assert remedy_of(finding, language)
    return stop.value.findings


def show(findings: tuple[Finding, ...]) -> list[str]:
    return [" ".join(filter(None, (each.code, each.field, each.suggestion))) for each in findings]


class TestShipped:
    def test_those_that_are_agreed_are_there(self):
        assert [template.name for template in load_shipped_templates()] == ["budget", "followup", "followup-2019"]

    @pytest.mark.parametrize("template", load_shipped_templates(), ids=lambda template: template.name)
    def test_every_text_is_there_in_both_languages(self, template: Template):
        texts = list(_texts(template.model_dump()))
        assert len(texts) > 12
        for text in texts:
            assert text["sv"].strip() == text["sv"] != ""
            assert text["en"].strip() == text["en"] != ""

    @pytest.mark.parametrize("template", load_shipped_templates(), ids=lambda template: template.name)
    def test_it_travels_as_json(self, template: Template):
        assert Template.model_validate_json(template.model_dump_json()) == template

    def test_the_headings_of_followup_are_those_that_are_fixed(self):
        template = load_template("followup")
        labels = [each.label.sv for each in (*template.levels, *template.plan_fields(), *template.answer_fields())]
        assert labels == [
            *("Perspektiv", "Kommunövergripande mål", "Nämndmål", "Aktivitet", "Delaktivitet"),
            *("Slutdatum", "Status", "Ny tidpunkt", "Kommentar/avvikelse"),
        ]
        assert template.levels[template.item_level_index].key == "activity"
        assert [field.role for field in template.fields] == ["deadline", "status", "new_deadline", "comment"]

    def test_the_statuses_of_followup_roll_up_as_agreed(self):
        options = _statuses("followup")
        assert [(each.label.sv, each.rank) for each in options] == [
            ("Genomfört", 0),
            ("Pågående", 1),
            ("Kvarstår", 2),
            ("Kan komma att försenas", 3),
            ("Förskjuts", 4),
            ("Utgår", None),
        ]
        assert [each.code for each in options if each.excluded_from_rollup] == ["cancelled"]
        assert [each.code for each in options if each.final] == ["done", "cancelled"]
        assert [each.code for each in options if each.deviation] == ["may_be_delayed", "postponed", "cancelled"]

    def test_no_name_has_two_meanings(self):
        for template in not_empty(load_shipped_templates()):
            for choices in template.choices:
                names = [
                    name
                    for each in choices.options
                    for name in {
                        normalize_key(text) for text in (each.label.sv, each.label.en, each.code, *each.aliases)
                    }
                ]
                assert [name for name, count in Counter(names).items() if count > 1] == []

    def test_the_statuses_of_2019_are_three_and_one_has_another_name(self):
        options = _statuses("followup-2019")
        assert [each.label.sv for each in options] == ["Genomfört", "Pågående", "Kvarstår"]
        assert "Uppfyllt" in options[0].aliases
        assert set(_statuses("followup")[0].aliases) < set(options[0].aliases)

    @pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.code)
    def test_a_status_can_be_read_on_its_colour_and_without_it(self, option: Choice):
        assert _contrast(option.colour, INK) >= 4.5
        assert len(option.icon) == 1
        assert ord(option.icon) < 0x10000

    def test_the_colours_and_icons_differ(self):
        options = _statuses("followup")
        assert len({each.colour for each in options}) == len({each.icon for each in options}) == 6


class TestFindTemplate:
    def test_by_the_path_of_ones_own(self, tmp_path: Path):
        assert load_template(write(tmp_path, SOUND)).name == "tiny"

    def test_saved_by_an_editor_that_marks_utf8_and_ends_lines_in_its_own_way(self, tmp_path: Path):
        path = tmp_path / "own.toml"
        path.write_bytes(b"\xef\xbb\xbf" + SOUND.replace("\n", "\r\n").encode())
        assert load_template(str(path)).title.sv == "Liten"

    def test_the_nearest_name_is_suggested(self, tmp_path: Path):
        assert show(faults_of("folowup")) == ["template-not-found followup"]
        write(tmp_path, SOUND, "hösten.toml")
        assert show(faults_of(str(tmp_path / "höst.toml"))) == ["template-not-found hösten.toml"]
        assert show(faults_of("alldeles fel")) == ["template-not-found"]

    def test_what_is_no_toml_is_reported_with_its_line(self, tmp_path: Path):
        (fault,) = faults_of(write(tmp_path, SOUND.replace('key = "status"', "key = status", 1)))
        assert fault.code == "template-not-toml"
        assert dict(fault.params)["line"] == 13
        assert fault.value == "key = status"

    def test_what_is_no_utf8_is_reported_with_its_line(self, tmp_path: Path):
        (tmp_path / "own.toml").write_bytes('\n# "Mål"'.encode("latin-1"))
        (fault,) = faults_of(str(tmp_path / "own.toml"))
        assert (fault.code, dict(fault.params)["line"]) == ("template-not-utf8", 2)


class TestFaults:
    def test_all_of_them_at_once_by_path_with_the_nearest_right_word(self, tmp_path: Path):
        text = (
            SOUND.replace('version = "1"', "version = 1")
            .replace("kind =", "knd =")
            .replace('"choice"', '"choise"')
        )
        text = text.replace('sv = "Klar", ', "").replace('choices = "status"', 'choices = "statuz"')
        text += 'colour = "red"\n\n[[summaries]]\nby = "unit"\nof = "statuss"\ntitle = { sv = "S", en = "S" }\n'
        assert show(faults_of(write(tmp_path, text))) == [
            "template-wrong-value version",
            "template-unknown-key levels[0].knd kind",
            "template-wrong-value fields[0].type choice",
            "template-missing-key choices[0].options[0].label.sv",
            "template-wrong-value choices[0].options[0].colour",
            "template-wrong-value levels",
            "template-wrong-value fields[0].choices",
            "template-unknown-reference summaries[0].of status",
        ]

    def test_a_misspelt_key_is_not_also_missing(self, tmp_path: Path):
        assert show(faults_of(write(tmp_path, SOUND.replace("description", "descripton")))) == [
            "template-unknown-key descripton description"
        ]

    @pytest.mark.parametrize(
        ("table", "key", "nearest"),
        [
            ("rules", "beyond", "threshold"),
            ("rules", "passed", "date_passed"),
            ("rules", "filled", "when_filled"),
            ("rules", "blank", "when_blank"),
            ("rules", "no_worse_part", "children_not_worse"),
            ("choices.options", "left_out", "excluded_from_rollup"),
            ("choices.options", "settled", "final"),
        ],
    )
    def test_a_synonym_of_a_key_gets_the_right_one_suggested(
        self, tmp_path: Path, table: str, key: str, nearest: str
    ):
        findings = faults_of(write(tmp_path, f"{SOUND}\n[[{table}]]\n{key} = true\n"))
        unknown = [each for each in findings if each.code == "template-unknown-key"]
        assert [each.suggestion for each in unknown] == [nearest]

    def test_the_words_name_the_entry_and_what_is_accepted(self, tmp_path: Path):
        (fault,) = faults_of(write(tmp_path, SOUND.replace('role = "status"', 'role = "stat"')))
        assert "fields[0].role (status)" in message_of(fault, "sv")
        assert remedy_of(fault, "sv").startswith("Menade du ”status”? Här ska stå: status, deadline, new_deadline")

    @pytest.mark.parametrize(
        ("added", "fault"),
        [
            ("width = 'wide'", "ett heltal"),
            ("required = 'yes please'", "true eller false"),
            ("label = 'Status'", "en tabell"),
            ("aliases = 'Läge'", "en lista"),
            ("minimum = 'low'", "ett tal"),
            ("key = 'Ny Status'", "små bokstäver"),
        ],
    )
    def test_the_kind_of_value_that_belongs_there_is_named(self, tmp_path: Path, added: str, fault: str):
        field = "\n[[fields]]\nkey = 'more'\ntype = 'text'\nlabel = { sv = 'Mer', en = 'More' }\n"
        key = added.partition(" ")[0]
        text = SOUND + re.sub(rf"(?m)^{key} = .*\n", "", field) + added
        (found,) = (each for each in faults_of(write(tmp_path, text)) if each.field == f"fields[1].{key}")
        assert fault in remedy_of(found, "sv")


class TestExtends:
    def test_one_more_question_takes_ten_lines_and_one_more_status_six(self, tmp_path: Path):
        path = write(
            tmp_path,
            """
            extends = "followup"
            name = "followup-pandemic"
            version = "1"
            title = { sv = "Uppföljning", en = "Follow-up" }
            [[fields]]
            key = "as_planned"
            type = "yes_no"
            required = true
            after = "status"
            label = { sv = "Går som planerat?", en = "As planned?" }
            [[choices]]
            key = "status"
            [[choices.options]]
            code = "paused"
            rank = 2
            after = "ongoing"
            label = { sv = "Pausad", en = "Paused" }
            """,
        )
        template = load_template(path)
        assert [field.key for field in template.answer_fields()] == [
            "status",
            "as_planned",
            "new_deadline",
            "comment",
        ]
        assert [option.code for option in template.choices[0].options][:3] == ["done", "ongoing", "paused"]
        assert (template.name, template.title.sv) == ("followup-pandemic", "Uppföljning")
        assert template.description == load_template("followup").description

    def test_a_known_entry_changes_only_what_is_given(self):
        base = tomllib.loads(SOUND)
        own = {"fields": [{"key": "status", "width": 30, "label": {"en": "Status now"}, "aliases": ["Läge"]}]}
        merged, ends = extend_template(base | {"version": "7"}, own)
        assert ends == ()
        assert merged["fields"] == [
            base["fields"][0] | {"width": 30, "label": {"sv": "Status", "en": "Status now"}, "aliases": ["Läge"]}
        ]
        assert "version" not in merged
        assert base == tomllib.loads(SOUND)

    @pytest.mark.parametrize(
        ("entry", "order"),
        [
            ({"key": "d"}, "abcd"),
            ({"key": "d", "after": "a"}, "adbc"),
            ({"key": "d", "before": "a"}, "dabc"),
            ({"key": "a", "after": "b"}, "bac"),
            ({"key": "c", "before": "a"}, "cab"),
            ({"key": "b", "after": "c"}, "acb"),
        ],
    )
    def test_entries_are_placed_and_moved(self, entry: dict[str, str], order: str):
        merged, ends = extend_template({"fields": [{"key": key} for key in "abc"]}, {"fields": [entry]})
        assert "".join(field["key"] for field in merged["fields"]) == order
        assert ends == ()
        assert all(field.keys() == {"key"} for field in merged["fields"])

    def test_whatever_has_a_name_can_be_dropped(self):
        base = tomllib.loads(SOUND) | {"summaries": [{"by": "unit", "of": "status"}]}
        merged, ends = extend_template(
            base, {"drop": ["choices.status.done", "fields.status", "summaries.unit.status"]}
        )
        assert (merged["choices"][0]["options"], merged["fields"], merged["summaries"]) == ([], [], [])
        assert ends == ()

    def test_over_several_storeys_and_relative_to_the_file(self, tmp_path: Path):
        write(tmp_path, SOUND, "ground.toml")
        head = 'version = "1"\ntitle = { sv = "T", en = "T" }\n'
        write(tmp_path, f'extends = "ground.toml"\nname = "first"\n{head}', "first.toml")
        path = write(tmp_path, f'extends = "first"\nname = "second"\n{head}', "second.toml")
        assert load_template(path).field("status").label.sv == "Status"

    def test_all_faults_at_once_by_the_paths_of_the_own_file(self, tmp_path: Path):
        path = write(
            tmp_path,
            """
            extends = "followup"
            name = "autumn"
            drop = ["choices.status.don", "choices.status"]
            [[fields]]
            key = "pandemic"
            type = "choice"
            label = { sv = "Möjlig?", en = "Possible?" }
            after = "statsu"
            [[fields]]
            key = "comment"
            width = "wide"
            helpp = "?"
            [[fields]]
            type = "text"
            """,
        )
        assert show(faults_of(path)) == [
            "template-missing-key version",
            "template-missing-key title",
            "template-wrong-value fields[1].width",
            "template-unknown-key fields[1].helpp help",
            "template-missing-key fields[2].key",
            "template-unknown-reference drop[0] choices.status.done",
            "template-unknown-reference fields[0].after status",
            "template-unknown-reference fields[status].choices",
            "template-missing-key fields[0].choices",
        ]

    def test_a_fault_of_the_extended_template_is_reported_in_its_own_file(self, tmp_path: Path):
        write(tmp_path, SOUND.replace("knd", "").replace('"item"', '"itme"'), "ground.toml")
        path = write(tmp_path, 'extends = "ground.toml"\nname = "first"\nversion = "1"\n', "first.toml")
        own, below = faults_of(path)
        assert (own.code, own.field, own.location.file) == ("template-missing-key", "title", path)
        assert (below.code, below.field, below.location.file) == (
            "template-wrong-value",
            "levels[0].kind",
            "ground.toml",
        )

    def test_circles_and_wrong_values_are_refused(self, tmp_path: Path):
        head = 'name = "x"\nversion = "1"\ntitle = { sv = "T", en = "T" }\n'
        write(tmp_path, f'extends = "b.toml"\n{head}', "a.toml")
        path = write(tmp_path, f'extends = "a.toml"\n{head}', "b.toml")
        (fault,) = faults_of(path)
        assert (fault.code, fault.value) == ("template-circle", "b.toml → a.toml → b.toml")
        assert show(faults_of(write(tmp_path, f"extends = 1\n{head}"))) == ["template-wrong-value extends"]
        assert show(faults_of(write(tmp_path, f'extends = "followupp"\n{head}'))) == [
            "template-not-found followup"
        ]
        assert show(faults_of(write(tmp_path, f'extends = "budget"\ndrop = "fields"\n{head}'))) == [
            "template-wrong-value drop"
        ]


def _statuses(name: str) -> tuple[Choice, ...]:
    return load_template(name).choices[0].options


def _texts(value: object) -> list[dict[str, str]]:
    if isinstance(value, dict) and value.keys() == set(LocalizedText.model_fields):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [text for each in inner for text in _texts(each)]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_definition_in_the_folder_is_known() -> None:
    names = {file.name for file in resource_dir(TEMPLATES_DIR).iterdir() if file.name.endswith(".toml")}
    assert names == {
        *(f"{template.name}.toml" for template in load_shipped_templates()),
        "words.toml",
        "messages.toml",
        "mails.toml",
    }
