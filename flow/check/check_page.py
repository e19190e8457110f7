"""The check page's requests and what each of them does; answered with how everything looks now.

Routes that change something, or ask the catalogue, are answered in the main thread (`main_thread_queue.py`), one after
another; thumbnails, predictions and the progress of work come from the request's own thread.
"""

import base64
import contextlib
import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from datetime import datetime
from pathlib import Path

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

import config as cfg
from flow.base.errors import Locked, RoboError
from flow.check import http_guard, label_changes, thumbnails
from flow.check.board import LOOK_BACK, OPEN, Answer, Board, Refused
from flow.check.http_guard import Guard
from flow.check.main_thread_queue import Busy, MainThreadQueue
from flow.check.predictor_service import PredictorService
from flow.check.trial import BackgroundTrial, Trial
from flow.check.work import StepResult, Work
from flow.models.explanation import Explanation
from flow.models.prediction import Neighbor
from flow.records.decisions import ACCEPT
from flow.ui import console

PAGE_FOLDER = Path(__file__).parent / "page"
CONTENT_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
HASH = re.compile(r"[0-9a-f]{64}")
COUNT_MAX = 200  # images a page
NOT_TO_THE_END = "Other ways to train were not tried to the end; a retrain tries them again."
REPORT_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
FOREVER = "private, max-age=31536000, immutable"
NOT_OURS = (
    "This page belongs to a RoboFlow run. Open the address that the terminal shows; "
    "if the run has ended: python roboflow.py BASETAG check\n"
)
ROUTES = Map(
    [
        Rule("/", endpoint="front", methods=["GET"]),
        Rule("/page/<name>", endpoint="file", methods=["GET"]),
        Rule("/thumb/<size>/<sha>", endpoint="thumbnail", methods=["GET"]),
        Rule("/report/<key>", endpoint="report", methods=["GET"]),
        Rule("/api/view", endpoint="view", methods=["GET"]),
        Rule("/api/look_back", endpoint="look_back", methods=["GET"]),
        Rule("/api/progress", endpoint="progress", methods=["GET"]),
        Rule("/api/work", endpoint="work_progress", methods=["GET"]),
        Rule("/api/image/<sha>", endpoint="details", methods=["GET"]),
        Rule("/api/near/<sha>", endpoint="near", methods=["GET"]),
        Rule("/api/try", endpoint="try_image", methods=["POST"]),
        Rule("/api/why/<sha>", endpoint="why", methods=["GET"]),
        Rule("/api/why", endpoint="why_of_file", methods=["POST"]),
        *(
            Rule(f"/api/{name}", endpoint=name, methods=["POST"])
            for name in (
                "decide",
                "accept",
                "undo",
                "redo",
                "labels",
                "sample",
                "suspects",
                "work",
                "try_harder",
                "stop",
                "done",
                "alive",
                "bye",
            )
        ),
    ],
    strict_slashes=False,
)


class CheckPage:
    """One checking session: a board, the steps that may follow it, and the requests about both.

    Args:
        make_board: what is checked; called again after each step.
        make_suspects: the training images that may be mislabelled, which a new model's end offers to look at.
        wake: called in the main thread before anything is changed: takes the lock again where it was given back, and
            returns a sentence where another run changed something meanwhile.
        start_trial: begins to try other ways to train than the head that a step has made.
    """

    routes, template, headers = ROUTES, "check.html", dict[str, str]()
    always: tuple[str, ...] = ("camera",)  # steps that may follow any board

    def __init__(
        self,
        title: str,
        make_board: Callable[[], Board],
        make_suspects: Callable[[], Board],
        main: MainThreadQueue,
        predictor: PredictorService,
        wake: Callable[[], str] = lambda: "",
        start_trial: Callable[[], Trial] | None = None,
    ):
        self._title, self._make_board, self._make_suspects = title, make_board, make_suspects
        self._main, self._predictor, self._wake = main, predictor, wake
        self._make_now = make_board  # what the board of now is made by
        self.board = make_board()
        self.work, self.trial = Work(), BackgroundTrial(start_trial)
        self.results: list[StepResult] = []  # of all steps of this session
        self.earlier_counts: dict[str, int] = {}  # kept, relabelled, aside: of boards before this one
        self.guard: Guard | None = None  # set once the port is known
        self._files = {path.name: path for path in PAGE_FOLDER.iterdir() if path.suffix in CONTENT_TYPES}
        self._ahead = ThreadPoolExecutor(1, thread_name_prefix="thumbnails")
        self._asked_ahead: set[str] = set()

    def close(self) -> None:
        """Thumbnails that nobody waits for are not made any more, and nothing is tried any more."""
        if self.trial.close():
            console.note(f"  {NOT_TO_THE_END}")
        self._ahead.shutdown(wait=False, cancel_futures=True)

    def respond(self, request: Request) -> Response:
        """The response to any request. Any thread; several at once."""
        try:
            assert self.guard is not None
            self.guard.check(request)
            endpoint, values = self.routes.bind_to_environ(request.environ).match()
            answer = getattr(self, f"_on_{endpoint}")(request, **values)
            return answer if isinstance(answer, Response) else _as_json(answer)
        except http_guard.Forbidden:
            return Response(NOT_OURS, 403, mimetype="text/plain")
        except HTTPException as problem:
            return _error("request", "There is no such page." if problem.code == 404 else str(problem))
        except (http_guard.BadRequest, UnicodeError) as problem:
            return _error("request", str(problem))
        except Locked as problem:
            return _error("locked", problem.message, problem.hint, 423)
        except RoboError as problem:
            return _error("refused", problem.message, problem.hint)
        except (Busy, TooLate):
            return _error("busy", "The model is busy.", code=409)

    # What is asked of the board; these run in the main thread, and tests call them as a browser's requests do

    def view(self, count: int, again: bool = False) -> dict:
        """The page under way, or the next one.

        Args:
            again: an untouched page may be cut anew, because the window or the size of the images changed.
        """
        page = self.board.current()
        cut = again and page is not None and page.is_untouched and page.fills and len(page.images) != count
        if page is None or not page.is_open or cut:
            page = self.board.next_page(_count(count))
        return self._seen(Answer("", page))

    def decide(self, asked: dict) -> dict:
        news = self._wake()
        answer = self.board.decide(
            text_of(asked, "page"), _hashes(asked, "images"), text_of(asked, "kind"), text_of(asked, "label")
        )
        return self._led_on(answer, _count(asked.get("count")), news)

    def accept(self, asked: dict) -> dict:
        """All images named that are still open get the label they were shown under; then the next page comes."""
        news = self._wake()
        page, images, later = text_of(asked, "page"), _hashes(asked, "images"), _hashes(asked, "later")
        count, now = _count(asked.get("count")), self.board.current()
        if now is None or now.id != page or set(images) & set(later):
            raise Refused("That page is no longer the one under way.")
        states = {image.sha256: image.state for image in now.images}
        if any(sha not in states for sha in [*images, *later]):
            raise Refused("That image is not on this page.")
        images = [sha for sha in images if states[sha] == OPEN]
        answer = self.board.decide(page, images, ACCEPT) if images else Answer("")
        if later:
            self.board.postpone(page, later)
        message = answer.message + (f" {len(later)} left for later." if later else "")
        message = message.strip() or "Nothing was left to accept."
        following = Answer(message, self.board.next_page(count), answer.touched, answer.incomplete)
        return self._seen(following, news)

    def undo(self, _asked: dict) -> dict:
        news = self._wake()
        if home := label_changes.last_change(self.board):
            return self._relabeled(label_changes.take_back(self.board, home), news)
        return self._seen(self.board.undo(), news)

    def redo(self, asked: dict) -> dict:
        news = self._wake()
        return self._led_on(self.board.redo(), _count(asked.get("count")), news)

    def look_back(self, label: str, skip: int, count: int) -> dict:
        """What was decided, newest first: all of it, or what has one label. The page under way waits."""
        page = self.board.look_back(label, skip, _count(count))
        return self._seen(Answer("", page)) | {"filter": {"label": label, "skip": skip}}

    def change_labels(self, asked: dict) -> dict:
        """Rename a label, or merge it into another one, which is asked about before."""
        news = self._wake()
        old, new, stamp = text_of(asked, "old"), text_of(asked, "new"), self._stamp()
        if asked.get("sure") is not True and (question := label_changes.question(self.board, stamp, old, new)):
            return {"question": question}
        return self._relabeled(label_changes.change(self.board, stamp, old, new), news)

    def check_accuracy(self, _asked: dict) -> dict:
        """Go on with a page of random images that tells how good the guesses are."""
        news = self._wake()
        return self._seen(Answer("", self.board.accuracy_page()), news)

    def look_at_suspects(self, asked: dict) -> dict:
        """Go on with the training images that the new model doubts."""
        news = self._wake()
        self._make_now = self._make_suspects
        self.earlier_counts, self.board = self.counts(), self._make_now()
        self.work = Work(reports=self.work.reports)
        return self._seen(Answer("", self.board.next_page(_count(asked.get("count")))), news)

    def start_work(self, asked: dict) -> dict:
        """Harvest, train, or both; or make a first model. Begins after this answer, and ends what is tried."""
        steps, known = asked.get("steps"), (*self.board.after, *self.always)
        if not isinstance(steps, list) or not steps or any(step not in known for step in steps):
            raise Refused("That cannot be done here.")
        self._wake()
        wanted = tuple(step for step in known if step in steps)
        self.work = Work(step=wanted[0], reports=self.work.reports)
        if self.trial.close():
            self.work.noted(NOT_TO_THE_END)
        self._main.begin(wanted)
        return {"work": self._work_facts(True)}

    def try_harder(self, _asked: dict) -> dict:
        """Try other ways to train than the head that a step has made, while the person goes on."""
        if not self.work.more or self.trial.is_running:
            raise Refused("That cannot be done here.")
        self._wake()
        self.trial.begin()
        self.work.more = ""
        return {"work": self._work_facts(False)}

    def collect_trial(self) -> None:
        """Called in the main thread, again and again, with the lock: takes what the trial has come to."""
        if not self.trial.has_ended:
            return
        try:
            with console.heard_by(Work()):
                self.results.append(self.trial.take(self.work))
        except RoboError as problem:
            self.trial.failed(f"{problem.message} {problem.hint}")
            console.warn(problem.message)

    def finish(self, _asked: dict) -> dict:
        self._main.is_done = True
        return {"done": True, "counts": self.counts()}

    def counts(self) -> dict[str, int]:
        """What was decided in this session."""
        now = self.board.progress().counts
        return {name: self.earlier_counts.get(name, 0) + now.get(name, 0) for name in ("kept", "relabelled", "aside")}

    def next_board(self) -> None:
        """After a step: what is left is read anew."""
        self.earlier_counts, self._make_now = self.counts(), self._make_board
        with contextlib.suppress(RoboError):
            self.board = self._make_now()

    def renew_board(self) -> None:
        """After another run has changed something: the same board, read anew, with what was shown and decided here."""
        before, self.board = self.board, self._make_now()
        self.board.take_over(before)

    def add(self, step: str, result: StepResult) -> None:
        """A step has ended."""
        self.results.append(result)
        self.work.add(step, result)

    @contextlib.contextmanager
    def working(self, step: str):  # type: ignore[no-untyped-def]
        """While a step runs, what it says is shown on the page; an error of it is shown and ends the steps."""
        self.work.step, self.work.bar = step, None
        try:
            with console.heard_by(self.work):
                yield
        except RoboError as problem:
            self.work.problem = (problem.message, problem.hint)
            console.note(f"  {problem.message} {problem.hint}".rstrip())
        finally:
            self.work.step, self.work.bar, self.work.address = "", None, ""

    def _work_facts(self, is_busy: bool) -> dict:
        return self.work.facts(is_busy) | {"trial": self.trial.facts()}

    def _relabeled(self, message: str, news: str) -> dict:
        """Labels have changed: the board is read anew, and its page comes with the labels of now."""
        self.renew_board()
        return self._seen(Answer(message, self.board.current()), news)

    @staticmethod
    def _stamp() -> str:
        return datetime.now().strftime("%Y%m%d_%H%M%S")

    def _led_on(self, answer: Answer, count: int, news: str) -> dict:
        """A page on which nothing is left open leads on to the next, but for one of what was decided."""
        if answer.page is None or not (answer.page.is_open or answer.page.kind == LOOK_BACK):
            page = self.board.next_page(count)
            answer = Answer(answer.message, page, answer.touched, answer.incomplete)
        return self._seen(answer, news)

    def _seen(self, answer: Answer, news: str = "") -> dict:
        page = answer.page
        return {
            "page": page.facts() if page else None,
            "message": f"{answer.message} {news}".strip(),
            "incomplete": answer.incomplete or bool(news),
            "touched": list(answer.touched),
            "labels": self.board.labels(),
            "progress": self.board.progress().facts(),
            "after": list(self.board.after),
            "counts": self.counts(),
            "work": self._work_facts(self._main.is_busy),
            "decided": [list(pair) for pair in self.board.decided_labels().items()],
        }

    # Requests: one method a route

    def _on_view(self, request: Request) -> Response:
        count, again = _number(request, "count"), request.args.get("again") == "1"
        return self._viewed(lambda: self.view(count, again))

    def _on_look_back(self, request: Request) -> Response:
        label, skip, count = request.args.get("label", ""), _number(request, "skip"), _number(request, "count")
        return _as_json(self._main.ask(lambda: self.look_back(label, skip, count)))

    def _on_labels(self, request: Request) -> Response:
        return self._changed(request, self.change_labels)

    def _on_decide(self, request: Request) -> Response:
        return self._changed(request, self.decide)

    def _on_accept(self, request: Request) -> Response:
        return self._changed(request, self.accept)

    def _on_undo(self, request: Request) -> Response:
        return self._changed(request, self.undo)

    def _on_redo(self, request: Request) -> Response:
        return self._changed(request, self.redo)

    def _on_sample(self, request: Request) -> Response:
        return self._changed(request, self.check_accuracy)

    def _on_suspects(self, request: Request) -> Response:
        return self._changed(request, self.look_at_suspects)

    def _on_work(self, request: Request) -> Response:
        return self._changed(request, self.start_work)

    def _on_done(self, request: Request) -> Response:
        return self._changed(request, self.finish)

    def _on_progress(self, request: Request) -> object:
        return self._main.ask(lambda: self.board.progress().facts())

    def _on_work_progress(self, request: Request) -> dict:
        return self._work_facts(self._main.is_busy)

    def _on_try_harder(self, request: Request) -> Response:
        return self._changed(request, self.try_harder)

    def _on_stop(self, request: Request) -> dict:
        http_guard.body_of(request)
        self.trial.stop()
        return {}

    def _on_details(self, request: Request, sha: str) -> object:
        sha = _hash(sha)
        return self._main.ask(lambda: self.board.details(sha))

    def _on_near(self, request: Request, sha: str) -> dict:
        return {"near": _neighbors(self._predictor.near(_hash(sha)))}

    def _on_alive(self, request: Request) -> dict:
        self._main.tabs.heard(_tab(request))
        return {"busy": self._main.is_busy}

    def _on_bye(self, request: Request) -> dict:
        self._main.tabs.closed(_tab(request))
        return {}

    def _on_try_image(self, request: Request) -> dict:
        """What the model says of an image that a person dropped on the page."""
        prediction = self._predictor.predict(http_guard.image_of(request))
        ranked = sorted(prediction.scores.items(), key=lambda one: -one[1])
        answer = {name: getattr(prediction, name) for name in ("verdict", "remark", "sure")}
        return {**answer, "scores": ranked, "near": _neighbors(prediction.near)}

    def _on_why(self, request: Request, sha: str) -> dict:
        """What in an image spoke for the label it looks like, rather than for the one it has or the next best."""
        sha = _hash(sha)
        if not self.board.was_shown(sha) or (path := self.board.find(sha)) is None:
            raise Refused("That image is no longer there.")
        image = self.board.shown(sha)
        doubted = image.guess != image.given and image.guess and image.given
        return _map_of(self._predictor.explain(path, (image.guess, image.given) if doubted else None))

    def _on_why_of_file(self, request: Request) -> dict:
        """The same of an image that a person dropped on the page."""
        return _map_of(self._predictor.explain(http_guard.image_of(request)))

    def _on_front(self, request: Request) -> Response:
        assert self.guard is not None
        text = _template(self.template, self._title, self.guard.token)
        response = Response(text, mimetype="text/html", headers=self.headers)
        if self.guard.has_ticket(request):
            response.headers["Set-Cookie"] = self.guard.set_cookie()
        return response

    def _on_file(self, request: Request, name: str) -> Response:
        if name not in self._files:
            raise http_guard.BadRequest("there is no such page")
        file = self._files[name]
        response = Response(file.read_bytes(), mimetype=CONTENT_TYPES[file.suffix])
        response.add_etag()
        response.headers["Cache-Control"] = "private, no-cache"
        return response.make_conditional(request)

    def _on_thumbnail(self, request: Request, size: str, sha: str) -> Response:
        if size not in thumbnails.SIZES:
            raise http_guard.BadRequest("there is no such page")
        sha = _hash(sha)
        path = self.board.find(sha) or self._predictor.find(sha)
        is_known = path is not None or self.board.was_shown(sha)
        data = thumbnails.thumbnail(path, sha, size) if is_known else None
        if data is None:
            return Response("not here\n", 404, mimetype="text/plain")
        return Response(data, mimetype="image/jpeg", headers={"Cache-Control": FOREVER})

    def _on_report(self, request: Request, key: str) -> Response:
        if key not in self.work.reports:
            raise http_guard.BadRequest("there is no such page")
        try:
            data = self.work.reports[key].read_bytes()
        except OSError:
            return Response("The report is no longer there.\n", 404, mimetype="text/plain")
        return Response(data, mimetype="text/html", headers={"Content-Security-Policy": REPORT_POLICY})

    def _changed(self, request: Request, change: Callable[[dict], dict]) -> Response:
        asked = http_guard.body_of(request)
        return self._viewed(lambda: change(asked))

    def _viewed(self, question: Callable[[], dict]) -> Response:
        """The answer to a question; meanwhile the images of the page after it are made small, each once."""
        upcoming: list[str] = []

        def asked() -> dict:
            answer = question()
            if answer.get("page"):
                upcoming.extend(self.board.upcoming(2 * len(answer["page"]["images"])))
            return answer

        response = _as_json(self._main.ask(asked))
        with contextlib.suppress(RuntimeError):  # the page is closing
            for sha in upcoming:
                if sha not in self._asked_ahead:
                    self._asked_ahead.add(sha)
                    self._ahead.submit(self._make_thumbnail, sha)
        return response

    def _make_thumbnail(self, sha: str) -> None:
        if path := self.board.find(sha):
            thumbnails.thumbnail(path, sha, "grid")


def _template(name: str, title: str, token: str) -> str:
    """The page: a template, in which everything is escaped."""
    from jinja2 import Environment, FileSystemLoader

    pages = Environment(loader=FileSystemLoader(PAGE_FOLDER), autoescape=True)
    return pages.get_template(name).render(title=title, token=token, bytes_max=cfg.image_bytes_max)


def _neighbors(near: tuple[Neighbor, ...]) -> list[dict]:
    return [{"sha256": n.sha256, "label": n.label, "similarity": round(n.similarity, 3)} for n in near]


def _map_of(explanation: Explanation) -> dict:
    """`image`: the map over the image, a JPEG in base64."""
    image = base64.b64encode(explanation.over()).decode()
    return {"image": image, "sentence": explanation.sentence, "labels": [explanation.first, explanation.second]}


def _as_json(facts: object, code: int = 200) -> Response:
    return Response(json.dumps(facts), code, mimetype="application/json")


def _error(kind: str, message: str, hint: str = "", code: int = 400) -> Response:
    """`kind`: what the page's script goes by; the message is for a person."""
    return _as_json({"kind": kind, "error": message, "hint": hint}, code)


def _tab(request: Request) -> str:
    http_guard.body_of(request)
    return request.headers.get("X-Tab", "")[:40]


def _hash(text: str) -> str:
    if not HASH.fullmatch(text):
        raise http_guard.BadRequest("there is no such page")
    return text


def _number(request: Request, name: str) -> int:
    text = request.args.get(name, "")
    if not (text.isascii() and text.isdecimal()) or len(text) > 6:
        raise http_guard.BadRequest(f"{name} must be a whole number")
    return int(text)


def text_of(asked: dict, name: str) -> str:
    """A text that a change carries; empty where it is left out. Raises Refused."""
    value = asked.get(name, "")
    if not isinstance(value, str) or len(value) > 500:
        raise Refused(f"{name} must be a text.")
    return value


def _hashes(asked: dict, name: str) -> list[str]:
    found = asked.get(name, [])
    if not isinstance(found, list) or len(found) > 2 * COUNT_MAX or not all(isinstance(sha, str) for sha in found):
        raise Refused(f"{name} must be a list of content hashes.")
    return list(dict.fromkeys(found))


def _count(value: object) -> int:
    """Images a page, within reason."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refused("count must be a whole number.")
    return max(1, min(COUNT_MAX, value))
