"""Switches of the test run: `--long` runs the minutes-long tests too, `--renew` writes the goldens anew."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("xlflow", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.load_profile("xlflow")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the tests that take minutes as well")
    parser.addoption("--renew", action="store_true", help="write the goldens anew instead of comparing with them")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
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
