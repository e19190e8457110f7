"""`make pictures`: the pictures of README.md and docs/, made anew by the running program from robots that it draws.

A first evening is played: the guide in a pseudo-terminal, the check page in Chromium, a first model, its report, and
the page that `export --web` writes. Each picture is a WebP file in docs/pictures.
"""

import csv
import html
import io
import shutil
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from flow.base import files
from tests.check.browser import Keys, Page, chromium, resized
from tests.terminal import PROJECT, Terminal

FOLDER = PROJECT / "docs/pictures"
SIZE = (1440, 900)  # pixels of a desktop's window
KB_MAX = 600  # of all pictures together
QUALITY = 82  # of WebP, 0..100
IMAGES = 160  # robots drawn for the evening
DECISIONS = 70  # made before the first model is trained
FULL = 18  # images of a page that is worth a picture
PATIENCE_S = 300
IS_TRAINED = "return document.querySelector('#end h2')?.textContent === 'A new model.'"
TERMINAL = """<!doctype html><meta charset="utf-8"><style>
body { margin: 0; padding: 16px; background: #e7e5df; display: inline-block; }
div { background: #14171b; border-radius: 8px; padding: 10px 18px 16px; box-shadow: 0 4px 14px rgb(0 0 0 / .3); }
p { margin: 0 0 8px; color: #8a929b; font: 13px sans-serif; text-align: center; }
pre { margin: 0; color: #dfe3e8; font: 15px/1.35 "DejaVu Sans Mono", monospace; }
b { color: #7fc4ff; font-weight: normal; } i { color: #8ddc9b; font-style: normal; }
</style><div><p>Terminal</p><pre>%s</pre></div>"""


def main() -> int:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="robo") as home, chromium(*SIZE) as browser:
        program = copied(Path(home) / "roboflow")
        play(browser, home, program, program.parent / "tf_files")
    kb = {path.name: path.stat().st_size // 1000 for path in sorted(FOLDER.glob("*.webp"))}
    print(f"{kb}, {sum(kb.values())} kB together")
    return 0 if sum(kb.values()) < KB_MAX else 1


def copied(folder: Path) -> Path:
    """The program in a folder of its own, as after `git clone`, so that what it prints is what a beginner reads."""
    for name in ("flow", "scripts"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "tf_files/models").mkdir(parents=True)
    for name in ("roboflow.py", "config.py", "LICENSE", "tf_files/models/efficientnet_lite0.md"):
        shutil.copy(PROJECT / name, folder / name)
    return folder / "roboflow.py"


def terminal(program: Path, *arguments: str) -> Terminal:
    return Terminal(columns=88, rows=60, command=[sys.executable, str(program), *arguments])


def play(browser, home: str, program: Path, data: Path) -> None:
    """The evening, from the first question to the page for a phone."""
    with terminal(program) as t:
        address = answer_the_guide(t, browser, home)
        page, truth = Page(browser), kinds(data)
        page.open(address)
        teach(page, truth)
        check(page, truth)
        page.press(Keys.ENTER)
        until(lambda: page.browser.execute_script(IS_TRAINED), "the second model")
        page.wait_until_seen()
        page.press(Keys.ENTER)
        t.ended(PATIENCE_S)
    newest = max((data / "training_summaries/robots").iterdir(), key=lambda folder: folder.stat().st_mtime)
    resized(browser, *SIZE)
    browser.get((newest / "report.html").as_uri())
    keep(browser.get_screenshot_as_png(), "report")
    with terminal(program, "robots", "60", "rusty", "--source", "sample") as t:
        for question, answer in (("Sort with which model?", ""), ("ENTER opens the page", "q")):
            t.expect(question, PATIENCE_S)
            t.settle()
            t.type(answer)
        t.ended(PATIENCE_S)
        keep_terminal(browser, ["$ python roboflow.py robots 60 rusty --source sample", *t.shown()], home, "terminal")
    show_exported(browser, program, next((data / "testing_photos/robots").glob("sorted_*/drawn/rusty*")))


def answer_the_guide(t: Terminal, browser, home: str) -> str:
    """Begin as one who has nothing yet; the address of the check page."""
    for question, answer in (
        ("robots or birds?", ""),
        ("Where from?", "sample"),
        ("Which labels", ""),
        ("How many new images", str(IMAGES)),
        ("searchtag", "robotart"),
        ("ENTER starts", ""),
    ):
        t.expect(question)
        t.settle()
        t.type(answer)
    t.expect("ENTER opens the page", PATIENCE_S)
    t.settle()
    keep_terminal(browser, ["$ python roboflow.py", *t.shown()], home, "guide")
    t.type("")
    t.expect("http://127.0.0.1", PATIENCE_S)
    t.settle()
    return next(word for word in reversed(t.screen.split()) if word.startswith("http://127.0.0.1"))


def kinds(data: Path) -> dict[str, str]:
    """Content hash -> what was drawn, as the credits of the images say it."""
    folder = data / "testing_photos/robots/unsorted_robotart"
    with open(folder / "CREDITS.csv", encoding="utf-8", newline="") as rows:
        kind_of = {row["file"]: row["title"].rpartition("(")[2].rstrip(")") for row in csv.DictReader(rows)}
    return {files.sha256_of(folder / name): kind for name, kind in kind_of.items()}


def teach(page: Page, truth: dict[str, str]) -> None:
    """Label pages of images until there are enough for a first model, and train it."""
    shot = False
    while page.images() and page.state("state.progress.labeling.decisions") < DECISIONS:
        page.wait_until_seen()
        before = page.id()
        wrong = [n for n, image in enumerate(page.images()) if image["guess"] != truth[image["sha256"]]]
        for n in wrong[:-1]:
            page.press_label(truth, n)
        page.until(lambda: page.state("state.progress.labeling.measuring") is False, "the accuracy")
        if not shot and page.text("#left").startswith("Accuracy") and "not" not in page.text("#left"):
            shot = keep(page.browser.get_screenshot_as_png(), "teach")
        for n in wrong[-1:]:
            page.press_label(truth, n)
        if page.state(f"state.page.id === {before!r} && !state.locked"):  # else the last label leads on
            page.accept()
    page.wait_until_seen()
    page.press((Keys.CONTROL, Keys.ENTER))
    until(lambda: "train a model" in page.text("#end"), "the end of the labelling")
    page.wait_until_seen()
    page.press(Keys.ENTER)
    until(lambda: "check what it sorted" in page.text("#end"), "the sorting")
    page.wait_until_seen()
    page.press(Keys.ENTER)
    until(lambda: page.all(".tile") and not page.state("state.covered"), "what it sorted")
    page.wait_until_seen()


def check(page: Page, truth: dict[str, str]) -> None:
    """Correct what the model sorted, page by page, to the end."""
    is_large = is_full = False
    while page.images():
        page.wait_until_seen()
        wrong = [n for n, image in enumerate(page.images()) if image["guess"] != truth[image["sha256"]]]
        if not is_large and wrong and page.state("state.page.kind") == "unsure":
            page.all(".tile")[wrong[0]].click()
            page.press("z")
            page.until(lambda: page.all("#scores li") and page.all("#near li img"), "scores and similar images")
            time.sleep(0.5)
            is_large = keep(page.browser.get_screenshot_as_png(), "large")
            page.press("z")
        for n in wrong[:-1]:
            page.press_label(truth, n)
        if not is_full and wrong and len(page.images()) >= FULL:
            page.all(".tile")[wrong[-1]].click()
            time.sleep(0.5)
            is_full = keep(page.browser.get_screenshot_as_png(), "check")
        for n in wrong[-1:]:
            page.press_label(truth, n)
        page.accept()
    page.until(lambda: page.all("#end button"), "the end")
    page.wait_until_seen()


def show_exported(browser, program: Path, image: Path) -> None:
    """The page of `export --web` with an image that it was given."""
    folder = program.parent / "to_go"
    with terminal(program, "robots", "export", "--web", "--to", str(folder)) as t:
        t.ended(PATIENCE_S)
    resized(browser, 1000, 700)
    browser.get((folder / "index.html").as_uri())
    until(lambda: browser.execute_script("return document.documentElement.dataset.ready") == "yes", "the model")
    browser.find_element("css selector", "#choose").send_keys(str(image))
    time.sleep(3)
    keep(browser.get_screenshot_as_png(), "web")


def until(true, what: str) -> None:
    """Wait for what takes as long as a training."""
    end = time.monotonic() + PATIENCE_S
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} never came")
        time.sleep(0.2)


def keep_terminal(browser, lines: list[str], home: str, name: str) -> None:
    """A transcript as a terminal shows it; the folder that stands for the home is written as ~."""
    text = html.escape("\n".join(lines).rstrip().replace(home, "~").replace("\a", ""))
    marked = "\n".join(coloured(line) for line in text.split("\n"))
    with tempfile.NamedTemporaryFile("w", suffix=".html", encoding="utf-8") as page:
        page.write(TERMINAL % marked)
        page.flush()
        browser.get(Path(page.name).as_uri())
        keep(browser.find_element("css selector", "body").screenshot_as_png, name, is_text=True)


def coloured(line: str) -> str:
    """What was typed in one colour, what the robot says in another."""
    if line.startswith("$ "):
        return f"<i>{line}</i>"
    question, mark, answer = line.partition(" &gt; ")
    if mark:
        return f"{question}{mark}<i>{answer}</i>"
    return f"<b>{line}</b>" if line.startswith(("boop boop", "next:")) or "[o_o]" in line else line


def keep(png: bytes, name: str, is_text: bool = False) -> bool:
    image = Image.open(io.BytesIO(png)).convert("RGB")
    image.save(FOLDER / f"{name}.webp", quality=QUALITY, method=6, lossless=is_text)
    return True


if __name__ == "__main__":
    sys.exit(main())
