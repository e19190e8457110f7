"""Who is answered, with which headers; and that nothing else gets in."""

import json
import re
import socket
import time

import pytest

from flow.base import paths
from flow.base.errors import RoboError
from flow.check import thumbnails
from flow.check.http_server import serving
from tests.check.serving import served
from tests.faults import hostile, world


@pytest.fixture
def page(root):
    with served() as open_page:
        yield open_page


def view(page) -> dict:
    status, answer = page.get("/api/view?count=24")
    assert status == 200
    return answer


def quarantine_first(shown: dict) -> dict:
    """The change that sets the first image of a page aside."""
    return {"page": shown["id"], "images": [shown["images"][0]["sha256"]], "kind": "aside", "count": 24}


def test_the_first_answer_turns_the_address_into_a_cookie(page):
    status, headers, body = page.send("GET", page.address.split(page.host)[1])
    assert status == 200 and b'<script type="module" src="/page/app.js">' in body
    assert re.fullmatch(r"roboflow_\d+=\S{40,}; Path=/; HttpOnly; SameSite=Strict", headers["Set-Cookie"])
    policy = headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy and "unsafe" not in policy
    assert headers["Cache-Control"] == "no-store" and headers["Referrer-Policy"] == "no-referrer"
    assert page.send("GET", "/", Cookie=page.cookie)[0] == 200


def test_nothing_inline_and_nothing_from_outside(page):
    files = [page.send("GET", "/", Cookie=page.cookie)[2].decode()]
    names = re.findall(r'(?:src|href)="(/page/[^"]+)"', files[0])
    assert len(names) >= 3 and not re.search(r"<style|style=| on\w+=|<script(?! type=\"module\" src)", files[0])
    modules, seen = [name for name in names if name.endswith(".js")], set()
    for name in [*names, *modules]:
        status, _, body = page.send("GET", name, Cookie=page.cookie)
        assert status == 200
        files.append(body.decode())
    while modules:  # what they import, and what that imports
        name = modules.pop()
        text = page.send("GET", name, Cookie=page.cookie)[2].decode()
        files.append(text)
        seen.add(name)
        found = {f"/page/{other}" for other in re.findall(r'from "\./([a-z_]+\.js)"', text)}
        modules += sorted(found - seen - set(modules))
    assert len(seen) > 10
    assert not re.search(r"(?:src|href|from|import|url\()\s*[=\"'(]*\s*(?:https?:)?//", "".join(files))
    assert "innerHTML" not in "".join(files) and "eval(" not in "".join(files)


@pytest.mark.parametrize(
    "spoiled",
    [
        {"Cookie": None},
        {"Cookie": "roboflow_1=x"},
        {"Host": "evil.example"},
        {"Host": None},
        {"Host": "localhost"},
        {"Origin": None},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"X-Roboflow-Token": None},
        {"X-Roboflow-Token": "x"},
        {"Sec-Fetch-Site": "cross-site"},
        {"X-Roboflow-Token": "ü"},
    ],
)
def test_a_change_that_the_page_did_not_make_is_forbidden(page, root, spoiled):
    asked = quarantine_first(view(page)["page"])
    before = world.state(root)
    status, _, _ = page.send("POST", "/api/decide", json.dumps(asked).encode(), **{**page.own_headers(), **spoiled})
    assert status == 403 and world.state(root) == before


def test_the_same_change_by_the_page_itself_is_done(page, root):
    asked = quarantine_first(view(page)["page"])
    before = world.state(root)
    for host in (page.host, page.host.replace("127.0.0.1", "localhost"), page.host.replace("127.0.0.1", "[::1]")):
        headers = {**page.own_headers(), "Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
        assert page.send("POST", "/api/decide", json.dumps(asked).encode(), **headers)[0] == 200
    assert world.state(root) != before


def test_without_the_cookie_nothing_is_seen(page):
    sha = view(page)["page"]["images"][0]["sha256"]
    for path in (
        "/",
        "/?token=x",
        "/page/app.js",
        f"/thumb/grid/{sha}",
        "/api/view?count=4",
        f"/api/image/{sha}",
        "/report/1",
    ):
        status, _, body = page.send("GET", path)
        assert status == 403 and b"RoboFlow run" in body


def test_images_are_asked_for_by_content_only(page, root):
    sha = view(page)["page"]["images"][0]["sha256"]
    for size in thumbnails.SIZES:
        status, headers, body = page.send("GET", f"/thumb/{size}/{sha}", Cookie=page.cookie)
        assert status == 200 and body.startswith(b"\xff\xd8") and "immutable" in headers["Cache-Control"]
    assert (paths.thumbnails() / sha[:2] / f"{sha}_360.jpg").exists()
    assert page.send("GET", f"/thumb/grid/{'0' * 64}", Cookie=page.cookie)[0] == 404
    for path in (
        "/thumb/grid/../../../etc/passwd",
        f"/thumb/huge/{sha}",
        f"/thumb/grid/{sha}/x",
        "/page/../check_page.py",
        "/page/check.html",
        "/page/%2e%2e/check_page.py",
        "//etc/passwd",
        "/api/image/../x",
    ):
        assert page.send("GET", path, Cookie=page.cookie)[0] == 400


def test_a_torn_thumbnail_is_made_again(page):
    sha = view(page)["page"]["images"][0]["sha256"]
    _, _, whole = page.send("GET", f"/thumb/grid/{sha}", Cookie=page.cookie)
    cached = paths.thumbnails() / sha[:2] / f"{sha}_360.jpg"
    cached.write_bytes(whole[:100])
    assert page.send("GET", f"/thumb/grid/{sha}", Cookie=page.cookie)[2] == whole == cached.read_bytes()


def test_a_thousand_hostile_requests_change_nothing(page, root):
    view(page)
    before = world.state(root)
    assert not [wrong for wrong in hostile.problems_with_requests(page, 1000) if wrong]
    assert world.state(root) == before
    assert view(page)["page"]  # and it still answers


def test_names_are_text_whatever_they_say(page, root):
    label = world.training(root) / "<img src=x onerror=alert(1)>"
    label.mkdir()
    answer = view(page)
    assert label.name in answer["labels"]
    shown = answer["page"]
    one = [shown["images"][0]["sha256"]]
    status, after = page.post("decide", page=shown["id"], images=one, kind="label", label=label.name, count=24)
    assert status == 200 and after["page"]["images"][0]["label"] == label.name


def test_details_have_scores_source_and_similar_images(page):
    sha = view(page)["page"]["images"][0]["sha256"]
    _, facts = page.get(f"/api/image/{sha}")
    assert sum(score for _, score in facts["scores"]) == pytest.approx(1, abs=1e-3)
    assert page.get(f"/api/near/{sha}")[0] == 200
    assert page.get(f"/api/image/{'0' * 64}")[0] == 400


def test_harvest_and_retrain_are_started_by_the_page_and_reported(page):
    status, answer = page.post("work", steps=["harvest", "retrain"])
    assert status == 200 and answer["work"]["busy"]
    end = time.monotonic() + 10
    while (work := page.get("/api/work")[1])["busy"] and time.monotonic() < end:
        time.sleep(0.05)
    assert page.done == ["harvest", "retrain"] and [e["line"] for e in work["ended"]] == ["harvested", "retrained"]
    assert page.post("work", steps=["burn"])[0] == 400


def test_done_ends_it_and_says_what_was_done(page):
    shown = view(page)["page"]
    page.post("accept", page=shown["id"], images=[i["sha256"] for i in shown["images"]], later=[], count=24)
    status, answer = page.post("done")
    assert status == 200 and answer["counts"]["kept"] == len(shown["images"])


def test_a_taken_port_is_told_in_a_sentence():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(RoboError, match="cannot be used"), serving(None, taken.getsockname()[1]):
            pass


def test_only_this_machine_is_listened_to(page):
    port = int(page.host.split(":")[1])
    own = socket.gethostbyname(socket.gethostname())
    if own.startswith("127."):
        pytest.skip("this machine has no other address")
    with pytest.raises(OSError), socket.create_connection((own, port), 2):
        pass
