"""Every source against a server that answers as the real site does."""

import itertools
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import config as cfg
from flow.base.errors import BadUsage, NoCredentials, NotReady
from flow.sources import REGISTRY, SourceError, check_ready, check_sources, open_sources, source_names
from flow.sources.site import licence_code, text
from flow.web.fetch import Fetcher
from tests import sites
from tests.servers import Server, html, in_turn, picture, status

KEYS = ("OPENVERSE_CLIENT_ID", "OPENVERSE_CLIENT_SECRET", "IMGURAPI_ID", "FLICKR_API_KEY")


@pytest.fixture
def server(tf_files, monkeypatch):
    for key in KEYS:
        monkeypatch.delenv(key, raising=False)
    cfg.host_pause_s = 0.0
    with Server() as made:
        for name in ("openverse", "commons", "nasa", "inaturalist", "imgur", "flickr"):
            setattr(cfg, f"url_{name}", made.base)
        yield made


def found(spec: str, tag: str = "robotart", most: int = 1000) -> list:
    with Fetcher(lambda: datetime.now().astimezone()) as fetcher:
        everything = []
        for source in open_sources(spec):
            source.use(fetcher)
            everything += itertools.islice(source.search(tag), most)
        return everything


def source_error(spec: str) -> SourceError:
    with pytest.raises(SourceError) as problem:
        found(spec)
    return problem.value


# Names


def test_unknown_source_names_the_nearest_and_all():
    with pytest.raises(BadUsage) as problem:
        check_sources("openverse,comons")
    assert "'commons'" in problem.value.message
    assert "folder:DIR" in problem.value.hint


@pytest.mark.parametrize("spec", ["folder", "urls:", "openverse:x", "sample:x"])
def test_arguments_where_they_belong(spec, tf_files):
    with pytest.raises(BadUsage):
        open_sources(spec)


def test_folder_names_may_hold_commas_and_colons(tmp_path):
    folder = tmp_path / "a, b:c,openly"
    folder.mkdir()
    sources = open_sources(f"folder:{folder},sample:7, Commons")
    assert [source.name for source in sources] == ["folder", "sample", "commons"]
    assert sources[0].folder == folder


def test_auto_is_openverse_then_commons_each_once(server):
    assert [source.name for source in open_sources("auto,openverse")] == ["openverse", "commons"]
    assert len(source_names()) == len(REGISTRY)


@pytest.mark.parametrize(("spec", "key"), [("imgur", "IMGURAPI_ID"), ("flickr", "FLICKR_API_KEY")])
def test_missing_key_says_how_to_get_one(server, spec, key):
    with pytest.raises(NoCredentials) as problem:
        open_sources(spec)
    assert problem.value.code == 12
    assert key in problem.value.message
    assert "keys" in problem.value.hint.lower()


def test_opening_sources_loads_neither_numpy_nor_pillow_nor_requests():
    code = "import sys, flow.sources as s; s.check_sources('auto'); "
    code += "print({'numpy', 'PIL', 'requests'} & set(sys.modules))"
    root = Path(__file__).parent.parent.parent
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


# Openverse


def test_openverse_pages_to_its_end(server):
    sites.openverse(server, [sites.openverse_row(n, f"http://x.example/{n}.jpg") for n in range(47)])
    all_found = found("openverse")
    assert len(all_found) == 47
    assert len([hit for hit in server.hits if "tags=" in hit]) == 3
    assert "license=cc0%2Cpdm%2Cby%2Cby-sa" in server.hits[0]
    assert "mature=false" in server.hits[0]
    first = all_found[0]
    assert (first.licence, first.creator, first.width) == ("by", "Jo Example", 1024)
    assert first.credit.startswith('"Tin robot 0" by Jo Example is licensed under CC BY 2.0.')


def test_openverse_ends_at_240_without_asking_beyond(server):
    sites.openverse(server, [sites.openverse_row(n, f"http://x.example/{n}.jpg") for n in range(400)])
    assert len(found("openverse")) == 240


def test_openverse_is_lazy(server):
    sites.openverse(server, [sites.openverse_row(n, f"http://x.example/{n}.jpg") for n in range(100)])
    assert len(found("openverse", most=5)) == 5
    assert len(server.hits) == 1


def test_openverse_depth_refusal_is_the_end_not_a_bad_key(server):
    page = [sites.openverse_row(n, f"http://x.example/{n}.jpg") for n in range(20)]

    def answer(request) -> None:
        if "page=1" in request.path.split("&") and "tags" in request.path:
            sites.json_answer(request, {"result_count": 240, "page_count": 12, "results": page})
        else:
            sites.json_answer(request, {"detail": "pagination depth may not exceed 240 for anonymous requests"}, 401)

    server.put("/v1/images/", answer)
    assert len(found("openverse")) == 20


def test_openverse_wikimedia_rows_use_the_thumbnail(server):
    row = sites.openverse_row(
        1, "https://upload.wikimedia.org/big.jpg", source="wikimedia", thumbnail="https://api.x/thumb/"
    )
    sites.openverse(server, [row])
    assert (found("openverse")[0].image_url, found("openverse")[0].fallback_url) == ("https://api.x/thumb/", row["url"])


def test_openverse_with_a_key(server, monkeypatch):
    monkeypatch.setenv("OPENVERSE_CLIENT_ID", "me")
    monkeypatch.setenv("OPENVERSE_CLIENT_SECRET", "right")
    sites.openverse(server, [sites.openverse_row(1, "http://x.example/1.jpg")], token="tok")
    assert len(found("openverse")) == 1
    assert server.headers[-1]["Authorization"] == "Bearer tok"
    monkeypatch.setenv("OPENVERSE_CLIENT_SECRET", "wrong")
    with pytest.raises(NoCredentials):
        found("openverse")
    monkeypatch.delenv("OPENVERSE_CLIENT_SECRET")
    with pytest.raises(NoCredentials):
        open_sources("openverse")


def test_openverse_short_wait_is_announced_and_waited_out(server, monkeypatch):
    from flow.ui import console

    notes = []
    monkeypatch.setattr(console, "note", notes.append)
    sites.openverse(server, [sites.openverse_row(1, "http://x.example/1.jpg")])
    search = server.routes["/v1/images/"]
    server.put("/v1/images/", in_turn(status(429, b'{"detail":"Request was throttled."}', Retry_After="1"), search))
    assert len(found("openverse")) == 1
    assert any("openverse asks to wait" in line for line in notes)


def test_openverse_day_limit_says_when_to_come_back(server):
    server.put("/v1/images/", status(429, b"{}", Retry_After="7200"))
    problem = source_error("openverse")
    assert problem.reason.startswith("openverse asks to be left alone until ")
    assert problem.until is not None
    assert len(server.hits) == 1


@pytest.mark.parametrize(
    "detail",
    [{"detail": {"license": ["License 'x' does not exist."]}}, {"error": "InputError", "detail": "bad", "fields": []}],
)
def test_openverse_refused_search_gives_the_reason(server, detail):
    server.put("/v1/images/", lambda request: sites.json_answer(request, detail, 400))
    assert "refuses the search (400" in source_error("openverse").reason


@pytest.mark.parametrize("spec", ["openverse", "commons", "nasa", "inaturalist"])
@pytest.mark.parametrize("route", [html, b"", b"[1, 2]", b"{" * 100_000, b"\xff\xfe"], ids=range(5))
def test_answers_that_are_no_results_are_source_errors_not_crashes(server, spec, route):
    for path in ("/v1/images/", "/w/api.php", "/search", "/v1/observations"):
        server.put(path, route)
    assert spec in source_error(spec).reason


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "results",
                    "query",
                    "pages",
                    "imageinfo",
                    "url",
                    "id",
                    "collection",
                    "items",
                    "data",
                    "links",
                    "href",
                    "photos",
                    "photo",
                    "images",
                    "link",
                    "continue",
                    "extmetadata",
                    "pageid",
                    "index",
                    "nasa_id",
                    "url_l",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON.filter(lambda value: isinstance(value, dict)))
def test_rows_of_any_shape_never_crash(row):
    from flow.sources import commons, flickr, imgur, inaturalist, nasa, openverse

    for read in (commons._found, flickr._found, imgur._pictures, inaturalist._photos, nasa._found, openverse._found):
        read(row)


def test_server_error_of_a_site_ends_the_source(server):
    server.put("/v1/images/", status(502))
    assert "trouble of its own (502)" in source_error("openverse").reason


def test_site_that_repeats_its_page_for_ever_is_left(server):
    pages = [sites.commons_page(n, f"http://x.example/{n}.jpg") for n in range(3)]
    data = {"query": {"pages": pages}, "continue": {"gsroffset": 50, "continue": "gsroffset||"}}
    server.put("/w/api.php", lambda request: sites.json_answer(request, data))
    assert len(found("commons")) == 3
    assert len(server.hits) <= 5


# Commons


def test_commons_pages_in_order_with_plain_texts(server):
    sites.commons(server, [sites.commons_page(n, f"http://x.example/{n}.jpg") for n in range(1, 121)])
    all_found = found("commons")
    assert [record.source_id for record in all_found] == [str(1000 + n) for n in range(1, 121)]
    assert all_found[0].creator == "Jo Example 1"
    assert (all_found[0].licence, all_found[0].licence_url) == (
        "by-sa",
        "https://creativecommons.org/licenses/by-sa/4.0",
    )
    assert len(server.hits) == 3


@pytest.mark.parametrize(("contact", "count"), [("", 1), ("me@example.org", 0)])
def test_commons_without_a_contact_says_what_it_allows(server, monkeypatch, contact, count):
    from flow.ui import console

    notes, cfg.contact = [], contact
    monkeypatch.setattr(console, "note", notes.append)
    sites.commons(server, [])
    found("commons")
    assert len([line for line in notes if "10 requests a minute without a contact" in line]) == count


def test_commons_nothing_found(server):
    sites.commons(server, [])
    assert found("commons") == []


def test_commons_lag_is_waited_for(server):
    sites.commons(server, [sites.commons_page(1, "http://x.example/1.jpg")])
    lag = {"error": {"code": "maxlag", "info": "Waiting for a server: 6 seconds lagged"}}
    server.put(
        "/w/api.php",
        in_turn(lambda request: sites.json_answer(request, lag, Retry_After="1"), server.routes["/w/api.php"]),
    )
    assert len(found("commons")) == 1


def test_commons_error_with_status_200_gives_the_reason(server):
    error = {"error": {"code": "badvalue", "info": "Unrecognized value"}}
    server.put("/w/api.php", lambda request: sites.json_answer(request, error))
    assert "Unrecognized value" in source_error("commons").reason


# The others


def test_nasa_marks_third_parties_and_tidies_addresses(server):
    sites.nasa(server, [f"http://images-assets.nasa.gov/image/PIA {n}/PIA {n}~thumb.jpg" for n in range(130)])
    all_found = found("nasa")
    assert len(all_found) == 130
    assert all_found[0].image_url == "https://images-assets.nasa.gov/image/PIA%200/PIA%200~medium.jpg"
    assert all_found[0].fallback_url.endswith("~thumb.jpg")
    assert [record.licence for record in all_found[:3]] == ["pdm", "pdm", "unknown"]
    assert "A Company Ltd" in all_found[2].creator


def test_inaturalist_goes_by_id_and_by_the_photos_own_licence(server):
    sites.inaturalist(server, [f"http://x.example/photos/{n}/square.jpeg" for n in range(230)])
    all_found = found("inaturalist", "lixus bardanae")
    assert len(all_found) == 230
    assert all_found[0].image_url == "http://x.example/photos/0/large.jpeg"
    assert [record.licence for record in all_found[:3]] == ["by", "by", "unknown"]
    assert "photo_license=cc0%2Ccc-by%2Ccc-by-sa" in server.hits[0]


def test_imgur_reads_albums_and_single_images(server, monkeypatch):
    monkeypatch.setenv("IMGURAPI_ID", "mine")
    with pytest.raises(BadUsage) as problem:
        open_sources("imgur")  # licences unknown, and nobody said that is fine
    assert problem.value.message == "Imgur gives no licences, and `licences` does not hold unknown."
    assert "Add unknown to `licences`" in problem.value.hint
    cfg.licences = [*cfg.licences, "unknown"]
    inner = {
        "id": "PqRsT12",
        "title": None,
        "type": "image/jpeg",
        "animated": False,
        "width": 1600,
        "height": 1312,
        "nsfw": None,
        "link": "https://i.imgur.com/PqRsT12.jpg",
    }
    album = {
        "id": "AbCdEf1",
        "title": "My robot",
        "account_url": "jo",
        "is_album": True,
        "link": "https://imgur.com/a/AbCdEf1",
        "nsfw": False,
        "images": [inner, {**inner, "id": "gif", "animated": True}, {**inner, "id": "rude", "nsfw": True}],
    }
    single = {
        **inner,
        "id": "ZyXwV98",
        "title": "single",
        "is_album": False,
        "link": "https://i.imgur.com/ZyXwV98.png",
        "type": "image/png",
    }
    sites.imgur(server, "robotart", [[album], [single, {**single, "id": "v", "type": "video/mp4"}]])
    assert [record.source_id for record in found("imgur")] == ["PqRsT12", "ZyXwV98"]
    assert found("imgur")[0].title == "My robot"
    monkeypatch.setenv("IMGURAPI_ID", "other")
    with pytest.raises(NoCredentials):
        found("imgur")


def test_flickr_with_and_without_a_good_key(server, monkeypatch):
    monkeypatch.setenv("FLICKR_API_KEY", "0123456789abcdef")
    sites.flickr(server, [f"http://x.example/{n}_b.jpg" for n in range(620)])
    all_found = found("flickr", "robot_art")
    assert len(all_found) == 620
    assert (all_found[0].licence, all_found[0].page_url) == ("by", "https://www.flickr.com/photos/1%40N00/4000")
    assert "tags=robotart" in server.hits[0]
    monkeypatch.setenv("FLICKR_API_KEY", "wrong-key-of-mine")
    with pytest.raises(NoCredentials) as problem:
        found("flickr")
    assert "wrong-key-of-mine" not in problem.value.message


# One's own images


def test_folder_finds_images_by_path_and_reads_credits(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "a.jpg").write_bytes(picture(1))
    (tmp_path / "b" / "c.PNG").write_bytes(picture(2, form="PNG"))
    (tmp_path / "plain").write_bytes(picture(3))
    for name in ("Thumbs.db", ".hidden.jpg", "notes.txt", "readme"):
        (tmp_path / name).write_bytes(b"no picture")
    (tmp_path / "CREDITS.csv").write_text("file,creator,license\na.jpg,'=Jo,by\n")
    records = list(open_sources(f"folder:{tmp_path}")[0].search("anything"))
    assert [Path(record.image_url).name for record in records] == ["a.jpg", "plain", "c.PNG"]
    assert (records[0].creator, records[0].licence) == ("=Jo", "by")
    assert open_sources(f"folder:{tmp_path}")[0].read(records[0]) == picture(1)


def test_folder_that_is_not_there():
    with pytest.raises(BadUsage):
        open_sources("folder:/no/such/place")


def test_folder_with_a_name_that_is_no_utf8(tmp_path):
    with open(os.fsencode(tmp_path) + b"/\xff\xfe.jpg", "wb") as writer:
        writer.write(picture(1))
    records = list(open_sources(f"folder:{tmp_path}")[0].search("x"))
    assert len(records) == 1
    records[0].source_id.encode("utf-8")  # can be stored


def test_url_list_takes_our_own_logs_too(tmp_path):
    listing = tmp_path / "list.txt"
    listing.write_text("# robots\nhttp://x.example/1.jpg\nrobotart_2_093011.jpg\thttps://x.example/2.jpg\n\nnonsense\n")
    assert [record.image_url for record in open_sources(f"urls:{listing}")[0].search("x")] == [
        "http://x.example/1.jpg",
        "https://x.example/2.jpg",
    ]


def test_a_folder_without_its_prefix_is_refused_with_the_right_words(tmp_path):
    with pytest.raises(BadUsage) as problem:
        check_sources(str(tmp_path))
    assert problem.value.hint == f"For images of your own: --source folder:{tmp_path}"


def test_a_folder_or_list_without_images_is_not_ready(tmp_path):
    listing = tmp_path / "list.txt"
    listing.write_text("# nothing yet\n")
    with pytest.raises(NotReady) as problem:
        check_ready(f"folder:{tmp_path},urls:{listing}")
    assert problem.value.message == f"There is no image in {tmp_path}. There is no address in {listing}."
    (tmp_path / "a.jpg").write_bytes(picture(1))
    check_ready(f"folder:{tmp_path},urls:{listing}")  # one of them has an image: no complaint
    check_ready(f"urls:{listing},sample")
    with pytest.raises(BadUsage):
        check_ready(",")


# The robots that are drawn here


def test_sample_is_the_same_every_time_and_another_for_each_seed():
    one, again, other = (open_sources(spec)[0] for spec in ("sample", "sample:1", "sample:2"))
    records = [list(itertools.islice(source.search("robotart"), 3)) for source in (one, again, other)]
    pictures = [
        [source.read(record) for record in found] for source, found in zip((one, again, other), records, strict=True)
    ]
    assert pictures[0] == pictures[1]
    assert not set(pictures[0]) & set(pictures[2])


def test_sample_gives_one_kind_or_all_four():
    from flow.sources.sample import KINDS, kind_of

    source = open_sources("sample")[0]
    for kind in KINDS:
        assert {kind_of(record.source_id) for record in itertools.islice(source.search(kind), 20)} == {kind}
    mixed = [kind_of(record.source_id) for record in itertools.islice(source.search("robotart"), 200)]
    assert all(30 < mixed.count(kind) < 70 for kind in KINDS)


def test_sample_images_are_all_kept_and_none_are_near_duplicates():
    from flow.download.validate import validate_image
    from flow.sources.sample import KINDS
    from scripts.learn.fingerprints import FingerprintIndex

    source, index = open_sources("sample")[0], FingerprintIndex()
    for kind in KINDS:
        for record in itertools.islice(source.search(kind), 15):
            fingerprint = validate_image(source.read(record)).look
            assert index.find(fingerprint) is None
            index.add(record.source_id, fingerprint)


# Small readers


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("CC BY-SA 4.0", "by-sa"),
        ("cc-by-2.0", "by"),
        ("CC BY 3.0 de", "by"),
        ("Public domain", "pdm"),
        ("PD-old-100", "pdm"),
        ("CC0", "cc0"),
        ("cc-zero", "cc0"),
        ("CC BY-NC 2.0", "by-nc"),
        ("CC BY-NC-ND 2.0", "by-nc-nd"),
        ("GFDL", "unknown"),
        ("", "unknown"),
        ("All rights reserved", "unknown"),
        ("No restrictions", "pdm"),
        ("by", "by"),
    ],
)
def test_licences_in_any_spelling(words, code):
    assert licence_code(words) == code


def test_markup_is_taken_out_of_texts():
    assert text('<a href="mailto:x@y">Jo &amp; <b>Co</b></a>\n') == "Jo & Co"
    assert text(None) == text(["x"]) == text(True) == ""
