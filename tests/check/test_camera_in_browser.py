"""An evening in front of the camera page: a real Chromium, whose camera plays a film of six recordings."""

import contextlib
import time

import numpy as np
import pytest
from PIL import Image

from tests.check.browser import WAIT_S, Page, chromium_with_camera, keep_screenshot, resized
from tests.check.camera_film import hand_held, write_mjpeg
from tests.check.serving import program
from tests.conftest import made_once
from tests.faults import world
from tests.videos import scene, write_video

SMALL = {"ROBOFLOW_RETRAIN_IMGSIZE_DEFAULT": "128", "ROBOFLOW_RETRAIN_STEPS_DEFAULT": "200"}
COLOURS = {"cup": (1.0, 0.8, 0.2), "key": (0.2, 0.8, 1.0)}  # share of red, green and blue
RECORDINGS, SECONDS, SIZE = 3, 5, (480, 360)
# Which scene the camera shows now, by the mark at the side of the frame, outside of the square that is recorded.
SCENE = """
const canvas = document.createElement("canvas"); canvas.width = 48; canvas.height = 36;
const context = canvas.getContext("2d"); context.drawImage(document.querySelector("#video"), 0, 0, 48, 36);
const [red, green] = context.getImageData(2, 18, 1, 1).data;
return [red > 128 ? "cup" : "key", Math.round(green / 100)];
"""
LIGHT = "const it = document.querySelector('#video').srcObject; return it ? it.getVideoTracks()[0].readyState : 'off'"
HIDE = """
Object.defineProperty(document, "hidden", { value: arguments[0], configurable: true });
document.dispatchEvent(new Event("visibilitychange"));
"""


@pytest.fixture(scope="session")
def film(tmp_path_factory):
    """Three recordings of each label in turn, five seconds each, over and over."""

    def make(folder):
        folder.mkdir()
        scenes = []
        for number in range(RECORDINGS):
            for label, shares in COLOURS.items():
                blotches = np.random.default_rng(len(scenes)).integers(0, 256, (6, 6, 3)) * np.array(shares)
                still = Image.fromarray(blotches.astype(np.uint8)).resize((400, 400), Image.Resampling.BICUBIC)
                mark = (255 * (label == "cup"), 100 * number, 0)
                scenes.append(marked(hand_held(still, SECONDS, len(scenes), SIZE, every=3), mark))
        write_mjpeg(folder / "film.mjpeg", scenes, quality=80)

    return made_once(tmp_path_factory, "film", make) / "film.mjpeg"


def marked(frames, mark: tuple[int, int, int]):
    for frame in frames:
        frame.paste(mark, (0, 0, 50, SIZE[1]))
        yield frame


class CameraPage(Page):
    """The camera page in a browser."""

    def open(self, address: str) -> None:
        self.browser.get(address)
        self.until(lambda: self.state("true"), "the page")

    def state(self, expression: str):
        return self.browser.execute_script(
            f"return import('/page/camera_state.js').then(({{ state }}) => {expression})"
        )

    def shown(self, label: str) -> dict:
        return next((row for row in self.state("state.shown") if row["label"] == label), {"images": 0, "recordings": 0})

    def add_label(self, name: str) -> None:
        self.name_label(name)
        self.until(lambda: any(row["label"] == name for row in self.state("state.shown")), name)

    def wait_for_scene(self, label: str, number: int) -> None:
        """Until this scene has just begun."""
        self.until(lambda: self.browser.execute_script(SCENE) != [label, number], "another scene")
        self.until(lambda: self.browser.execute_script(SCENE) == [label, number], f"{label} {number}", 3 * WAIT_S)

    def hold(self, label: str, key: str, images: int = 6) -> None:
        """Hold a label's key while the camera shows it, until there are so many images."""
        before = self.shown(label)["recordings"]
        self.wait_for_scene(label if label in COLOURS else "cup", before)
        self.raw_key(key, f"Digit{key}")
        end = time.monotonic() + 3
        while (self.state("state.hold?.images") or 0) < images and time.monotonic() < end:
            time.sleep(0.02)
        self.raw_key_up(key, f"Digit{key}")
        self.until(lambda: self.shown(label)["recordings"] == before + 1, f"a recording of {label}")


@contextlib.contextmanager
def camera_page(home, film, **how):
    """The program, the browser and its page."""
    with program("things", "camera", "--tf-files", str(home), **SMALL) as (process, address):
        assert address.startswith("http://127.0.0.1:"), process.stderr.read()
        with chromium_with_camera(film, **how) as browser:
            page = CameraPage(browser)
            page.open(address)
            page.process = process
            yield page


@pytest.fixture
def home(small_eyes, tmp_path):
    (tmp_path / "tf_files").mkdir()
    (tmp_path / "tf_files/models").symlink_to(small_eyes)
    return tmp_path / "tf_files"


def test_an_evening_in_front_of_the_camera(home, film):
    with camera_page(home, film) as page:
        page.until(lambda: page.browser.execute_script(LIGHT) == "live", "the camera")
        assert "Name two things" in page.text("#side")
        keep_screenshot(page.browser, "camera_begin")
        for label in COLOURS:
            page.add_label(label)
        for _ in range(2):
            for key, label in enumerate(COLOURS, 1):
                page.hold(label, str(key))
        page.until(lambda: page.state("state.seen?.scores"), "a prediction")
        page.until(lambda: not page.state("state.quality.learning"), "the model")
        assert "Its accuracy is not known yet" in page.text("#side")

        # Bars for recordings that it has not seen
        right = seen = 0
        for label in COLOURS:
            page.wait_for_scene(label, 2)
            time.sleep(0.5)
            for _ in range(10):
                scores = page.state("state.seen.scores")
                seen, right = seen + 1, right + (max(scores, key=scores.__getitem__) == label)
                time.sleep(0.1)
        assert seen == 20 and right >= 16
        assert page.state("state.rate") >= 5  # 35 to 55 a second with all cores busy; tests share them with others
        keep_screenshot(page.browser, "camera_live")

        # Undo, redo, and a look at the last recording
        page.press("u")
        page.until(lambda: page.shown("key")["recordings"] == 1, "undo")
        page.press(("\ue009", "\ue008", "z"))  # ctrl shift z
        page.until(lambda: page.shown("key")["recordings"] == 2, "redo")
        page.press("z")
        page.until(lambda: page.all("#images button"), "the images")
        page.press("\ue00c")  # esc

        for key, label in enumerate(COLOURS, 1):
            page.hold(label, str(key))
        page.until(lambda: "of 6 recordings: accuracy" in page.text("#side"), "the accuracy by recordings")

        # The light goes off with the tab
        page.browser.execute_script(HIDE, True)
        page.until(lambda: page.browser.execute_script(LIGHT) == "off", "the light off")
        page.browser.execute_script(HIDE, False)
        page.until(lambda: page.browser.execute_script(LIGHT) == "live", "the light on")

        # On a phone everything is in reach
        resized(page.browser, 390, 844, True)
        time.sleep(0.5)
        keep_screenshot(page.browser, "camera_phone")
        assert page.browser.execute_script("return document.documentElement.scrollWidth") <= 390
        for selector in ("#video", ".hold", "#new-label", "#train", "#undo", "#done"):
            box = page.one(selector).rect
            assert box["x"] >= 0 and box["x"] + box["width"] <= 391 and box["y"] + box["height"] <= 845, selector
        resized(page.browser, 1280, 800)

        page.one("#train").click()
        page.until(lambda: "A new model." in page.text("#end") or "Not yet." in page.text("#end"), "the training")
        assert "of 6 recordings: accuracy" in page.text("#end"), page.text("#end")
        keep_screenshot(page.browser, "camera_trained")
        next(button for button in page.all("#end button") if button.text == "done").click()
        page.until(lambda: "Done. Thank you." in page.text("#end"), "the end")
        assert page.browser.execute_script(LIGHT) == "off"
        assert page.problems() == []
        out, errors = page.process.communicate(timeout=30)
        assert (page.process.returncode, errors) == (0, "")
        assert "recorded" in out and "in 6 recordings: cup" in out


def test_a_video_that_is_dropped_gives_frames_of_each_shot(home, film, tmp_path):
    video = write_video(tmp_path / "clip.webm", [scene(1, 2, (400, 360)), scene(2, 2, (400, 360))], codec="libvpx")
    (tmp_path / "broken.mp4").write_bytes(b"nonsense" * 100)
    with camera_page(home, film) as page:
        page.add_label("cup")
        for path, words in ((tmp_path / "broken.mp4", "It cannot be decoded here"), (video, "s of film")):
            page.one("#choose").send_keys(str(path))
            page.until(lambda: page.all("#filming-labels button"), "the question")
            next(button for button in page.all("#filming-labels button") if button.text == "cup").click()
            page.until(lambda: page.text("#filming-close") == "Back to the camera", "the end of it")
            assert words in page.text("#filming-words")
            page.press("\ue00c")
        page.until(lambda: page.shown("cup")["recordings"] == 2, "two shots")
        titles = {recording["title"] for recording in page.state("state.recordings")}
        assert titles == {"clip.webm"}
        assert list(home.glob("testing_photos/things/unsorted_camera_*/*.jpg"))


def test_an_unplugged_camera_is_said_and_comes_again(home, film):
    with camera_page(home, film) as page:
        page.until(lambda: page.browser.execute_script(LIGHT) == "live", "the camera")
        track = "document.querySelector('#video').srcObject.getVideoTracks()[0]"
        page.browser.execute_script(f"{track}.dispatchEvent(new Event('ended'))")
        page.until(lambda: "unplugged or taken away" in page.text("#why-dark"), "why it is dark")
        assert page.browser.execute_script(LIGHT) == "off"
        page.one("#again").click()
        page.until(lambda: page.browser.execute_script(LIGHT) == "live", "the camera")


def test_no_camera_is_said_and_what_to_do(home):
    with camera_page(home, None) as page:
        page.until(lambda: "There is no camera here" in page.text("#why-dark"), "why it is dark")
        keep_screenshot(page.browser, "camera_none")
        page.add_label("cup")
        page.press("1")
        page.until(lambda: "The camera is off." in page.text("#message"), "why nothing is recorded")


def test_a_refused_camera_is_said_and_what_to_do(home, film):
    with (
        program("things", "camera", "--tf-files", str(home), **SMALL) as (_, address),
        chromium_with_camera(film, is_asked=True) as browser,
    ):
        setting = {"permission": {"name": "camera"}, "setting": "denied", "origin": address.partition("/?")[0]}
        browser.execute_cdp_cmd("Browser.setPermission", setting)
        page = CameraPage(browser)
        page.open(address)
        page.until(lambda: "The browser did not allow the camera" in page.text("#why-dark"), "why it is dark")
        keep_screenshot(browser, "camera_refused")
        browser.execute_cdp_cmd("Browser.setPermission", {**setting, "setting": "granted"})
        page.one("#again").click()
        page.until(lambda: browser.execute_script(LIGHT) == "live", "the camera")


def test_the_check_page_leads_to_the_camera_and_back(small_eyes, film):
    root = world.fresh(world.to_check)
    if not (root / "models").exists():
        (root / "models").symlink_to(small_eyes)
    with (
        program("robots", "check", "--tf-files", str(root), **SMALL) as (process, address),
        chromium_with_camera(film) as browser,
    ):
        page = CameraPage(browser)
        browser.get(address)
        page.until(lambda: page.all(".tile"), "images to check")
        page.one("#camera").click()
        page.until(lambda: page.all("#video"), "the camera page", 60)
        page.until(lambda: browser.execute_script(LIGHT) == "live", "the camera")
        page.hold("built", "1")
        page.one("#done").click()
        back = "return Boolean(document.querySelector('.tile')) || document.body.textContent.includes('Back from the')"
        page.until(lambda: browser.execute_script(back), "the check page", 60)
        time.sleep(1)  # it stays there, and is not sent to the camera again
        assert browser.current_url == address.partition("?")[0] and process.poll() is None
        assert list(root.glob("testing_photos/robots/unsorted_camera_*/*.jpg"))
