"""Every fault case has tests, and they are there."""

import re
from pathlib import Path

from tests.conftest import LONG
from tests.faults.cases import CASES

HERE = Path(__file__).resolve().parent.parent


def test_all_cases_name_tests_that_exist():
    assert list(CASES) == list(range(1, 44))
    for number, (what, tests) in CASES.items():
        assert what and tests
        for test in tests:
            file, name = test.split("::")
            assert re.search(rf"^def {name}\(", (HERE / file).read_text(encoding="utf-8"), re.MULTILINE), (
                f"{number}: {test}"
            )


def test_the_long_test_files_are_there():
    assert [name for name in LONG if not (HERE / name).is_file()] == []
