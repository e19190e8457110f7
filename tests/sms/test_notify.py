"""Text messages, through the real Twilio client against a server that behaves like Twilio, and misbehaves."""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import config as cfg
from flow.base import runlog
from flow.base.errors import BadUsage, NoCredentials, RoboError, Stopped
from flow.sms import notify, redact, twilio_client
from flow.ui import console
from tests.fake_twilio import FROM_ERRORS, SENDER, SID, TO, TO_ERRORS, TOKEN, FakeTwilio

VALUES = (SID, TOKEN, SENDER, TO)
TEXT = st.text(max_size=400)
NAME = "robots"


@pytest.fixture
def naps(monkeypatch):
    """The pauses asked for; none is made."""
    asked = []
    monkeypatch.setattr(twilio_client, "_sleep", asked.append)
    return asked


@pytest.fixture
def twilio(monkeypatch, tmp_path, naps):
    for name, value in zip(twilio_client.VARIABLES, VALUES, strict=True):
        monkeypatch.setenv(name, value)
    for name in (notify.SIGNATURE, "TWILIO_EDGE", "TWILIO_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(cfg, "path_to_tf_files", str(tmp_path / "tf_files"))
    monkeypatch.setattr(cfg, "twilio_active", True)
    monkeypatch.setattr(cfg, "sms_minsecstonotify", 60)
    monkeypatch.setattr(twilio_client, "TIMEOUT_S", 2.0)
    notify.begin()
    console.setup()
    with FakeTwilio() as server:
        monkeypatch.setattr(cfg, "twilio_base_url", server.url)
        yield server
    runlog.stop()


def classified():
    return notify.classified(NAME, 183, 121, 62, "roboflow.py robots 0 0 check")


def one_warning():
    assert len(console.warnings()) == 1
    line = console.warnings()[0]
    assert "\n" not in line and "\x1b" not in line
    assert not any(value in line for value in VALUES)
    return line


# --- what they say ---


def test_the_four_texts_say_what_happened_the_number_and_what_to_do(twilio):
    assert notify.downloaded(NAME, "200 of 200 'robotart' (14 dupes, 3 bad skipped)", 372.4)
    assert classified()
    assert notify.retrained(NAME, 872, 0.917, 0.904, 240, True)
    assert notify.failed(NAME, "retrain", "disk full")
    assert [form["Body"] for form in twilio.taken] == [
        "robots: downloads done, 200 of 200 'robotart' (14 dupes, 3 bad skipped) in 6m12s. Next: classify them. "
        "boop boop.",
        "robots: sorted 183 images, 121 sure, 62 unsure. Check first: run 'roboflow.py robots 0 0 check'. boop boop.",
        "robots: retrained in 14m32s. Accuracy 91.7 % (was 90.4 %) on 240 images. Now the top model. boop boop.",
        "robots: RETRAIN FAILED - disk full. No images lost, run the same command again. Log: robots.log. boop boop.",
    ]
    assert all((form["To"], form["From"]) == (TO, SENDER) for form in twilio.taken)
    assert console.warnings() == []


def test_a_first_model_an_unmeasured_one_and_one_that_lost(twilio):
    notify.retrained(NAME, 59.6, 0.5, None, 40, True)
    notify.retrained(NAME, 11_100, None, 0.5, 0, False)
    notify.retrained(NAME, 45, 0.4, 0.5, 40, False)
    first, unmeasured, lost = (form["Body"] for form in twilio.taken)
    assert first.startswith("robots: retrained in 1m00s. Accuracy 50.0 % on 40 images")
    assert unmeasured.startswith("robots: retrained in 3h05m. Not measured.")
    assert "40.0 % (was 50.0 %)" in lost and "old top model stays" in lost


def test_signature_ends_the_text_and_is_optional(twilio, monkeypatch):
    monkeypatch.setenv(notify.SIGNATURE, "— “Ada’s” robot")
    assert notify.failed(NAME, "classify", "the model is damaged " * 30)
    body = twilio.taken[0]["Body"]
    assert body.endswith("... No images lost, run the same command again. Log: robots.log. boop boop. — “Ada’s” robot")
    assert body.startswith("robots: CLASSIFY FAILED - the model is damaged") and len(body) <= 300


def test_twilio_is_asked_to_send_quotes_and_dashes_in_the_cheap_alphabet(twilio):
    assert classified() and twilio.taken[0]["SmartEncoded"] == "true"


def test_a_command_is_given_whole_or_not_at_all(twilio):
    command = f"python roboflow.py {'x' * 64} 0 0 harvest --harvest-unchecked yes"
    assert notify.classified("x" * 64, 1, 1, 0, command) and notify.classified("y", 1, 1, 0, command + " z" * 60)
    assert f"Check first: run '{command}'. boop boop." in twilio.taken[0]["Body"]
    assert twilio.taken[1]["Body"].endswith("1 sure, 0 unsure. Look through the sorted folder first. boop boop.")


def test_names_of_every_script(twilio):
    assert notify.classified("日本", 3, 2, 1, "roboflow.py 日本 0 0 check")
    assert notify.failed("\u202e\x1b", "classify", "x")
    assert twilio.taken[0]["Body"].startswith("日本: sorted 3 images") and "日本 0 0 check" in twilio.taken[0]["Body"]
    assert twilio.taken[1]["Body"].startswith("RoboFlow: ") and "log" not in twilio.taken[1]["Body"].lower()


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("cannot write /home/ada/photos/cat.jpg, really", "cannot write cat.jpg, really"),
        ("cannot read '/mnt/my photos/a b.jpg'", "cannot read 'a b.jpg'"),
        ("C:\\Users\\ada\\cat.jpg and ~/.ssh/id_rsa", "cat.jpg and id_rsa"),
        ("see https://user:pass@api.example.org/x?key=1 now", "see a web address now"),
        ("api.openverse.org:443 and db.local refused", "a site and a site refused"),
        ("10.1.2.3:80 and fe80::1 and 2001:db8:0:0:1:2:3:4 at 09:59:59", "a site and a site and a site at 09:59:59"),
        ("ask ada@example.org", "ask a site"),
        ("robots.log says 1.5GB, 91.7% and/or 3/4 in mobilenet_1.0_224", None),
    ],
)
def test_no_path_address_or_host_in_a_text(raw, shown):
    assert redact.redact(raw) == (shown or raw)


def test_own_folders_with_blanks_and_own_machine_are_not_named(twilio, monkeypatch, tmp_path):
    monkeypatch.setattr(cfg, "path_to_tf_files", str(tmp_path / "Ada L" / "tf files"))
    monkeypatch.setattr(notify.socket, "gethostname", lambda: "adas-box")
    assert notify.failed(NAME, "download", f"adas-box: {tmp_path}/Ada L/tf files/logs/x.log, not adas-boxer")
    assert "FAILED - this machine: logs/x.log, not adas-boxer." in twilio.taken[0]["Body"]


# --- short, on one line ---


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("boop 🤖\u200b\u202e!\n\tok", "boop 🤖! ok"),
        ("\x1b[31mred", "[31mred"),
        ("\ud800x\0y", "xy"),
        ("\x1b 0", "0"),
        ("", ""),
    ],
)
def test_one_line_holds_no_invisible_characters(raw, shown):
    assert redact.one_line(raw) == shown


def test_a_secret_in_pieces_is_hidden_too(twilio):
    assert notify.failed(NAME, "download", f"who told you {TOKEN[:4]}\u200b{TOKEN[4:]}?")
    assert "who told you [hidden]?" in twilio.taken[0]["Body"]


@settings(max_examples=300, deadline=None)
@given(name=TEXT, reason=TEXT, step=TEXT, signature=st.text(st.characters(exclude_characters="\0", codec="utf-8")))
@example("[" * 64, "€" * 400, "retrain", "~" * 50)
@example("x" * 64, "`’🤖" * 50, "download", "")
def test_every_text_is_short_and_on_one_line(name, reason, step, signature):
    texts = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(notify.SIGNATURE, signature)
        patch.setattr(cfg, "twilio_active", True)
        patch.setattr(notify, "TEXTS_MAX", 100)
        patch.setattr(notify, "_reported_lately", lambda key: False)
        patch.setattr(notify, "_remember", lambda key: None)
        patch.setattr(twilio_client, "send", texts.append)
        notify.begin()
        notify.downloaded(name, reason, 1e6)
        notify.classified(name, 10**9, 10**9, 10**9, reason)
        notify.retrained(name, 1e9, 0.5, 0.25, 10**9, False)
        notify.failed(name, step, reason)
    assert len(texts) == 4
    for text in texts:
        assert len(text) <= 300 and text == text.strip() and text.isprintable()
    ending = redact.cut(redact.one_line(signature), notify.SIGNATURE_MAX).strip()
    assert all(text.endswith(ending) for text in texts)
    assert "No images lost, run the same command again." in texts[3]


@given(TEXT, st.integers(4, 200))
def test_cut_never_takes_more_than_its_limit(text, limit):
    short = redact.cut(text, limit)
    assert len(short) <= limit and (short == text or (short.endswith("...") and text.startswith(short[:-3])))


# --- when they are sent ---


def test_nothing_happens_unless_switched_on(twilio, monkeypatch):
    monkeypatch.setattr(cfg, "twilio_active", False)
    monkeypatch.delenv(twilio_client.VARIABLES[0])
    assert not any(
        [
            notify.downloaded(NAME, "1 of 1", 1e5),
            classified(),
            notify.failed(NAME, "x", "y"),
            notify.retrained(NAME, 1, 0.5, None, 2, True),
        ]
    )
    assert twilio.posts == 0 and console.warnings() == []


def test_short_downloads_send_nothing(twilio):
    assert not notify.downloaded(NAME, "1 of 1", 59.9)
    assert twilio.posts == 0
    assert notify.downloaded(NAME, "1 of 1", 60.0)


def test_a_run_sends_a_few_texts_and_still_reports_a_failure(twilio):
    assert [classified() for _ in range(6)] == [True] * 4 + [False] * 2
    assert notify.failed(NAME, "retrain", "disk full") and not notify.failed(NAME, "retrain", "something else")
    notify.begin()
    assert classified() and len(twilio.taken) == 6 and console.warnings() == []


def test_the_same_failure_is_reported_once_in_six_hours(twilio, monkeypatch):
    now = [1_800_000_000.0]
    monkeypatch.setattr(notify, "_now", lambda: now[0])
    sent = []

    def again(reason="disk full: 31 MB free", name=NAME, step="retrain"):
        notify.begin()
        sent.append(notify.failed(name, step, reason))

    again()
    again()
    again("disk full: 29 MB free")  # the same but for a figure
    assert sent == [True, False, False]
    again("no network")
    again(name="cats")
    again(step="classify")
    assert sent[3:] == [True] * 3
    now[0] += 6 * 3600 - 1
    again()
    now[0] += 1
    again()
    assert sent[6:] == [False, True]
    now[0] -= 86_400  # the clock is set back a day
    again()
    again()
    assert sent[8:] == [True, False]


def test_a_failure_twilio_did_not_take_is_reported_next_time(twilio):
    twilio.faults = ["400"]
    assert [notify.failed(NAME, "retrain", "disk full") for _ in range(3)] == [False, True, False]


@pytest.mark.parametrize(
    "content", [b"", b"[1]", b"{", b'{"a": "x"}', b"\xff", b"[" * 100_000, b"null", b'{"a": 1e999}']
)
def test_a_damaged_record_of_failures_stops_nothing(twilio, tmp_path, content):
    path = tmp_path / "tf_files" / "logs" / "notified.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert notify.failed(NAME, "retrain", "disk full") and not notify.failed(NAME, "retrain", "disk full")
    assert "robots" not in path.read_text() and len(json.loads(path.read_text())) == 1


def test_a_record_that_cannot_be_written_stops_nothing(twilio, tmp_path):
    (tmp_path / "tf_files").write_text("a file where the folder should be")
    assert notify.failed(NAME, "retrain", "disk full") and console.warnings() == []


# --- errors: one warning, nothing else ---


@pytest.mark.parametrize("number", sorted(FROM_ERRORS))
def test_magic_senders(twilio, monkeypatch, number):
    monkeypatch.setenv("TWILIO_PHONE_NUMBER", number)
    status, code, _ = FROM_ERRORS[number]
    assert not classified()
    assert (
        f"error {code}" in one_warning() and twilio_client.ADVICE[code] in one_warning() and number not in one_warning()
    )
    assert twilio.posts == (2 if status == 429 else 1)


@pytest.mark.parametrize("number", sorted(TO_ERRORS))
def test_magic_receivers(twilio, monkeypatch, number):
    monkeypatch.setenv("TWILIO_SENDTONUM", number)
    code = TO_ERRORS[number][1]
    assert not classified()
    assert (
        f"error {code}" in one_warning() and twilio_client.ADVICE[code] in one_warning() and number not in one_warning()
    )
    assert twilio.posts == 1


def test_wrong_password(twilio, monkeypatch):
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "not-the-token")
    assert not classified()
    assert "error 20003" in one_warning() and twilio.posts == 1


@pytest.mark.parametrize("fault", ["429", "500", "503", "5xx html", "drop"])
def test_a_passing_error_is_tried_again_once_after_two_seconds(twilio, naps, fault):
    twilio.faults = [fault]
    assert classified() and console.warnings() == []
    assert twilio.posts == 2 and naps == [2.0] and len(twilio.taken) == 1


@pytest.mark.parametrize("fault", ["429", "500", "503", "5xx html", "drop"])
def test_a_lasting_error_is_one_warning_after_two_tries(twilio, fault):
    twilio.faults = [fault] * 5
    assert not classified()
    assert one_warning().startswith("No text message was sent: Twilio") and twilio.posts == 2


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("400", "HTTP status 400"),
        ("404", "HTTP status 404"),
        ("html", "not Twilio's"),
        ("empty object", "not Twilio's"),
        ("list", "not Twilio's"),
        ("redirect", "HTTP status 302"),
        ("problem+json", "error 29999"),
        ("401", "TWILIO_AUTH_TOKEN"),
    ],
)
def test_an_error_that_will_not_pass_is_not_tried_again(twilio, naps, fault, message):
    twilio.faults = [fault]
    assert not classified()
    assert message in one_warning() and twilio.posts == 1 and naps == []


@pytest.mark.parametrize("fault", ["hang", "half", "stall"])
def test_a_server_that_hangs_is_not_asked_twice_because_the_text_may_have_gone(twilio, monkeypatch, fault):
    monkeypatch.setattr(twilio_client, "TIMEOUT_S", 0.2)
    twilio.faults = [fault]
    start = time.monotonic()
    assert not classified()
    assert time.monotonic() - start < 15 and twilio.posts == 1  # the server hangs for 30 s
    one_warning()


def test_a_server_that_drips_is_left_when_the_budget_is_spent(twilio, monkeypatch):
    monkeypatch.setattr(twilio_client, "BUDGET_S", 0.6)
    twilio.faults = ["drip"]
    start = time.monotonic()
    assert not classified()
    assert 0.5 < time.monotonic() - start < 15
    assert "did not answer in time" in one_warning()


def test_a_server_that_cannot_be_reached(twilio, monkeypatch, naps):
    monkeypatch.setattr(cfg, "twilio_base_url", "http://127.0.0.1:9")
    assert not classified()
    assert "could not be reached" in one_warning() and naps == [2.0]


def test_no_second_try_where_the_budget_is_spent(twilio, monkeypatch, naps):
    ticks = iter(range(0, 1000, 12))  # each time the clock is read it is 12 s later
    monkeypatch.setattr(twilio_client, "_clock", lambda: float(next(ticks)))
    twilio.faults = ["500"]
    assert not classified()
    assert naps == [] and twilio.posts == 1


def test_the_limits_are_the_promised_ones():
    assert (
        twilio_client.BUDGET_S == 25
        and twilio_client.TIMEOUT_S * 2 + twilio_client.RETRY_PAUSE_S < twilio_client.BUDGET_S
        and twilio_client.FOLLOW_S == 15
    )


def test_missing_variables_are_named_once_a_run(twilio, monkeypatch):
    monkeypatch.delenv("TWILIO_AUTH_TOKEN")
    monkeypatch.setenv("TWILIO_SENDTONUM", "  ")
    assert not classified() and not classified() and not notify.failed(NAME, "x", "y")
    assert "TWILIO_AUTH_TOKEN and TWILIO_SENDTONUM are not set" in one_warning()
    assert twilio.posts == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "http://10.0.0.1",
        "http://127.0.0.1@example.com",
        "http://example.com\\@127.0.0.1",
        "http://0.0.0.0",
        "http://127.0.0.1.example.com",
        "ftp://127.0.0.1",
        "127.0.0.1",
        "http://127.0.0.1:99999",
        "http://127.0.0.1/x",
        "http://[::1",
    ],
)
def test_only_this_machine_may_stand_in_for_twilio(twilio, monkeypatch, url):
    monkeypatch.setattr(cfg, "twilio_base_url", url)
    assert not classified()
    assert "not an address of this machine" in one_warning()
    with pytest.raises(BadUsage):
        notify.test(NAME)


@pytest.mark.parametrize(
    ("url", "used"), [("http://localhost:80", "http://127.0.0.1:80"), ("http://[::1]:80/", "http://[::1]:80"), ("", "")]
)
def test_base_urls_of_this_machine(url, used):
    assert twilio_client._own_machine(url) == used


def test_neither_proxy_nor_region_leads_away_from_this_machine(twilio, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("TWILIO_REGION", "ie1")
    monkeypatch.setenv("TWILIO_EDGE", "dublin")
    assert classified()


def test_without_an_address_of_our_own_it_is_twilios(twilio, monkeypatch):
    monkeypatch.setattr(cfg, "twilio_base_url", "")
    client = twilio_client._client(twilio_client._account())
    assert client.api.base_url == "https://api.twilio.com" and client.http_client.timeout == twilio_client.TIMEOUT_S


@pytest.mark.parametrize("value", ["AC12/../x", "AC1?x", "tök", "a\nb"])
def test_a_strange_account_never_leaves(twilio, monkeypatch, value):
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", value)
    assert not classified()
    assert "TWILIO_ACCOUNT_SID holds characters" in one_warning() and twilio.posts == 0


@pytest.mark.parametrize(
    "call",
    [
        lambda: notify.downloaded(None, None, None),
        lambda: notify.classified(None, "x", [], {}, 5),
        lambda: notify.retrained(NAME, "long", "good", "bad", "many", "yes"),
        lambda: notify.failed(5, None, None),
        lambda: notify.failed("\ud800\0", "\n", "\ud800" * 500),
    ],
)
def test_nonsense_is_never_an_error(twilio, call):
    call()
    assert len(console.warnings()) <= 1


def test_a_warning_that_cannot_be_shown_is_no_error(twilio, monkeypatch):
    def broken(_):
        raise BrokenPipeError

    monkeypatch.setattr(console, "warn", broken)
    twilio.faults = ["400"]
    assert not classified()


def test_without_the_package(twilio, monkeypatch):
    monkeypatch.setitem(sys.modules, "twilio.rest", None)
    assert not classified()
    assert "twilio package is missing" in one_warning()


@pytest.mark.parametrize("kind", [KeyboardInterrupt, Stopped])
def test_ctrl_c_works_while_the_server_hangs(twilio, kind):
    def stop(*_):
        raise Stopped(143, "SIGTERM") if kind is Stopped else KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, stop)
    twilio.faults = ["hang"]
    twilio_client._client(twilio_client._account())  # imports done, so that the signal meets the wait
    start = time.monotonic()
    threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGUSR1)).start()
    try:
        with pytest.raises(kind):
            classified()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert time.monotonic() - start < 15 and twilio.posts == 1


# --- notify_test ---


def test_a_test_message_is_followed_until_it_arrives(twilio, naps):
    twilio.life = [("queued", None), ("sending", None), ("sent", None), ("delivered", None)]
    sentence = notify.test(NAME)
    assert "Status: delivered, no error." in sentence and "twilio_active" not in sentence
    assert twilio.status_requests == 4
    assert twilio.taken[0]["Body"] == "robots: this is a test, text messages work. Nothing to do. boop boop."


def test_a_blocked_test_message_names_the_code_and_what_to_do(twilio):
    twilio.life = [("queued", None), ("undelivered", 30034)]
    assert "Status: undelivered, error code 30034. " + twilio_client.ADVICE[30034] in notify.test(NAME)
    twilio.life, twilio.status_requests = [("failed", 31999)], 0
    assert "Status: failed, error code 31999. Look the code up" in notify.test(NAME)


def test_following_ends_after_fifteen_seconds(twilio, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(twilio_client, "_clock", lambda: now[0])
    monkeypatch.setattr(twilio_client, "_sleep", lambda pause: now.__setitem__(0, now[0] + pause))
    twilio.life = [("queued", None), ("sent", None)]
    assert "Status after 15 s: sent, no error code so far." in notify.test(NAME)
    assert now[0] == 15 and twilio.status_requests == 10


def test_a_last_request_that_is_too_short_does_not_lose_the_status(twilio, monkeypatch):
    faults = iter((None, "drip"))
    monkeypatch.setattr(twilio_client, "FOLLOW_S", 2.0)
    monkeypatch.setattr(twilio_client, "_sleep", lambda pause: setattr(twilio, "get_fault", next(faults)))
    twilio.life = [("sent", None)]
    assert "Status after 2 s: sent, no error code so far." in notify.test(NAME)


def test_following_survives_errors(twilio, monkeypatch):
    twilio.get_fault = "test credentials"
    assert "Twilio took it" in notify.test(NAME) and "test credentials" in notify.test(NAME)
    twilio.get_fault = "html"
    assert "does not tell its status" in notify.test(NAME)
    monkeypatch.setattr(twilio_client, "FOLLOW_S", 1.0)
    twilio.get_fault = "503"
    assert "queued, no error code so far" in notify.test(NAME)
    twilio.get_fault = "drip"
    assert "did not answer in time" in notify.test(NAME)


def test_the_test_works_switched_off_and_says_so(twilio, monkeypatch):
    monkeypatch.setattr(cfg, "twilio_active", False)
    assert "twilio_active is False" in notify.test(NAME) and len(twilio.taken) == 1


def test_the_test_may_fail(twilio, monkeypatch):
    twilio.faults = ["500", "500"]
    with pytest.raises(RoboError, match="was not sent: Twilio refused it .HTTP status 500") as caught:
        notify.test(NAME)
    assert caught.value.code == 1 and caught.value.__context__ is None
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "another")
    with pytest.raises(NoCredentials, match="20003"):
        notify.test(NAME)
    for name in twilio_client.VARIABLES:
        monkeypatch.delenv(name)
    with pytest.raises(NoCredentials) as caught:
        notify.test(NAME)
    assert caught.value.code == 12 and all(name in caught.value.message for name in twilio_client.VARIABLES)


# --- secrets ---


@pytest.mark.parametrize("fault", ["", "tells all", "html", "drop", "500"])
def test_no_secret_in_log_warning_text_or_record(twilio, tmp_path, caplog, capsys, fault):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("twilio.http_client").setLevel(logging.DEBUG)
    runlog.start(tmp_path / "tf_files" / "logs" / "robots.log", "run1")
    twilio.faults = [fault, fault] if fault else []
    reason = f"login {SID} with {TOKEN} from {SENDER} to {TO} refused"
    notify.failed(NAME, "download", reason)
    twilio.faults = [fault, fault] if fault else []
    try:
        sentence = notify.test(NAME)
    except RoboError as problem:
        sentence = f"{problem.message} {problem.hint}"
    runlog.stop()
    shown = capsys.readouterr()
    everything = [path.read_text() for path in (tmp_path / "tf_files").rglob("*") if path.is_file()]
    everything += [form["Body"] for form in twilio.sent]
    everything += [shown.out, shown.err, sentence, *console.warnings(), caplog.text]
    everything += [str(record.args) + str(record.msg) for record in caplog.records]
    for value in (*VALUES, "tok3n%2Fvery", SID[2:], TO[1:]):
        assert not any(value in text for text in everything), value
    assert len(everything) > 5 and (fault or "FAILED - login [hidden] with [hidden]" in twilio.taken[0]["Body"])


def test_credentials_with_blanks_around_them_work_and_stay_hidden(twilio, monkeypatch):
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", f" {TOKEN}\n")
    assert notify.failed(NAME, "download", f"who told you {TOKEN}?")
    assert TOKEN not in twilio.taken[0]["Body"]


def test_importing_loads_neither_the_client_nor_anything_slow():
    code = "import sys, flow.sms.notify; sys.exit(any(m in sys.modules for m in ('twilio', 'requests', 'tensorflow')))"
    assert (
        subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent.parent.parent, timeout=60).returncode
        == 0
    )
