"""README.md and docs/ are true: links lead somewhere, commands and options exist, pages are short and say what they are for."""

import argparse
import importlib
import importlib.util
import re
import shlex

import pytest
from PIL import Image

import config
from flow.base import settings
from flow.base.options import specs
from flow.commands.command import all_commands
from flow.commands.parse import CommonOptions, parse
from tests import pictures
from tests.terminal import PROJECT

README = PROJECT / "README.md"
DOCS = sorted((PROJECT / "docs").glob("*.md"))
PAGES = {
    path.name: path
    for path in (README, *DOCS, *(PROJECT / f"{n}.md" for n in ("ARCHITECTURE", "CONTRIBUTING", "CHANGELOG")))
}
TEXT = {name: path.read_text(encoding="utf-8") for name, path in PAGES.items()}
README_MAX = 9_000  # characters: read in five minutes
SCREENSHOTS_MAX = 5
LINES_MAX = 150
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
COMMAND = re.compile(r"roboflow\.py((?: [^\n`|]+)?)")
MODULE = re.compile(r"python -m ((?:scripts|tests)[\w.]*) ?(\w*)")
# Options of other programs, and of the studies, each of which has its own.
OTHERS = {"--bind", "--logdir", "--directory", "--user", "--now"}


def links(name: str) -> list[tuple[str, str, str]]:
    """(! for a picture, its text, where it leads) of each link of a page."""
    return LINK.findall(TEXT[name])


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere(name):
    for is_image, text, target in links(name):
        if target.startswith(("http://", "https://")):
            continue
        path, _, heading = target.partition("#")
        there = (PAGES[name].parent / path).resolve() if path else PAGES[name]
        assert there.exists(), target
        assert text.strip() and (len(text) > 20 or not is_image), f"{target}: what is to be seen there?"
        if heading:
            titles = re.findall(r"^#+ (.+)$", there.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}, target


def test_every_page_can_be_reached_from_the_readme():
    reached, waiting = set(), ["README.md"]
    while waiting:
        name = waiting.pop()
        reached.add(name)
        waiting += [
            t.rpartition("/")[2]
            for _, _, t in links(name)
            if t.endswith(".md") and t.rpartition("/")[2] in PAGES.keys() - reached
        ]
    assert set(PAGES) - reached == set()


def test_the_readme_is_read_in_five_minutes():
    assert len(TEXT["README.md"]) <= README_MAX
    assert 1 <= sum(bool(is_image) for is_image, _, _ in links("README.md")) <= SCREENSHOTS_MAX


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_a_page_is_short_and_says_first_what_it_is_for(path):
    lines = TEXT[path.name].splitlines()
    assert len(lines) <= LINES_MAX
    assert re.fullmatch(r"# \S.+", lines[0]) and lines[1] == ""
    first = re.match(r"([A-Z].*?[.:])\s", "\n".join(lines[2:]), re.DOTALL)
    assert first and 25 <= len(first[1]) <= 300, "a sentence that says what the page is for"


def test_the_pictures_are_all_shown_and_small():
    shown = {target.rpartition("/")[2] for name in PAGES for is_image, _, target in links(name) if is_image}
    stored = {path.name: path for path in pictures.FOLDER.iterdir()}
    assert shown == set(stored)
    assert sum(path.stat().st_size for path in stored.values()) < 1000 * pictures.KB_MAX
    for name, path in stored.items():
        with Image.open(path) as image:
            assert image.format == "WEBP" and image.width >= 700, name


COMMANDS = sorted(
    {
        (name, line.partition("   ")[0].strip())
        for name in ("README.md", *(d.name for d in DOCS))
        for line in COMMAND.findall(TEXT[name])
    }
)


@pytest.mark.parametrize(("name", "command"), COMMANDS)
def test_every_command_of_the_program_is_understood(name, command):
    words = shlex.split(command.rstrip(" \\.,;:)"), comments=True)
    if any(word.isupper() or word.startswith("[") for word in words):
        return  # a pattern, such as BASETAG IMAGEQUANTITY
    asked = parse(words)
    assert not words or asked.basetag or asked.common.help or asked.common.helpmore


def test_the_commands_are_found():
    assert len(COMMANDS) > 40 and ("README.md", "robots 200 robotart") in COMMANDS


@pytest.mark.parametrize("name", PAGES)
def test_every_script_study_and_make_target_is_there(name):
    found = {
        (module.rstrip("."), study) for module, study in MODULE.findall(TEXT[name].replace("studies.NAME", "studies"))
    }
    modules = {f"{module}.{study}" if module == "scripts.studies" and study else module for module, study in found}
    assert [module for module in sorted(modules) if importlib.util.find_spec(module) is None] == []
    targets = set(re.findall(r"^([\w-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:^ +|`)make ([a-z][\w-]*)", TEXT[name], re.MULTILINE)) <= targets


def flags_of_the_program() -> set[str]:
    kinds = [CommonOptions, *(command.options for command in all_commands().values())]
    found = {spec for kind in kinds for spec in specs(kind) if not spec.is_argument}
    return {spec.flag for spec in found} | {spec.flag.replace("--", "--no-", 1) for spec in found if spec.on_off}


def flags_of_scripts() -> set[str]:
    """Those of the poets' scripts and of the studies."""
    parser = argparse.ArgumentParser()
    for path in (PROJECT / "scripts/studies").glob("*.py"):
        module = (
            importlib.import_module(f"scripts.studies.{path.stem}")
            if path.stem not in ("__init__", "__main__")
            else None
        )
        if module and hasattr(module, "add_flags") and hasattr(module, "run"):
            own = argparse.ArgumentParser()
            module.add_flags(own)
            parser._option_string_actions.update(own._option_string_actions)
    poets = set(
        re.findall(
            r'"(--[a-z_]+)"',
            "".join((PROJECT / f"scripts/{n}.py").read_text() for n in ("label_image", "learn/poets_flags", "retrain")),
        )
    )
    return set(parser._option_string_actions) | poets


@pytest.mark.parametrize("name", PAGES)
def test_every_option_named_is_one(name):
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z_-]*", TEXT[name]))
    assert sorted(named - flags_of_the_program() - flags_of_scripts() - OTHERS) == []


def test_the_readme_has_every_flowstep_as_it_is_declared():
    table = TEXT["README.md"].split("| flowstep | what runs |\n|---|---|\n")[1].split("\n\n")[0]
    assert table.split("\n") == [f"| `{c.name}` | {c.summary} |" for c in all_commands().values()]


def test_the_page_of_the_loop_names_every_flowstep_and_no_other():
    table = TEXT["loop.md"].split("| flowstep | what runs |")[1].split("\n\n")[0]
    named = {word for row in re.findall(r"^\| (`[^|]*)", table, re.MULTILINE) for word in re.findall(r"`([\w-]+)", row)}
    assert named == set(all_commands())


def test_every_setting_of_the_settings_page_is_one_with_its_default():
    declared, text = settings.declared(), TEXT["settings.md"]
    named = re.findall(r"^\| `(\w+)` \| ([^|]*) \|", text, re.MULTILINE)
    assert len(named) >= 5
    for name, default in named:
        assert name in declared
        value = getattr(config, name)
        shown = (
            ", ".join(value)
            if isinstance(value, (list, tuple))
            else str(value).lower()
            if isinstance(value, bool)
            else str(value)
        )
        assert default.strip() == (shown or "empty"), name
    example = text.split("A small `roboflow.yaml`:\n\n")[1].split("\n\n")[0]
    assert {line.strip("# ").partition(":")[0] for line in example.split("\n")} <= {n.strip() for n in declared}
