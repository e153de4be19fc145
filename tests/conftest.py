"""Switches of the test run: `--long` runs the minutes-long tests too, `--renew` writes the goldens anew."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from support.command_server import REAL_START
from support.sampling import LONG, sample_size


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the tests that take minutes as well")
    parser.addoption("--renew", action="store_true", help="write the goldens anew instead of comparing with them")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--long"):
        os.environ[LONG] = os.environ[REAL_START] = "1"
    quiet = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow], "derandomize": True}
    settings.register_profile("xlflow", max_examples=sample_size(100), **quiet)
    settings.load_profile("xlflow")


LONGEST_FILES = (
    "test_report_html",
    "test_cli_refusals",
    "test_report_pdf",
    "test_examples",
    "test_readme",
    "test_remaining_column",
    "test_accessible",
    "test_unplaced_header_footer",
    "test_spreadsheet_programs",
    "test_cli",
    "test_report_docx",
    "test_same_as_xlsxwriter",
    "test_sheet_plan",
)
"""Begun first, so that at the end no process waits for one of them."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    places = {name: place for place, name in enumerate(LONGEST_FILES)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))
    if config.getoption("--long"):
        return
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.skip(reason="takes minutes: run with --long"))


@pytest.fixture
def renew(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--renew"))


@pytest.fixture(scope="session", autouse=True)
def _cache_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the tests, and the commands that they run, off the cache of whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XLFLOW_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield
