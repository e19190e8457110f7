"""report.html: complete, well-formed, without any outside address, whatever the labels and files are called."""

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from jinja2 import UndefinedError
from PIL import Image

from scripts.learn.dataset import Dataset, LabeledImage
from scripts.learn.embedding_table import EmbeddingTable
from scripts.learn.evaluation import figures
from scripts.learn.head import Head
from scripts.learn.train import HeadConfig, train
from scripts.learn.trained_head import Point, TrainedHead
from scripts.report import page as report
from scripts.report.charts import POINTS_MAX, thinned, ticks
from scripts.report.figures import percent, score_up
from scripts.report.measured import Measured
from scripts.report.thumbnails import SIDE, thumbnail

CSS = (Path(report.__file__).parent / "report.css").read_text(encoding="utf-8")
SECTIONS = {
    "warnings",
    "data",
    "accuracy",
    "confusion",
    "reliability",
    "thresholds",
    "curves",
    "mistakes",
    "suspects",
    "parameters",
}
VOID = {"meta", "img", "br", "wbr", "col"}
HOSTILE = ["<img src=x onerror=alert(1)>", "\"><script>alert('2')</script>", "a&b</title></style>"]


class Page(HTMLParser):
    """What a browser would find: elements with their attributes, texts, and whether every tag is closed in order."""

    def __init__(self, text: str):
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []
        self.elements: list[tuple[str, dict]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        self.faults += [f"<{name}> stays open" for name in self.open]

    def handle_starttag(self, name, attributes):
        self.elements.append((name, dict(attributes)))
        if len(dict(attributes)) != len(attributes):
            self.faults.append(f"<{name}> says something twice")
        if name not in VOID:
            self.open.append(name)

    def handle_endtag(self, name):
        if not self.open or self.open.pop() != name:
            self.faults.append(f"</{name}> out of place")

    def handle_data(self, words):
        self.words.append(words)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.words))

    def all(self, name: str) -> list[dict]:
        return [attributes for found, attributes in self.elements if found == name]


def make_dataset(folder: Path, labels: list[str], per_label: int = 30, noise: float = 0.6) -> Dataset:
    """Images in flat colours with made-up vectors; every sixth tests, every seventh is watched, the rest trains."""
    rng = np.random.default_rng(5)
    n = per_label * len(labels)
    y, turn = np.repeat(np.arange(len(labels)), per_label), np.tile(np.arange(per_label), len(labels))
    centres = rng.normal(size=(len(labels), 12))
    images = []
    for i in range(n):
        path = folder / str(y[i]) / f"picture {turn[i]}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (140, 100), tuple(int(v) for v in rng.integers(0, 255, 3))).save(path)
        images.append(LabeledImage(path, labels[y[i]], f"{i:064d}"))
    test = turn % 6 == 0
    validation = ~test & (turn % 7 == 3)
    return Dataset(
        sorted(labels),
        images,
        EmbeddingTable.of(centres[y] + noise * rng.normal(size=(n, 12))),
        y,
        np.ones(n, bool),
        test,
        ~test & ~validation,
        validation,
        np.ones(n, np.float32),
        np.arange(n),
        turn % 5,
    )


def facts_for(dataset: Dataset, trained: TrainedHead, config: HeadConfig) -> dict:
    """What retrain.facts_of gives."""
    return {
        "name": "flowers_efficientnet_lite0_batch64",
        "created": "2026-11-23T06:11:00+00:00",
        "architecture": "efficientnet_lite0",
        "backbone": {
            "title": "efficientnet_lite0",
            "sha256": "ab" * 32,
            "input_size": 128,
            "vector_length": 12,
            "handle": "https://tfhub.dev/google/some/1",
        },
        "parameters": {
            "steps": config.steps,
            "batch_size": 16,
            "learning_rate": 0.01,
            "solver": config.solver,
            "seed": 1,
            "test_percent": 16,
            "distortions": {"flip": False, "crop": 10},
        },
        "strength": trained.strength,
        "counts": dataset.counts(),
        "left_out": 3,
        "unreadable": {"/photos/torn.jpg": "damaged or cut off"},
        "seconds": {"bottlenecks": 0.4, "head": 75.2},
        "warnings": trained.warnings,
        **trained.facts,
    }


def learn(dataset: Dataset, solver: str = "sgd") -> tuple[dict, TrainedHead]:
    config = HeadConfig(steps=60, batch_size=16, solver=solver)
    trained = train(dataset, config)
    return facts_for(dataset, trained, config), trained


@pytest.fixture(scope="module")
def flowers(tmp_path_factory):
    dataset = make_dataset(tmp_path_factory.mktemp("photos"), ["daisy", "roses", "tulips"], noise=1.6)
    return dataset, *learn(dataset)


@pytest.fixture(scope="module")
def page(flowers):
    dataset, facts, trained = flowers
    return Page(report.page(facts, dataset, trained))


def without(dataset: Dataset, part: str, label: int | None = None) -> Dataset:
    """The same with no test or validation rows, or none of one label: they train instead."""
    removed = getattr(dataset, part) & ((dataset.y == label) | (label is None))
    setattr(dataset, part, getattr(dataset, part) & ~removed)
    dataset.train = dataset.train | removed
    return dataset


# What is there


def test_page_has_every_section_with_a_heading(page):
    assert {a["id"] for a in page.all("section")} == SECTIONS
    headings = {a.get("id") for a in page.all("h2")}
    assert all(a["aria-labelledby"] in headings for a in page.all("section"))
    assert len(page.all("h1")) == 1


def test_page_shows_the_figures(page, flowers):
    dataset, facts, _ = flowers
    share = facts["accuracy"]
    interval = f"95 % interval {100 * share['low']:.1f} to {100 * share['high']:.1f} %"
    sentence = f"Accuracy {100 * share['value']:.1f} % ({share['right']} of {share['total']} correct, {interval}, cross-validated on"
    assert sentence in page.text.replace("\N{NO-BREAK SPACE}", " ")
    assert f"{round(100 * share['low'])} to {round(100 * share['high'])} %" in page.text
    for words in (
        "Cross-validation",
        "ECE",
        "learning_rate",
        "distortions.crop",
        "efficientnet_lite0",
        "1 min 15 s",
        "torn.jpg",
    ):
        assert words in page.text, words
    for label, row in facts["counts"].items():
        assert re.search(rf"{label}{row['images']}{row['human']}{row['robot']}{row['train']}", page.text)


def test_every_table_has_a_caption_and_every_chart_a_title(page):
    names = [name for name, _ in page.elements]
    assert names.count("table") == names.count("caption") >= 6
    assert names.count("svg") == names.count("title") - 1 == 4


def test_without_a_mistake_no_mistakes_are_promised(flowers):
    dataset, facts, trained = flowers
    perfect = {**facts["accuracy"], "right": facts["accuracy"]["total"], "value": 1.0, "low": 0.8, "high": 1.0}
    text = Page(report.page({**facts, "accuracy": perfect}, dataset, trained)).text
    assert f"It made no mistake, but on only {perfect['total']} images: the true accuracy may be as low as 80 %" in text
    assert "its mistakes below" not in text


def test_an_interval_that_reaches_further_up_says_why(flowers):
    dataset, facts, trained = flowers
    assert "reaches up as far" not in Page(report.page(facts, dataset, trained)).text
    further = {**facts["accuracy"], "high": 0.99, "with_robots": 0.97}
    text = Page(report.page({**facts, "accuracy": further}, dataset, trained)).text
    assert "Heads that were trained on those images too have an accuracy of 97.0 %" in text
    assert "reaches up as far as this figure allows" in text


def test_images_that_were_left_out_are_counted(flowers):
    dataset, facts, trained = flowers
    counts = {label: {**row, "images": row["images"] + 2} for label, row in facts["counts"].items()}
    text = Page(report.page({**facts, "counts": counts}, dataset, trained)).text
    assert "6 images that only the model labelled took no part" in text
    assert "took no part" not in Page(report.page(facts, dataset, trained)).text


def test_matrix_shows_every_count_of_the_confusion(flowers):
    dataset, facts, trained = flowers
    text = report.page(facts, dataset, trained)
    matrix = text[text.index('<table class="matrix"') : text.index("Confused most often")]
    cells = [int(n) for n in re.findall(r'class="(?:hit|miss|zero)"[^>]*>(\d+)<', matrix)]
    assert cells == [n for row in facts["confusion"] for n in row]


def test_thresholds_show_the_mistakes_to_expect_in_250_images(flowers):
    dataset, facts, trained = flowers
    row = {"threshold": 0.8, "coverage": 0.4, "right": 90, "total": 100, "value": 0.9, "low": 0.826, "high": 0.945}
    text = Page(report.page({**facts, "thresholds": [row]}, dataset, trained)).text
    assert "0.840 %90.0 % 83 to 94 %10 6 to 17" in text  # of 250, 100 are sorted and 10 of these wrong


def test_the_novelty_limit_says_how_many_test_images_it_would_hold_back(flowers):
    dataset, facts, trained = flowers
    for novelty, shown in (
        ({"tests": 12, "test_outside": 3, "limit": 0.5}, "more than 0.500. Of 12 test images, 3 would be unfamiliar."),
        ({"tests": 0, "test_outside": 0, "limit": 0.5}, "more than 0.500."),
        ({"tests": 12, "test_outside": 0, "limit": 2.0}, "No image counts as unfamiliar"),
    ):
        assert shown in Page(report.page({**facts, "gate": novelty}, dataset, trained)).text


# Nothing from outside, nothing let in


@pytest.mark.parametrize("solver", ["sgd", "lbfgs"])
def test_page_has_no_outside_address(tmp_path, solver):
    dataset = make_dataset(tmp_path, ["daisy", "roses"], noise=1.6)
    facts, trained = learn(dataset, solver)
    text = report.page(facts, dataset, trained)
    found = Page(text)
    for name, attributes in found.elements:
        assert name not in {"script", "link", "iframe", "object", "embed", "base", "form", "a"}
        for key, value in attributes.items():
            if key == "src":
                assert re.fullmatch(r"data:image/jpeg;base64,[A-Za-z0-9+/]+=*", value)
            else:
                assert "//" not in (value or ""), (name, key, value)
                assert key not in ("href", "srcset", "action", "poster", "data", "background", "xlink:href")
    assert "://" not in text
    assert "url(" not in CSS and "@import" not in CSS


def test_policy_forbids_everything_but_what_the_page_carries(page):
    policy = [a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy and "default-src 'none'" in policy[0] and "http" not in policy[0]


def test_hostile_names_stay_text(tmp_path):
    dataset = make_dataset(tmp_path / "<svg onload=alert(3)>", HOSTILE, noise=1.6)
    facts, trained = learn(dataset)
    facts["warnings"] = [*facts["warnings"], "No image of <script>alert(4)</script> is in the test set."]
    facts["unreadable"] = {"/photos/<img onerror=alert(5)>.jpg": "<b>torn</b>"}
    facts["name"] = "</title><script>alert(6)</script>"
    facts["parameters"]["<i onclick=alert(7)>"] = "<iframe>"
    found = Page(report.page(facts, dataset, trained))
    assert not found.faults
    names = {name for name, _ in found.elements}
    assert not names & {"script", "iframe", "i", "object"}
    assert all(not key.startswith("on") for _, attributes in found.elements for key in attributes)
    assert all(a["src"].startswith("data:image/jpeg") for a in found.all("img"))
    for text in (*HOSTILE, "<svg onload=alert(3)>", "<img onerror=alert(5)>.jpg", "<iframe>"):
        assert text in found.text


def test_every_text_of_a_template_is_escaped_once():
    made = report.environment().from_string(
        '<p title="{{ x }}">{{ x }}</p>{% macro b(t) %}<b>{{ t }}</b>{% endmacro %}{{ b(x) }}'
    )
    shown = made.render(x="\"'<>&\x1b\udcff")
    safe = "&#34;&#39;&lt;&gt;&amp;\\x1b\\udcff"
    assert shown == f'<p title="{safe}">{safe}</p><b>{safe}</b>'


def test_a_figure_that_is_missing_stops_the_page():
    with pytest.raises(UndefinedError):
        report.environment().from_string("{{ never_given }}").render()


def test_broken_file_names_can_be_written(tmp_path, flowers):
    dataset, facts, trained = flowers
    spelled = "/photos/\\udcff\\x00\\x1b[31m.jpg"
    odd = {**facts, "unreadable": {"/photos/\udcff\x00\x1b[31m.jpg": "vanished"}}
    report.write(tmp_path / "report.html", odd, dataset, trained)
    assert spelled in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_broken_labels_can_be_written(tmp_path):
    dataset = make_dataset(tmp_path, ["a", "b"], noise=1.6)
    facts, trained = learn(dataset)
    names = ["\udcff", "b\x1b[31m"]
    counts = dict(zip(names, facts["counts"].values(), strict=True))
    targets = [{**row, "labels": dict(zip(names, row["labels"].values(), strict=True))} for row in facts["targets"]]
    dataset.labels[:] = names
    odd = {**facts, "counts": counts, "targets": targets, "name": "\udcfe_b", "warnings": ["\x07 rang"]}
    report.write(tmp_path / "report.html", odd, dataset, trained)
    text = Page((tmp_path / "report.html").read_text(encoding="utf-8")).text
    assert all(name in text for name in ("\\udcff", "b\\x1b[31m", "\\udcfe_b", "\\x07 rang"))


# Odd datasets


def few(folder):
    return make_dataset(folder, ["a", "b"], per_label=6)


def no_validation(folder):
    return without(make_dataset(folder, ["a", "b"]), "validation")


def one_label_untested(folder):
    return without(make_dataset(folder, ["a", "b", "c"]), "test", 1)


def no_test(folder):
    return without(make_dataset(folder, ["a", "b"]), "test")


def many(folder):
    return make_dataset(folder, [f"kind of thing {i:03d}" for i in range(100)], per_label=12, noise=2)


def not_latin(folder):
    return make_dataset(folder, ["机器人", "روبوت", "ロボット 🤖", "ρομπότ"], noise=1.6)


def vanished(folder):
    dataset = make_dataset(folder, ["a", "b"], noise=3)
    for number, image in enumerate(dataset.images):
        if number % 2:
            image.path.unlink()
        else:
            image.path.write_bytes(b"GIF89a no more")
    return dataset


def perfect(folder):
    return make_dataset(folder, ["a", "b"], noise=0.01)


ODD = [few, no_validation, one_label_untested, no_test, many, not_latin, vanished, perfect]


@pytest.mark.parametrize("make", ODD, ids=lambda make: make.__name__)
def test_page_is_whole_whatever_the_dataset(tmp_path, make):
    dataset = make(tmp_path)
    facts, trained = learn(dataset, "lbfgs" if make in (few, no_validation) else "sgd")
    text = report.page(facts, dataset, trained)
    found = Page(text)
    assert not found.faults
    assert {a["id"] for a in found.all("section")} == SECTIONS
    assert all(label in found.text for label in dataset.labels)
    assert not re.search(r"\bnan\b|\bNone\b|\binf\b|Safe\(", found.text.split("</style>")[-1])
    assert len(text.encode()) < 600_000


def test_without_a_test_set_no_table_pretends(tmp_path):
    dataset = no_test(tmp_path)
    dataset.human[:] = False  # else the folds would measure
    facts, trained = learn(dataset)
    text = Page(report.page(facts, dataset, trained)).text
    assert "Its accuracy is not known yet" in text
    assert "Precision, recall" not in text and "at or above each confidence_min" not in text


def test_images_that_vanished_are_passed_over(tmp_path):
    dataset = vanished(tmp_path)
    facts, trained = learn(dataset)
    assert report.worst_mistakes(dataset, trained, 5) and report.suspects(dataset, trained, 5)
    found = Page(report.page(facts, dataset, trained))
    assert not found.all("img") and "They can no longer be read" in found.text


@pytest.mark.parametrize("label_count, tight", [(2, False), (100, True)])
def test_matrix_scrolls_in_its_own_box(tmp_path, label_count, tight):
    dataset = make_dataset(tmp_path, [f"l{i:03d}" for i in range(label_count)], per_label=6)
    facts, trained = learn(dataset)
    found = Page(report.page(facts, dataset, trained))
    kinds = [name + "." + a.get("class", "") for name, a in found.elements]
    at = kinds.index("table.matrix tight" if tight else "table.matrix")
    assert kinds[at - 1].startswith("div.scroll") and found.elements[at - 1][1]["tabindex"] == "0"
    assert re.search(r"\.scroll \{[^}]*overflow-x: auto", CSS)


def test_curves_survive_numbers_that_ran_away(flowers):
    dataset, facts, trained = flowers
    kept = trained.curve
    wild = (float("nan"), float("inf"), 2.0, 1.5)
    trained.curve = [Point(i, 0.5, loss, None, None) for i, loss in enumerate(wild)]
    try:
        text = report.page(facts, dataset, trained)
    finally:
        trained.curve = kept
    polylines = re.findall(r'points="([^"]*)"', text)
    assert len(polylines) == 2 and "nan" not in polylines[1] and len(polylines[1].split()) == 2


def test_a_head_that_ran_away_still_gets_its_page(tmp_path):
    dataset = make_dataset(tmp_path, ["a", "b"])
    facts, trained = learn(dataset)
    broken = Head(trained.head.weights * np.float32("nan"), trained.head.bias)
    trained.head = trained.plain_head = broken
    trained.out_of_fold = trained.out_of_fold * np.float32("nan")
    trained.evaluation = replace(trained.evaluation, calibrated=trained.evaluation.calibrated * np.float32("nan"))
    spoilt = figures(trained.evaluation, trained.folded, trained.temperature, dataset, trained.evidence)
    found = Page(report.page({**facts, **spoilt, "gate": facts["gate"]}, dataset, trained))
    assert not found.faults and {a["id"] for a in found.all("section")} == SECTIONS


def test_verdict_does_not_promise_what_few_images_show(flowers, monkeypatch):
    dataset, facts, trained = flowers
    targets = [{"precision": 0.98, "all": 0.5, "labels": {}}]
    row = {"threshold": 0.925, "coverage": 0.2, "right": 3, "total": 3, "value": 1, "low": 0.44, "high": 1}
    given, shown = {**facts, "targets": targets, "thresholds": [row]}, []
    for n in (6, 60):
        some = Measured(np.arange(n), np.tile(np.float32([0.9, 0.1, 0]), (n, 1)), "on some images")
        monkeypatch.setattr(Measured, "of", lambda *_, some=some: some)
        shown.append(Page(report.page(given, dataset, trained)).text)
    assert "only 6 images do: too few to rely on" in shown[0] and "3 of 3 correct" in shown[0]
    assert "60 of these images do" in shown[1]


def test_what_it_was_measured_on_is_said_in_words(flowers, monkeypatch):
    dataset, facts, trained = flowers
    total, given = facts["accuracy"]["total"], {**facts, "warnings": []}
    folds = f"cross-validated on {total} images"
    assert Page(report.page(given, dataset, trained)).text.count(folds) >= 4
    found = Measured.of(dataset, trained)
    monkeypatch.setattr(Measured, "of", lambda *_: Measured(found.rows, found.probabilities, "on 90 held-out images"))
    text = Page(report.page(given, dataset, trained)).text
    assert text.count("on 90 held-out images") >= 4 and folds not in text


def test_a_model_of_a_basetag_says_how_to_take_it_along(flowers):
    dataset, facts, trained = flowers
    assert "Take it with you" not in Page(report.page(facts, dataset, trained)).text  # made by scripts/retrain.py alone
    command = f"python roboflow.py flowers export --model {facts['name']}"
    text = Page(report.page({**facts, "basetag": "flowers"}, dataset, trained)).text
    assert command in text and "--web as one HTML file" in text
    other = {**facts, "basetag": "flowers", "backbone": {**facts["backbone"], "title": "mobilenet_1.0_224"}}
    assert command in (text := Page(report.page(other, dataset, trained)).text) and "--web" not in text


def test_what_else_was_tried_is_told_in_a_table(flowers):
    data, facts, trained = flowers
    assert "Ways to train that were tried" not in Page(report.page(facts, data, trained)).text
    tried = [
        {"name": "head", "right": 172, "loss": 0.2113, "seconds": 1.0, "result": "the simplest"},
        {"name": "last layers", "right": 176, "loss": 0.1904, "seconds": 64.0, "result": "taken"},
        {"name": "efficientnet_lite2_260", "right": None, "loss": None, "seconds": 0.0, "result": "no time"},
    ]
    chosen = {**facts, "selection": {"chosen": "last layers", "images": 180, "tried": tried}}
    page = Page(report.page(chosen, data, trained))
    assert page.faults == [] and "Right of 180" in page.text
    assert "last layers1760.1901 min 4 staken" in page.text and "efficientnet_lite2_260no time" in page.text


def test_long_curves_are_thinned_to_their_shape():
    points = [(float(i), float(i)) for i in range(100_000)]
    some = thinned(points)
    assert len(some) == POINTS_MAX and some[0] == points[0] and some[-1] == points[-1]


# Which images


def test_planted_wrong_labels_are_the_first_suspects(tmp_path):
    dataset = make_dataset(tmp_path, ["a", "b", "c"], per_label=60, noise=1.4)
    inside = np.flatnonzero(~dataset.test)
    planted = np.random.default_rng(2).permutation(inside)[: len(inside) // 20]
    for i in planted:
        dataset.y[i] = (dataset.y[i] + 1) % 3
        old = dataset.images[i]
        dataset.images[i] = LabeledImage(old.path, dataset.labels[dataset.y[i]], old.sha256)
    facts, trained = learn(dataset, "lbfgs")
    first, found = report.suspects(dataset, trained, len(planted)), report.suspects(dataset, trained)
    wrong = {dataset.images[i].path for i in planted}
    assert first == found[: len(planted)] and len(found) >= 2 * len(planted)  # there is something to rank
    assert len({s.path for s in first} & wrong) >= 0.6 * len(planted)
    assert len({s.path for s in found[-len(planted) :]} & wrong) <= 0.2 * len(planted)
    assert all(s.label != s.guess and 0 < s.score <= 1 for s in first)
    page = Page(report.page(facts, dataset, trained))
    shown = [a["title"] for name, a in page.elements if name == "li" and "title" in a]
    assert {str(s.path) for s in first} <= set(shown)


def test_worst_mistakes_are_the_surest_wrong_guesses_of_heads_that_had_not_seen_them(flowers):
    dataset, facts, trained = flowers
    everything = report.worst_mistakes(dataset, trained)
    assert len(everything) == facts["accuracy"]["total"] - facts["accuracy"]["right"] > 3
    assert report.worst_mistakes(dataset, trained, 3) == everything[:3]
    assert [s.score for s in everything] == sorted((s.score for s in everything), reverse=True)
    row = {p.path: i for i, p in enumerate(dataset.images)}
    for seen in everything:
        i = row[seen.path]
        p = trained.evaluation.calibrated[list(trained.evaluation.rows).index(i)]
        assert seen.label == dataset.images[i].label
        assert seen.guess == dataset.labels[p.argmax()] and seen.score == pytest.approx(p.max())


def test_galleries_keep_their_limits_and_say_how_many_there_are(tmp_path):
    dataset = make_dataset(tmp_path, ["a", "b"], per_label=160, noise=9)
    facts, trained = learn(dataset)
    wrong, odd = len(report.worst_mistakes(dataset, trained)), len(report.suspects(dataset, trained))
    assert wrong > report.MISTAKES_MAX / 2 and odd > report.SUSPECTS_MAX
    found = Page(report.page(facts, dataset, trained))
    assert len(found.all("img")) == min(wrong, report.MISTAKES_MAX) + report.SUSPECTS_MAX
    assert f"{wrong} images of {facts['accuracy']['total']} got a wrong label" in found.text
    assert f"for {odd} images of" in found.text


def test_thumbnail_is_small_and_carries_nothing_over(tmp_path):
    exif = Image.Exif()
    exif[0x010E] = "where the camera stood"
    Image.effect_noise((900, 300), 90).convert("RGB").save(tmp_path / "a.jpg", exif=exif, comment=b"secret words")
    source, width, height = thumbnail(tmp_path / "a.jpg")
    raw = base64.b64decode(source.removeprefix("data:image/jpeg;base64,"))
    assert (width, height) == (SIDE, SIDE // 3) and len(raw) < 9000
    assert b"secret" not in raw and b"camera" not in raw
    with Image.open(io.BytesIO(raw)) as image:
        assert image.format == "JPEG" and image.size == (width, height)
        assert "comment" not in image.info and not image.getexif()


# Small things


@pytest.mark.parametrize(
    "share, digits, shown",
    [(0.5, 0, "50 %"), (0.9999, 1, "> 99 %"), (1.0, 1, "100.0 %"), (0.001, 0, "< 1 %"), (0, 0, "0 %"), (None, 0, "–")],
)
def test_percent_says_all_only_of_all(share, digits, shown):
    assert percent(share, digits).replace("\N{NO-BREAK SPACE}", " ") == shown


@pytest.mark.parametrize("value, shown", [(0.9251, "0.926"), (0.925, "0.925"), (0.99995, "0.99995"), (None, "–")])
def test_score_up_never_lets_more_through(value, shown):
    assert score_up(value) == shown


@pytest.mark.parametrize("low, high", [(0, 1), (0.4, 1), (0, 2600), (0, 1e6), (0, 0.1), (0, 37.2)])
def test_ticks_are_few_and_inside(low, high):
    found = ticks(low, high)
    assert 2 <= len(found) <= 8 and min(found) >= low and max(found) <= high * (1 + 1e-9)


def _schemes() -> list[dict[str, str]]:
    """The colours of the light and the dark page."""
    return [dict(re.findall(r"--([a-z]+):([^;}]+)", block)) for block in re.findall(r":root \{([^}]*)\}", CSS)]


def _rgb(text: str) -> np.ndarray:
    if "," in text:
        return np.array([int(v) for v in text.split(",")], float)
    text = text.strip().lstrip("#")
    text = "".join(c * 2 for c in text) if len(text) == 3 else text
    return np.array([int(text[i : i + 2], 16) for i in (0, 2, 4)], float)


def _contrast(one: np.ndarray, other: np.ndarray) -> float:
    """The contrast ratio of WCAG 2.2, 1..21."""

    def light(colour):
        c = colour / 255
        return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]

    a, b = sorted((light(one), light(other)))
    return (b + 0.05) / (a + 0.05)


@pytest.mark.parametrize("scheme", _schemes(), ids=["light", "dark"])
def test_every_text_can_be_read(scheme):
    card = _rgb(scheme["card"])
    for ink in ("ink", "soft", "blue", "orange"):
        for ground in ("card", "page"):
            assert _contrast(_rgb(scheme[ink]), _rgb(scheme[ground])) >= 4.5, (ink, ground)
    assert _contrast(_rgb(scheme["ink"]), _rgb(scheme["note"])) >= 4.5
    for heat in np.linspace(0, float(scheme["most"]), 20):
        for colour in ("hit", "miss"):
            cell = heat * _rgb(scheme[colour]) + (1 - heat) * card
            assert _contrast(_rgb(scheme["ink"]), cell) >= 4.5, (colour, heat)
