"""How the person is led to the page."""

import time

from flow.check import launch_page

WAIT_S = 20


def test_the_browser_is_led_in_by_a_file_that_only_its_owner_reads(tmp_path, monkeypatch):
    """The secret stands in no program's arguments."""
    seen, browser, way_in = tmp_path / "seen", tmp_path / "browser", tmp_path / "logs/robots_check.html"
    browser.write_text(
        f'#!/bin/sh\n{{ echo "$@"; stat -c %a {way_in}; cat {way_in}; }} > {seen}.part\nmv {seen}.part {seen}\n'
    )
    browser.chmod(0o755)
    monkeypatch.setattr(launch_page, "IN_CONTAINER", ())
    monkeypatch.setenv("BROWSER", str(browser))
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    with launch_page.launched("http://127.0.0.1:5/?token=secret", way_in, True):
        end = time.monotonic() + WAIT_S
        while not seen.exists() and time.monotonic() < end:
            time.sleep(0.05)
        arguments, mode, *page = seen.read_text().splitlines()
        assert "secret" not in arguments and mode == "600" and "token=secret" in "".join(page)
    assert not way_in.exists()
