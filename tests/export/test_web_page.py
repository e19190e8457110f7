"""What is in the file: one script and one style that the policy names, nothing from elsewhere, hostile words as text."""

import base64
import gzip
import hashlib
import html
import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

import config as cfg
from flow.base.errors import BadUsage, RoboError
from flow.export import step
from flow.export.step import ExportOptions
from flow.export.web import bundle, content, page
from flow.export.web.content import Credit
from flow.models import model_store
from flow.records.open_catalogue import open_catalogue
from tests.export.web_models import NODE, needs_node, small_model
from tests.terminal import run

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    "\u202eright to left \u05d0\u05d1",
    "long " * 40,
    "-->",
    "{{ 7*7 }}",
    "\u0000\ud800 odd",
    "'\"`${x}",
)
HOME = Path(page.__file__).parent


@pytest.fixture(scope="module")
def whole() -> str:
    return page.page_html(small_model(), smaller=False)


def payload_of(text: str) -> dict:
    """The description inside a page."""
    packed = base64.b64decode(re.search(r'id="model">([^<]+)<', text)[1])
    raw = gzip.decompress(packed)
    return json.loads(raw[4 : 4 + int.from_bytes(raw[:4], "little")])


def test_nothing_comes_from_elsewhere(whole):
    outside = re.sub(r'<script type="text/plain".*?</script>|<!--.*?-->', "", whole, flags=re.DOTALL)
    assert (
        not re.findall(r'(?:src|href)="(?!data:)[^"]', outside) and "@import" not in outside and "url(" not in outside
    )
    assert set(re.findall(r"https?://[^\s\"'`)]+", outside)) == set()
    assert not re.search(
        r"\bfetch\(|XMLHttpRequest|WebSocket|sendBeacon|\beval\(|innerHTML|insertAdjacentHTML|document\.write", outside
    )


def test_the_policy_lets_in_this_script_and_this_style_and_nothing_else(whole):
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]+)"', whole)[1])
    for tag, kind in (("script", r' type="module"'), ("style", "")):
        text = re.search(rf"<{tag}{kind}>(.*?)</{tag}>", whole, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'") and "unsafe-inline" not in policy and "connect-src" not in policy
    assert "http" not in policy and whole.index("Content-Security-Policy") < whole.index("<style>")


def test_the_policy_comes_before_what_it_is_for_and_the_script_ends_where_it_should(whole):
    script = bundle.bundled(HOME / "page" / "app.js")
    assert (
        "</" not in script
        and "<!--" not in script
        and "import " not in re.sub(r"//.*|/\*.*?\*/|^ \*.*", "", script, flags=re.M)
    )
    assert whole.count("</script>") == 3


@needs_node
def test_the_modules_make_one_script_without_a_name_twice(tmp_path):
    (tmp_path / "page.mjs").write_text(bundle.bundled(HOME / "page" / "app.js"), encoding="utf-8")
    done = subprocess.run([NODE, "--check", tmp_path / "page.mjs"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@needs_node
def test_the_modules_alone(tmp_path):
    done = subprocess.run([NODE, "--test", Path(__file__).with_name("web.test.mjs")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_a_circle_of_modules_is_found(tmp_path):
    (tmp_path / "a.js").write_text('import { b } from "./b.js";\n')
    (tmp_path / "b.js").write_text('import { a } from "./a.js";\n')
    with pytest.raises(ValueError, match="imports itself"):
        bundle.bundled(tmp_path / "a.js")


@pytest.mark.parametrize("word", HOSTILE)
def test_hostile_words_are_nowhere_but_in_the_payload_and_the_title(word):
    model = replace(
        small_model(labels=(word, "b", "c")),
        title=word,
        credits=(Credit(word, word, word),),
        notices=(word,),
        facts=((word, word),),
        agreement=word,
    )
    text = page.page_html(model, smaller=True)
    assert text.count("<script") == 3 and "alert" not in re.sub(
        r'<title>.*?</title>|<bdi>.*?</bdi>|id="model">[^<]+', "", text
    )
    payload = payload_of(text)
    plain = word.encode("utf-8", "replace").decode()
    assert payload["labels"][0] == plain and payload["credits"][0] == {"text": plain, "licence": plain, "url": plain}


def test_the_files_beside_it(tmp_path):
    model = replace(small_model(), title='tin "robots"', facts=(("Accuracy", "97 % | <b>"),), agreement="It agrees.")
    done = page.write_page(tmp_path, model, smaller=False)
    assert (
        {p.name for p in tmp_path.iterdir()}
        == set(done.files)
        == {"index.html", "sw.js", "manifest.webmanifest", "icon.svg", "README.md"}
    )
    assert done.bytes == (tmp_path / "index.html").stat().st_size
    manifest = json.loads((tmp_path / "manifest.webmanifest").read_text())
    assert manifest["name"] == 'tin "robots"' and (tmp_path / manifest["icons"][0]["src"]).is_file()
    first = (tmp_path / "sw.js").read_text()
    assert "{{" not in first
    page.write_page(tmp_path, replace(model, labels=("a", "b", "c")), smaller=False)
    assert (tmp_path / "sw.js").read_text() != first  # another page, another version
    card = (tmp_path / "README.md").read_text()
    for sentence in (
        "python -m http.server",
        "Previews of attachments run no scripts",
        r"97 % \| \<b\>",
        "It agrees.",
        "16-bit weights",
    ):
        assert sentence in card


@pytest.fixture
def at_home(home, tf_files):
    cfg.path_to_tf_files = str(home)
    return home


def test_a_model_becomes_a_page(at_home, tmp_path):
    home = at_home
    (model,) = model_store.all_models("robots")
    done = run("robots", "export", "--web", "--smaller", "--to", "page", "--tf-files", str(home), cwd=tmp_path)
    assert done.returncode == 0 and "(page " in done.stdout, done.stderr
    text = (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    assert len(text) < 5_000_000
    payload = payload_of(text)
    assert payload["labels"] == ["built", "drawn", "not"] and payload["size"] == 224 and payload["vectorLength"] == 2064
    assert (
        cfg.confidence_min <= payload["confidenceMin"] == model_store.threshold(model) and len(payload["credits"]) == 72
    )
    assert all(credit["licence"] == "CC0 1.0" for credit in payload["credits"])
    assert [term for term, _ in payload["facts"]][:2] == ["Trained on", "Accuracy"] and "Apache License 2.0" in payload[
        "notices"
    ][0]
    again = run("robots", "export", "--web", "--to", "page", "--tf-files", str(home), cwd=tmp_path)
    assert again.returncode == 2 and "ever overwritten" in again.stderr


def test_the_page_of_sixteen_bits_stays_under_nine_megabytes(at_home, tmp_path):
    with open_catalogue("robots") as catalogue:
        done = step.export("robots", ExportOptions(to=tmp_path / "page", web=True), catalogue)
    assert 7_000_000 < done.files["page"] < 9_000_000 and done.folder == tmp_path / "page"


def test_other_networks_are_refused_in_words(at_home, tmp_path):
    model = model_store.all_models("robots")[0]
    facts = json.loads((model.folder / "model.json").read_text())
    facts["backbone"] |= {"architecture": "mobilenet_1.0_224", "title": "mobilenet_1.0_224"}
    (model.folder / "model.json").write_text(json.dumps(facts))
    with (
        open_catalogue("robots") as catalogue,
        pytest.raises(RoboError, match="its backbone is mobilenet_1.0_224") as payload,
    ):
        step.export("robots", ExportOptions(to=tmp_path / "page", web=True), catalogue)
    assert "efficientnet_lite0" in payload.value.hint and not (tmp_path / "page").exists()


def test_training_images_are_no_page(at_home, tmp_path):
    with open_catalogue("robots") as catalogue, pytest.raises(BadUsage, match="--web"):
        step.export("robots", ExportOptions(data=tmp_path / "x", web=True), catalogue)


def test_a_network_that_the_engine_cannot_run_is_refused_before_anything_is_written(tmp_path):
    model = small_model()
    with pytest.raises(content.Unsupported):
        page.write_page(tmp_path, replace(model, layers=model.layers[1:]), smaller=False)
    assert not list(tmp_path.iterdir())
