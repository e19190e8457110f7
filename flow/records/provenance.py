"""Who labelled what. Folders are the truth; the catalogue remembers what the model said, and the difference between
the two is a person's doing."""

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from flow.base import files, names, paths
from flow.base.learning import hash_cache
from flow.records.catalogue import Catalogue
from flow.records.decisions import DONE
from flow.records.labels import by_hand
from flow.records.rows import CHOSEN, MODEL, PERSON, WHOLE_FOLDER, Label
from flow.ui import console

IMAGES_FEW = 5  # a label with fewer is left out of a training, unless --images-min says so


@dataclass(frozen=True, slots=True)
class LabeledImage:
    """One image file in a label folder. `given_by` is PERSON or MODEL; `sampling` RANDOM, WHOLE_FOLDER or CHOSEN."""

    path: Path
    label: str
    sha256: str
    given_by: str
    score: float | None = None
    model: str = ""
    sampling: str = WHOLE_FOLDER

    @property
    def measures(self) -> bool:
        """Whether accuracy may be measured on it: a person's label, of an image that nobody chose."""
        return self.given_by == PERSON and self.sampling != CHOSEN


def label_folders(basetag: str) -> list[Path]:
    """The label folders of a basetag's training data; its own words are no labels, nor bytes that are no text."""
    folders = files.folders_in(paths.training(basetag))
    return [f for f in folders if names.is_text(f.name) and not names.is_own_word(f.name)]


def odd_folders(basetag: str) -> list[Path]:
    """Folders of images beside the label folders whose names cannot be labels; a person should hear of them."""
    labels = set(label_folders(basetag))
    return [f for f in files.folders_in(paths.training(basetag)) if f not in labels and files.count_images(f)]


def label_counts(basetag: str) -> dict[str, int]:
    """Label -> image files. Counts files, reads none."""
    return {folder.name: files.count_images(folder) for folder in label_folders(basetag)}


def left_out(counts: dict[str, int], images_min: int = IMAGES_FEW) -> dict[str, int]:
    """The labels with so few images that a training goes without them, and how many they have.

    Args:
        images_min: what the person asks of a label; one with as many takes part.
    """
    return {label: n for label, n in counts.items() if 0 < n < min(IMAGES_FEW, images_min)}


def training_images(
    basetag: str, catalogue: Catalogue, remember: bool = True, follow: bool = True
) -> list[LabeledImage]:
    """Every training image with its label and who gave it, compared with what is remembered, which is brought up to
    date.

    An image that is not remembered, or lies in another folder than the model put it, was sorted by a person. One whose
    whole label folder was renamed or merged by hand is as it was.

    Args:
        remember: False where no lock is held: a harvest at work might be mistaken for a person.
        follow: False where a person said that it was no renaming.
    """
    folders = label_folders(basetag)
    listed, found, news = hash_images(folders), [], []
    remembered = catalogue.labels()
    if follow and (missing := by_hand.missing_labels(catalogue, [folder.name for folder in folders])):
        now = {sha: label for _, label, sha in listed}
        remembered = by_hand.followed(remembered, by_hand.recognise(missing, remembered, now), now)
    for path, label, sha in listed:
        old = remembered.get(sha)
        if old and old.label == label:
            found.append(LabeledImage(path, label, sha, old.given_by, old.score, old.model, old.sampling))
            continue
        # Put here by hand, it came with its folder; moved from where it was, it was moved because it looked wrong.
        sampling = CHOSEN if old else WHOLE_FOLDER
        found.append(LabeledImage(path, label, sha, PERSON, sampling=sampling))
        news.append(Label(sha, label, PERSON, sampling=sampling))
    if not remember:
        return found
    twice = _in_two_folders(found)
    catalogue.set_labels([label for label in news if label.sha256 not in twice])
    return found


def sorted_images(folder: Path, labels: set[str], catalogue: Catalogue) -> list[LabeledImage]:
    """The images in the label folders of one sorted_ folder, and who gave each its label.

    Left where the model put it: the model's, unless the folder was approved, or a person confirmed it on the check
    page. Moved, or added: a person's. They may measure where the folder was checked as a whole, with nothing left to
    the model and nothing left in the folders of unsure images, because sure images are easier than those that come.
    """
    put, approved = catalogue.sortings(folder.name), folder.name in catalogue.approved()
    decided = {d.sha256 for d in catalogue.decisions(DONE, folder.name) if d.label}
    found = []
    for path, label, sha in hash_images([f for f in files.folders_in(folder) if f.name in labels]):
        predicted = put.get(sha)
        untouched = predicted is not None and predicted.place == label and sha not in decided
        given_by = MODEL if untouched and not approved else PERSON
        score, model = (predicted.score, predicted.model) if predicted else (None, "")
        found.append(LabeledImage(path, label, sha, given_by, score, model, CHOSEN))
    left = any(files.count_images(f) for f in files.folders_in(folder) if names.is_under(f.name))
    whole = not left and all(image.given_by == PERSON for image in found)
    return [replace(image, sampling=WHOLE_FOLDER) for image in found] if whole else found


def own_folders(folder: Path, labels: set[str]) -> dict[str, int]:
    """What lies in a sorted_ folder and is neither a label's folder nor one of the uncertain: name -> images in it.

    A person made it, and it stays where it is. Empty folders and hidden ones are nobody's; "" stands for images that
    lie loose in the sorted_ folder itself.
    """
    others = [f for f in files.folders_in(folder) if f.name not in labels and not names.is_under(f.name)]
    own = {f.name: files.count_images(f) for f in others if any(f.iterdir())}
    loose = files.count_images(folder)
    return {**own, "": loose} if loose else own


def sorted_folders(basetag: str) -> list[Path]:
    """The sorted_ folders that wait for a person, oldest first."""
    return files.folders_in(paths.testing(basetag), paths.cfg.sorted_name)


def unsorted_folders(basetag: str) -> list[Path]:
    """The folders of what was downloaded, one a searchtag."""
    return files.folders_in(paths.testing(basetag), paths.cfg.unsorted_name)


def pending_counts(basetag: str, catalogue: Catalogue, only: str = "") -> dict[str, Counter]:
    """Label -> how many images wait in sorted_ folders, by who labelled them; for the question and the status.

    Args:
        only: one sorted_ folder's name; empty = all.
    """
    labels = {folder.name for folder in label_folders(basetag)}
    counts: dict[str, Counter] = {}
    for folder in sorted_folders(basetag):
        if only and folder.name != only:
            continue
        for image in sorted_images(folder, labels, catalogue):
            counts.setdefault(image.label, Counter())[image.given_by] += 1
    return counts


def conflicting_labels(images: list[LabeledImage]) -> int:
    """How many contents lie in more than one label folder."""
    return len(_in_two_folders(images))


def _in_two_folders(images: list[LabeledImage]) -> set[str]:
    pairs = {(image.sha256, image.label) for image in images}
    return {sha for sha, n in Counter(sha for sha, _ in pairs).items() if n > 1}


def hash_images(folders: list[Path]) -> list[tuple[Path, str, str]]:
    """(path, folder's name, content hash) of every image in the folders."""

    listed = [path for folder in folders for path in files.images_in(folder)]
    with hash_cache() as cache:
        found = cache.sha256s(listed)
    warn_unreadable(listed, found)
    return [(path, path.parent.name, sha) for path, sha in found.items()]


def warn_unreadable(listed: list[Path], found: dict[Path, str]) -> int:
    """Warn of image files the disk would not give; what vanished meanwhile is a person's doing. Returns how many."""
    unread = [path for path in listed if path not in found and path.exists()]
    for path in unread:
        message = f"{path} cannot be read from the disk; it stays where it is"
        if message not in console.warnings():
            console.warn(message)
    return len(unread)
