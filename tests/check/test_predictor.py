"""What the model says beside the page: of an image that is dropped, pasted or chosen, and which training images are most
similar to one."""

import base64
import io
import json

import pytest
from PIL import Image

import config as cfg
from flow.base import files
from flow.base.errors import NotReady
from flow.check.predictor_service import PredictorService
from flow.check.training_board import TrainingBoard
from flow.models import explanation, model_store
from tests.check.browser import Keys, Page, chromium, keep_screenshot
from tests.check.serving import program, served

FILE = {"Content-Type": "application/octet-stream"}
DROP = """
const [kind, input] = arguments, data = new DataTransfer();
for (const file of input.files) data.items.add(file);
if (kind === "text") data.setData("text/uri-list", "https://example.org/robot.jpg");
const events = kind === "paste" ? [["paste", ClipboardEvent, { clipboardData: data }]]
  : [["dragover", DragEvent, { dataTransfer: data }], ["drop", DragEvent, { dataTransfer: data }]];
return events.map(([name, Event, more]) => {
  const event = new Event(name, { bubbles: true, cancelable: true, ...more });
  document.querySelector("#grid").dispatchEvent(event);
  return event.defaultPrevented;
});
"""


@pytest.fixture
def page(home, tf_files):
    cfg.path_to_tf_files = str(home)
    with served(board=TrainingBoard) as open_page:
        yield open_page


def tried(page, image: bytes, **headers: str) -> tuple[int, dict]:
    status, _, body = page.send("POST", "/api/try", image, **{**page.own_headers(), **FILE, **headers})
    return status, json.loads(body)


def training(home, label: str = "built") -> list:
    return sorted(home.glob(f"training_photos/robots/{label}/*.jpg"))


def images(home) -> set:
    """All but the thumbnails that the page keeps."""
    return {p for p in home.rglob("*.*") if p.suffix in (".jpg", ".png") and "thumb" not in str(p)}


def test_an_image_gets_scores_and_similar_images_and_is_not_kept(page, home):
    photo = training(home)[0]
    before = images(home)
    status, answer = tried(page, photo.read_bytes())
    scores, near = answer["scores"], answer["near"]
    assert status == 200 and scores[0][0] == "built" and abs(sum(score for _, score in scores) - 1) < 1e-5
    assert answer["verdict"].startswith("sure: built" if answer["sure"] else ("unsure: ", "unfamiliar: "))
    assert answer["remark"].startswith("The model was trained on this image")
    assert len(near) == 3 and near[0]["sha256"] == files.sha256_of(photo)
    status, headers, thumb = page.send("GET", f"/thumb/grid/{near[1]['sha256']}", Cookie=page.cookie)
    assert (status, headers["Content-Type"]) == (200, "image/jpeg") and Image.open(io.BytesIO(thumb)).format == "JPEG"
    assert images(home) == before


def test_a_file_that_is_no_image_is_refused_and_the_page_goes_on(page, home):
    for body in (b"", b"<html>", training(home)[0].read_bytes()[:300]):
        status, answer = tried(page, body)
        assert status == 400 and answer["kind"] == "refused" and "cannot be read" in answer["error"]
    assert tried(page, training(home)[0].read_bytes())[0] == 200


def test_only_the_page_itself_may_ask_and_not_for_more_than_a_file_may_have(page, home, monkeypatch):
    photo = training(home)[0].read_bytes()
    assert page.send("POST", "/api/try", photo, **FILE)[0] == 403
    assert (
        page.send("POST", "/api/try", photo, **{**page.own_headers(), **FILE, "Origin": "http://evil.example"})[0]
        == 403
    )
    assert page.send("POST", "/api/try", photo, **{**page.own_headers(), "Content-Type": "image/jpeg"})[0] == 400
    cfg.image_bytes_max = len(photo) - 1
    assert tried(page, photo)[0] == 400
    cfg.image_bytes_max = len(photo)
    assert tried(page, photo)[0] == 200


def test_the_most_similar_training_images_come_without_the_image_itself(page, home):
    sha = files.sha256_of(training(home, "drawn")[2])
    status, answer = page.get(f"/api/near/{sha}")
    assert status == 200 and len(answer["near"]) == 3 and sha not in {near["sha256"] for near in answer["near"]}
    similarities = [near["similarity"] for near in answer["near"]]
    assert similarities == sorted(similarities, reverse=True)
    assert page.get(f"/api/near/{'0' * 64}")[1] == {"near": []}


def explained(page, image: bytes) -> tuple[int, dict]:
    status, _, body = page.send("POST", "/api/why", image, **{**page.own_headers(), **FILE})
    return status, json.loads(body)


def test_an_image_gets_a_map_of_why_and_is_not_kept(page, home):
    photo = training(home)[0]
    before = images(home)
    status, answer = explained(page, photo.read_bytes())
    assert status == 200 and answer["labels"][0] == "built"
    assert answer["sentence"].startswith(
        f"What spoke for built rather than {answer['labels'][1]}: orange spoke for built"
    )
    with Image.open(io.BytesIO(base64.b64decode(answer["image"]))) as mapped, Image.open(photo) as plain:
        assert mapped.width / mapped.height == pytest.approx(plain.width / plain.height, abs=0.02)
    assert images(home) == before
    assert explained(page, b"no image")[0] == 400


def test_an_image_of_the_page_gets_a_map_and_another_does_not(page, home):
    _, view = page.get("/api/view?count=24")
    doubted = view["page"]["images"][0]
    status, answer = page.get(f"/api/why/{doubted['sha256']}")
    assert status == 200
    assert answer["labels"] == [doubted["guess"], doubted["given"]], "why it looks like another label than it has"
    assert page.get(f"/api/why/{'0' * 64}")[0] == 400
    assert page.get("/api/why/x")[0] == 400


def test_a_map_asks_for_the_token_as_a_try_does(page, home):
    photo = training(home)[0].read_bytes()
    assert page.send("POST", "/api/why", photo, **FILE)[0] == 403
    assert page.send("POST", "/api/why", photo, **{**page.own_headers(), "Content-Type": "image/jpeg"})[0] == 400


def test_the_graph_with_maps_is_opened_only_where_a_map_is_asked_for(home, tf_files, monkeypatch):
    cfg.path_to_tf_files = str(home)
    opened = []
    real = explanation.map_reader
    monkeypatch.setattr(explanation, "map_reader", lambda model: opened.append(model.name) or real(model))
    service, photo = PredictorService("robots"), training(home)[0].read_bytes()
    service.predict(photo)
    assert opened == []
    service.explain(photo)
    service.explain(photo)
    assert len(opened) == 1


def test_the_best_model_of_now_answers(home, tf_files):
    cfg.path_to_tf_files = str(home)
    predictor, photo = PredictorService("robots"), training(home)[0].read_bytes()
    assert predictor.predict(photo).label == "built"
    model = model_store.all_models("robots")[0].folder
    model.rename(home / "elsewhere")
    with pytest.raises(NotReady, match="no model for robots yet"):
        predictor.predict(photo)
    assert predictor.near(files.sha256_of(training(home)[0])) == ()
    (home / "elsewhere").rename(model)
    assert predictor.predict(photo).label == "built"


def test_an_image_of_ones_own_in_a_browser(home, tmp_path):
    """Dropped, pasted and chosen; a file that is none, an address, and a page that stays where it is."""
    good, bad = training(home)[0], tmp_path / "notes.jpg"
    bad.write_text("no image")
    with program("robots", "check", "--training", "--tf-files", str(home)) as (_, address), chromium() as browser:
        page = Page(browser)
        page.open(address)
        browser.execute_script(
            "document.body.append(Object.assign(document.createElement('input'), { type: 'file', id: 'mine' }))"
        )
        mine = page.one("#mine")
        mine.send_keys(str(good))
        for kind in ("drop", "paste"):
            assert all(browser.execute_script(DROP, kind, mine)) or kind == "paste"
            page.until(lambda: "sure: " in page.text("#tried-verdict"), "what the model says")
            assert page.text("#tried-scores li:first-child").split()[0] == "built"
            assert page.text("#tried-more").startswith("The model was trained on this image")
            page.until(lambda: len(page.all("#tried-near img")) == 3, "the most similar")
            assert browser.execute_script("return document.getElementById('tried-image').naturalWidth") > 0
            if kind == "drop":
                keep_screenshot(browser, "try_desktop")
                page.press("z")
                page.until(lambda: page.one("#tried-map").is_displayed(), "what the model looked at")
                assert "What spoke for built rather than" in page.text("#tried-words")
                keep_screenshot(browser, "try_why")
                page.press("z")
                assert page.one("#tried-image").is_displayed() and not page.one("#tried-map").is_displayed()
                page.resize(390, 844, touch=True)
                keep_screenshot(browser, "try_phone")
                page.resize(1280, 800)
            page.one("#tried form button").click()
            assert not page.one("#tried").is_displayed() and page.images()
        page.press("?")
        assert browser.switch_to.active_element == page.one("#keys-close")  # ENTER leads back, as ever
        page.press(Keys.ENTER)
        page.until(lambda: not page.one("#keys").is_displayed(), "the images again")
        page.one("#ask").click()  # which says: drop it anywhere on this page
        assert all(browser.execute_script(DROP, "drop", mine))
        page.until(lambda: "sure: " in page.text("#tried-verdict"), "what the model says over the help")
        page.one("#tried form button").click()
        page.one("#ask").click()
        page.one("#choose").send_keys(str(bad))
        page.until(lambda: "cannot be read" in page.text("#tried-more"), "that it is no image")
        assert not page.one("#tried-image").is_displayed()
        page.one("#tried form button").click()
        mine.clear()
        assert all(browser.execute_script(DROP, "text", mine))
        page.wait_for_message("Only files work here")
        assert browser.current_url.startswith(address.split("/?")[0])
        assert [entry for entry in page.problems() if "400" not in entry] == []
