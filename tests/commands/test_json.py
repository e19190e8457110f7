"""--json: what a flowstep really writes is what docs/json.md says, field by field and type by type."""

import json
import re

import pytest

from flow.commands.command import all_commands
from tests.fake_twilio import SENDER, SID, TO, TOKEN, FakeTwilio
from tests.faults import world
from tests.faults.runner import run
from tests.terminal import PROJECT, Terminal

PAGE = (PROJECT / "docs/json.md").read_text(encoding="utf-8")
OTHER_PAGES = [(PROJECT / f"docs/{name}.md").read_text(encoding="utf-8") for name in ("camera-and-video", "labels")]
LOOP = ("download", "classify", "classify_top", "retrain", "retrain_defaults", "automatic")
WITH_DRY = ("harvest", "take", "approve", "undo", "forget")
WHOLE = ("backup", "restore", "rename-basetag", "remove")  # flowsteps about a whole basetag share a table


def tables() -> dict[str, dict[str, str]]:
    """Name of a table -> field -> type, as the page has them."""
    found: dict[str, dict[str, str]] = {}
    for block in re.findall(
        r"^\| [\w ]+ \| type \| meaning \|\n(?:\|.*\n)+", "\n".join((PAGE, *OTHER_PAGES)), re.MULTILINE
    ):
        (name, *_), _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines())
        assert name not in found, f"{name} stands there twice"
        found[name] = {field: kind for names, kind, _ in rows for field in re.findall(r"`([^`]+)`", names)}
    for name in WITH_DRY:
        found[name]["dry"] = "true or false"
    found["retrain"].pop("nothing_new")
    found |= dict.fromkeys(WHOLE, found["whole basetag"])
    return found | {
        "said": {"said": "text"},
        "preview": {"said": "text", "folder": "text", "titles": "object", "totals": "integer by source"},
        "nothing new": {"model": "text", "folder": "text", "nothing_new": "true or false"},
    }


TABLES = tables()
PLAIN = {"text": str, "integer": int, "number": (int, float), "true or false": bool, "object": dict}


def wrong(value: object, kind: str, where: str) -> list[str]:
    """What of a value is not as its type says; empty where all is."""
    if kind.endswith(" or null"):
        return [] if value is None else wrong(value, kind.removesuffix(" or null"), where)
    if kind.startswith("list of "):
        if not isinstance(value, list):
            return [f"{where} is no list"]
        return [w for n, one in enumerate(value) for w in wrong(one, kind.removeprefix("list of "), f"{where}[{n}]")]
    if " by " in kind:
        if not isinstance(value, dict):
            return [f"{where} is no object"]
        return [w for name, one in value.items() for w in wrong(one, kind.rpartition(" by ")[0], f"{where}.{name}")]
    if kind in PLAIN:
        fits = isinstance(value, PLAIN[kind]) and (kind == "true or false" or not isinstance(value, bool))
        return [] if fits else [f"{where} is {value!r}, not {kind}"]
    table = TABLES[kind]
    if not isinstance(value, dict) or value.keys() != table.keys():
        return [f"{where} is {value!r:.200}, and {kind} has {sorted(table)}"]
    return [w for name, one in value.items() for w in wrong(one, table[name], f"{where}.{name}")]


def written(root, *arguments: str, code: int = 0, **options) -> dict:
    """What a run with --json writes: one line to stdout, with nothing on stderr where it goes well."""
    done = run(root, *arguments, "--json", **options)
    assert done.code == code and (done.err == "") == (code in (0, 3)), done
    assert len(done.out.splitlines()) == 1
    return json.loads(done.out)


def assert_documented(facts: dict, flowstep: str, **results: str) -> None:
    """A run's JSON is as the page says; `results`: step -> the table that its result follows."""
    fields = {name: kind for name, kind in TABLES["a run"].items() if name not in ("results", "error", "hint")}
    assert facts.keys() == fields.keys() | {"results"} and facts["flowstep"] == flowstep
    assert [w for name, kind in fields.items() for w in wrong(facts[name], kind, name)] == []
    assert facts["results"].keys() == results.keys()
    assert [w for step, table in results.items() for w in wrong(facts["results"][step], table, step)] == []


TRAIN = ("--images-min", "20", "--steps", "10")
SAMPLE = ("--source", "sample")


@pytest.mark.parametrize(
    ("flowstep", "arguments", "steps"),
    [
        ("download", ("5", "art", "download", *SAMPLE), ("download",)),
        ("classify", ("5", "art", "classify", *SAMPLE), ("download", "classify")),
        ("classify_top", ("5", "art", "classify_top", *SAMPLE), ("download", "classify")),
        ("classify_top", ("0", "nowhere", "classify_top"), ("classify",)),
        (
            "retrain",
            ("0", "0", "retrain", "--harvest", *TRAIN, "--architecture", "efficientnet_lite0", "--image-size", "224")
            + ("--test-percent", "16", "--batch-size", "64", "--learning-rate", "0.01"),
            ("harvest", "retrain"),
        ),
        ("retrain_defaults", ("0", "0", "retrain_defaults", *TRAIN), ("retrain",)),
        (
            "automatic",
            ("5", "art", "automatic", "--harvest", *SAMPLE, *TRAIN),
            ("download", "classify", "harvest", "retrain"),
        ),
    ],
)
def test_the_flowsteps_of_the_loop(flowstep, arguments, steps):
    facts = written(world.fresh(world.to_harvest), "robots", *arguments)
    assert_documented(facts, flowstep, **{step: step for step in steps})


def test_the_verdict_has_a_field_of_its_own_and_is_no_warning():
    root = world.fresh(world.with_model)
    result = written(root, "robots", "0", "0", "retrain_defaults", *TRAIN)["results"]["retrain"]
    assert re.match(r"(Better|Worse|Same).* the best so far", result["verdict"])
    assert (
        result["verdict"] not in result["warnings"]
        and result["tips"]
        and not set(result["tips"]) & set(result["warnings"])
    )
    again = written(root, "robots", "0", "0", "retrain_defaults", *TRAIN)
    assert_documented(again, "retrain_defaults", retrain="nothing new")
    assert again["results"]["retrain"]["nothing_new"] is True


def test_some_images_that_fail():
    facts = written(world.fresh(world.to_classify), "robots", "0", "mine", "classify_top", code=3)
    assert_documented(facts, "classify_top", classify="classify")
    assert facts["exit"] == 3 and facts["results"]["classify"]["quarantined"] == 1


@pytest.mark.parametrize("flowstep", ["approve", "harvest"])
def test_what_was_sorted(flowstep):
    root = world.fresh(world.to_harvest)
    for options in (("--dry-run",), (), ()):
        facts = written(root, "robots", flowstep, *options)
        assert_documented(facts, flowstep, **{flowstep: flowstep})
        assert facts["results"][flowstep]["dry"] == bool(options)


def test_undo():
    root = world.fresh(world.to_undo)
    for options in (("--dry-run",), ()):
        assert_documented(written(root, "robots", "undo", *options), "undo", undo="undo")


def test_take(tmp_path):
    root = world.fresh(world.with_model)
    world.put(tmp_path / "drawn", "drawn", range(800, 803))
    world.put(tmp_path / "something_else", "drawn", range(810, 812))
    (tmp_path / "drawn/torn.jpg").write_bytes(world.image_bytes(1)[:200])
    for options in (("--dry-run",), ()):
        facts = written(root, "robots", "take", str(tmp_path), *options)
        assert_documented(facts, "take", take="take")
    assert facts["results"]["take"]["labels"] == {"drawn": 3} and facts["results"]["take"]["other"] == [
        "something_else"
    ]


def test_the_check_page():
    facts = written(world.fresh(world.to_check), "robots", "check", "--no-browser", before="looks_through")
    assert_documented(facts, "check", check="check")
    facts = written(world.fresh(world.to_check), "robots", "check", "--no-browser", before="looks_and_harvests")
    assert_documented(facts, "check", check="check")
    assert len(facts["results"]["check"]["after"]) == 1


def test_models_explore_and_forget():
    root = world.fresh(world.with_model)
    facts = written(root, "robots", "explore", "--steps", "5,6", "--images-min", "20")
    assert_documented(facts, "explore", explore="explore")
    assert facts["results"]["explore"]["effects"]["steps"].keys() == {"5", "6"}
    assert_documented(written(root, "robots", "models"), "models", models="models")
    facts = written(root, "robots", "explore", "--steps", "7,8", "--images-min", "20", "--dry-run")
    assert_documented(facts, "explore", explore="said")
    for options in (("--dry-run",), ()):
        facts = written(root, "robots", "forget", "--keep", "1", *options)
        assert_documented(facts, "forget", forget="forget")
        assert facts["results"]["forget"]["forgotten"]


def test_a_score_of_a_model_that_cannot_be_measured():
    root = world.fresh(world.with_model)
    next(root.rglob("head.npz")).write_bytes(b"PK nothing")
    facts = written(root, "robots", "models")
    assert_documented(facts, "models", models="models")
    score = facts["results"]["models"]["models"][0]
    assert score["share"] is None and score["why"]


def test_try(tmp_path):
    root = world.fresh(world.with_model)
    image = str(next((world.training(root) / "built").iterdir()))
    facts = written(
        root, "robots", "try", image, str(tmp_path / "nowhere.jpg"), "--csv", str(tmp_path / "a.csv"), code=3
    )
    assert_documented(facts, "try", **{"try": "try"})
    one = facts["results"]["try"]["pictures"][0]
    assert one["near"] and all(near.keys() == {"path", "label", "likeness"} for near in one["near"])


def test_export(tmp_path):
    root = world.fresh(world.with_model)
    for options in ((), ("--smaller", "--to", str(tmp_path / "smaller")), ("--data", str(tmp_path / "data"))):
        facts = written(root, "robots", "export", *options)
        assert_documented(facts, "export", export="export")
        result = facts["results"]["export"]
        assert all(one.keys() == {"kind", "right", "total", "same", "looked"} for one in result["compared"])
    assert result["data"].keys() == {"folder", "labels", "images", "unreadable", "twice"}


def test_labels_and_what_changes_them():
    root = world.fresh(world.to_relabel)
    assert_documented(written(root, "robots", "labels"), "labels", labels="labels")
    for words in (("rename", "built", "machine"), ("merge", "machine", "drawn"), ("add", "third")):
        for options in (("--dry-run",), ()):
            table = "said" if words[0] == "add" else "label change"
            assert_documented(written(root, "robots", "labels", *words, *options), "labels", labels=table)
    assert_documented(written(root, "robots", "undo"), "undo", undo="label change")


def test_a_whole_basetag(tmp_path):
    root = world.fresh(world.to_relabel)
    for flowstep, *words in (
        ("backup", str(tmp_path / "robots.zip")),
        ("remove", "--confirm", "robots"),
        ("restore",),
        ("rename-basetag", "machines"),
    ):
        assert_documented(written(root, "robots", flowstep, *words), flowstep, **{flowstep: flowstep})


def test_status(tmp_path):
    assert written(tmp_path, "status") == {}
    for build in (world.beginning, world.to_check, world.to_undo):
        for basetag, facts in written(world.fresh(build), "status").items():
            assert basetag == "robots" and wrong(facts, "status", basetag) == []
    assert facts["next"].keys() == {"title", "command"}
    assert facts["best_by_its_own_test"].keys() == {"name", "value", "low", "high", "total", "since"}
    assert wrong(written_anyhow(tmp_path, "birds", "status")["birds"], "status", "birds") == []


def written_anyhow(root, *arguments) -> dict:
    return json.loads(run(root, *arguments, "--json").out)


def test_a_text_message_that_is_tried():
    with FakeTwilio() as twilio:
        environ = {
            "TWILIO_ACCOUNT_SID": SID,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_PHONE_NUMBER": SENDER,
            "TWILIO_SENDTONUM": TO,
            "ROBOFLOW_TWILIO_BASE_URL": twilio.url,
        }
        facts = written(world.fresh(world.beginning), "robots", "notify_test", environ=environ)
    assert_documented(facts, "notify_test", notify_test="said")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("robots", "5", "art", "classify_top", "--model", "nosuch"), 10),
        (("robots", "5", "art", "classify_top", "--steps", "x"), 2),
        (("birds", "harvest"), 10),
        (("robots", "0", "0", "retrain_defaults", "--images-min", "99"), 10),
    ],
)
def test_an_error(arguments, code):
    facts = written(world.fresh(world.with_model), *arguments, code=code)
    fields = {name: kind for name, kind in TABLES["a run"].items() if name not in ("flowstep", "warnings", "results")}
    assert facts.keys() == fields.keys() | {"results"} and facts["results"] == {} and facts["exit"] == code
    assert [w for name, kind in fields.items() for w in wrong(facts[name], kind, name)] == []


def test_an_error_keeps_the_results_of_the_steps_before():
    root = world.fresh(world.with_model)
    facts = written(root, "robots", "3", "art", "retrain_defaults", *SAMPLE, *TRAIN, code=10, before="fails_to_retrain")
    assert wrong(facts["results"]["download"], "download", "download") == [] and facts["error"] == "Too few images."


def test_a_dry_run_of_the_loop():
    root = world.fresh(world.to_harvest)
    facts = written(root, "robots", "5", "art", "automatic", "--harvest", *SAMPLE, *TRAIN, "--dry-run")
    would = {"download": "preview", "classify": "said", "harvest": "harvest", "retrain": "said"}
    assert_documented(facts, "automatic", **would)


def test_a_dry_run_of_a_search_has_titles():
    from tests import sites
    from tests.servers import Server

    with Server() as server:
        sites.openverse(server, [sites.openverse_row(n, f"http://x.example/{n}.jpg") for n in range(30)])
        environ = {"ROBOFLOW_URL_OPENVERSE": server.base, "ROBOFLOW_ADDRESSES_PRIVATE_ALLOWED": "true"}
        root, search = world.fresh(world.beginning), ("5", "art", "download", "--source", "openverse", "--dry-run")
        facts = written(root, "robots", *search, environ=environ)
    assert_documented(facts, "download", download="preview")
    shown = facts["results"]["download"]
    assert (shown["totals"], len(shown["titles"]["openverse"])) == ({"openverse": 30}, 10)


def test_at_a_terminal_too_it_is_one_line_however_narrow_that_is(tmp_path):
    arguments = ("robots", "2", "art", "download", *SAMPLE, "--json", "--tf-files", str(tmp_path))
    with Terminal(*arguments, columns=44) as t:
        assert t.ended() == 0
    assert_documented(json.loads(t.screen.rstrip().split("\n")[-1]), "download", download="download")


def test_every_flowstep_has_its_table_and_the_page_is_no_book():
    steps = {"download", "classify", "harvest", "retrain"}
    own = {name for name in all_commands() if name not in LOOP and name != "notify_test"}
    others = {"a run", "score", "share", "prediction", "said", "nothing new", "preview"}
    others |= {"label", "label change", "whole basetag"}
    assert TABLES.keys() == steps | own | others
    assert all(f"`{name}`" in PAGE for name in (*LOOP, "notify_test"))
    assert len(PAGE.splitlines()) <= 150


def test_a_field_that_is_not_as_it_should_be_would_be_seen():
    """The comparison of this file, on values that are wrong."""
    share = {"right": 1, "total": 2, "value": 0.5, "low": 0.1, "high": 0.9}
    assert wrong(share, "share", "s") == []
    assert wrong({**share, "more": 1}, "share", "s") and wrong({**share, "right": "1"}, "share", "s")
    assert wrong({**share, "right": True}, "share", "s") and wrong(None, "share", "s")
    assert wrong(None, "share or null", "s") == [] and wrong(["a", 1], "list of text", "t")
    assert wrong({"a": {"b": 1.5}}, "number by value by option", "e") == []
    assert wrong({"a": {"b": "x"}}, "number by value by option", "e")
