"""XML is read whatever its namespaces are called, and never with a DOCTYPE, whatever the part is called."""

from xml.etree.ElementTree import ParseError

import pytest

from xlflow.excel.reader.safe_xml import get_attribute, local_name, parse_xml


@pytest.mark.parametrize(
    "before",
    [
        b"<!DOCTYPE a []>",
        b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- before --><!DOCTYPE a [<!ENTITY b 'many'>]>",
    ],
)
def test_a_doctype_is_refused(before: bytes) -> None:
    with pytest.raises(ParseError, match="DOCTYPE"):
        parse_xml(before + b"<a>text</a>")


def test_words_about_a_doctype_are_only_words() -> None:
    assert parse_xml(b"<a><![CDATA[<!DOCTYPE html>]]></a>").text == "<!DOCTYPE html>"


def test_names_are_known_without_their_namespaces() -> None:
    element = parse_xml(b'<x:a xmlns:x="urn:x" x:name="Museet"/>')
    assert local_name(element) == "a"
    assert get_attribute(element, "name") == "Museet"
    assert get_attribute(element, "state") == ""
    assert get_attribute(element, "state", "visible") == "visible"
