"""What was shown to the camera in this session: a page is one recording, whose images lie in unsorted_camera_{stamp}/
with their labels decided as on the check page."""

from collections import Counter
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from flow.base import files, paths
from flow.check.board import NONE_OF_THESE, OPEN, Answer, Board, BoardImage, OnePlaceBoard, Page, Progress, Refused
from flow.check.camera_recorder import Frame, Recording
from flow.check.sorted_board import credit
from flow.records import decisions, provenance, recordings
from flow.records.catalogue import Catalogue
from flow.records.decisions import QUARANTINE, RELABEL, DecisionRequest
from flow.records.rows import KEPT, WHOLE_FOLDER, ArchiveEntry, Decision, Image

CREDIT, VIDEO_CREDIT = "your own camera", "your own video"


class CameraBoard(OnePlaceBoard):
    """Nothing is asked here: what is recorded comes with its label.

    Args:
        part: of the session, from 1; a new one begins after each training, so that undo stays within it.
    """

    after = ("train",)
    makes_folders = False

    def __init__(self, basetag: str, catalogue: Catalogue, stamp: str, part: int = 1):
        super().__init__(basetag, catalogue, stamp)
        self.searchtag = f"camera_{stamp}" + (f"_{part}" if part > 1 else "")
        self._folder = paths.unsorted_dir(basetag, self.searchtag)
        self.decided = decisions.decided_in(catalogue, self._folder.name)
        self._actions: dict[str, int] = {}  # recording -> its action, which undo takes back as one
        self._number = 0  # of the last image

    def folders(self) -> list[str]:
        return [self._folder.name]

    def places(self, sha256: str) -> list[tuple[Path, Path, str]]:
        path = self.find(sha256)
        return [(path, path.parent, "")] if path else []

    def labels(self) -> list[str]:
        """As elsewhere, with the labels given here; `not` is always there."""
        given = dict.fromkeys(row.label for row in self.decided.values() if row.label)
        self._new_labels += [label for label in given if label not in self._new_labels]
        found = super().labels()
        return found if NONE_OF_THESE in found else [*found, NONE_OF_THESE]

    def name_label(self, label: str) -> str:
        """A label that is there, or a new one. Raises BadUsage for a name that cannot be one."""
        return label if label in self.labels() else self._new_label(label)

    def take_over(self, before: Board) -> None:
        super().take_over(before)
        if isinstance(before, CameraBoard):
            self._where, self._new_labels = before._where, before._new_labels
            self._actions, self._number = before._actions, before._number

    def refresh(self, thorough: bool = True) -> None:
        """Nothing: what vanished is found out when it is looked at."""

    def compose(self, count: int) -> Page | None:
        return None

    def upcoming(self, count: int) -> list[str]:
        return []

    def progress(self) -> Progress:
        return Progress(0, len(self.decided), len(self._where), counts=dict(self.counts))

    def details(self, sha256: str) -> dict:
        return {"name": self.shown(sha256).name, "reason": "", "scores": [], **credit(self.catalogue.image(sha256))}

    def requests(self, page: Page, image: BoardImage, kind: str, label: str, labels: set[str]) -> list[DecisionRequest]:
        found = super().requests(page, image, kind, label, labels)
        return [replace(request, sampling=WHOLE_FOLDER, moves=False) for request in found]

    def as_it_is(self, image: BoardImage, labels: set[str]) -> BoardImage:
        decided = self.decided.get(image.sha256)
        state = decided.kind if decided else OPEN
        return replace(image, state=state, label=decided.label if decided else "")

    def undo(self) -> Answer:
        answer = super().undo()
        return replace(answer, page=None)

    # What is recorded

    def keep(self, recording: Recording, frames: list[Frame]) -> None:
        """Put images of a recording away, with their credit, their recording and their label; all of a recording is
        one action. First what they are, then the files, then the label: cut short in between, none is without its
        recording.

        Raises:
            OSError: the disk is full.
        """
        now = datetime.now().astimezone()
        names = {frame.sha256: self._name(now) for frame in frames}
        recordings.remember(self._folder, self.catalogue, {frame.sha256: recording.id for frame in frames})
        self.catalogue.keep(*(self._rows(recording, frame, names[frame.sha256], now) for frame in frames))
        parts = {frame.sha256: files.write_part(self._folder, names[frame.sha256], frame.data) for frame in frames}
        for sha, part in parts.items():
            self._where[sha] = files.publish(part, self._folder, names[sha], sync=False)
        files.sync_folder(self._folder)
        self._put_on_page(recording, frames, names)
        if recording.label:
            self._label(recording, frames)

    def recorded(self) -> list[Page]:
        """The recordings of this part of the session as they are now, oldest first."""
        return [self.recording(id) for id in self._pages]

    def recording(self, id: str) -> Page:
        """One of them. Raises Refused where there is none of that id."""
        if id not in self._pages:
            raise Refused("There is no such recording.")
        page = self._pages[id]
        return replace(page, images=tuple(self.as_it_is(image, set()) for image in page.images))

    def counts_by_label(self) -> dict[str, tuple[int, int]]:
        """Label -> (images, recordings) that have it now."""
        images, pages = Counter[str](), dict[str, set[str]]()
        for page in self.recorded():
            for image in page.images:
                if image.label:
                    images[image.label] += 1
                    pages.setdefault(image.label, set()).add(page.id)
        return {label: (n, len(pages[label])) for label, n in images.items()}

    def label_of(self, sha256: str) -> str:
        decided = self.decided.get(sha256)
        return decided.label if decided and decided.kind != QUARANTINE else ""

    def _name(self, now: datetime) -> str:
        self._number += 1
        return f"{self.searchtag}_{self._number}_{now:%H%M%S}.jpg"

    def _rows(self, recording: Recording, frame: Frame, name: str, now: datetime) -> tuple[ArchiveEntry, Image]:
        at, source = now.isoformat(timespec="seconds"), "video" if recording.video else "camera"
        entry = ArchiveEntry(source, f"{recording.id}/{name}", "", KEPT, at, "", frame.sha256, frame.sha256)
        title, credit_line = recording.video or recording.label, VIDEO_CREDIT if recording.video else CREDIT
        image = Image(
            frame.sha256,
            frame.sha256,
            name,
            source,
            entry.source_id,
            image_url="",
            page_url="",
            title=title,
            creator="",
            licence="",
            licence_url="",
            credit=credit_line,
            searchtag=self.searchtag,
            at=at,
        )
        return entry, image

    def _put_on_page(self, recording: Recording, frames: list[Frame], names: dict[str, str]) -> None:
        page = self._pages.get(recording.id)
        page = page or Page(
            recording.id, "recording", recording.label, WHOLE_FOLDER, recording.video or recording.label
        )
        new = tuple(BoardImage(frame.sha256, "", name=names[frame.sha256]) for frame in frames)
        self._show(replace(page, images=page.images + new))

    def _label(self, recording: Recording, frames: list[Frame]) -> None:
        """Decide the label of images; what undo took back meanwhile stays without one."""
        action = self._actions.get(recording.id, 0)
        if action and not self.catalogue.decisions(decisions.DONE, action=action):
            return
        requests = [
            DecisionRequest(
                self._where[frame.sha256],
                self._folder,
                frame.sha256,
                RELABEL,
                recording.label,
                recording.id,
                WHOLE_FOLDER,
                moves=False,
            )
            for frame in frames
        ]
        result = decisions.decide(self.basetag, self.catalogue, requests, action)
        if result.decisions:
            self._actions.setdefault(recording.id, result.decisions[0].action)
        self.remember(result)

    def image_of(self, decision: Decision) -> BoardImage:
        return BoardImage(decision.sha256, "", name=Path(decision.source).name)


def unlearned(basetag: str, catalogue: Catalogue, but: str) -> dict[str, tuple[Path, str]]:
    """Content hash -> (file, label) of unsorted images with a label of earlier sessions, which no training has yet.

    Args:
        but: the name of an unsorted_ folder that is left out.
    """
    found: dict[str, tuple[Path, str]] = {}
    for folder in provenance.unsorted_folders(basetag):
        rows = decisions.decided_in(catalogue, folder.name).values() if folder.name != but else ()
        found |= {row.sha256: (folder / Path(row.source).name, row.label) for row in rows if row.label}
    return found
