"""Every source against a server that answers as the real site does."""

import itertools
import os
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

import config as cfg
from flow.base.errors import BadUsage, NoCredentials, NotReady
from flow.sources import REGISTRY, SourceError, check_ready, check_sources, open_sources, source_names
from flow.sources.fields import licence_code, text
from flow.web.fetch import Fetcher
from tests import sites
from tests.servers import Server, html, image_bytes, in_turn, status

KEYS = ("OPENVERSE_CLIENT_ID", "OPENVERSE_CLIENT_SECRET", "IMGURAPI_ID", "FLICKR_API_KEY")


@pytest.fixture
def server(tf_files, monkeypatch):
    for key in KEYS:
        monkeypatch.delenv(key, raising=False)
    cfg.host_pause_s = 0.0
    with Server() as made:
        for name in vars(cfg):
            if name.startswith("url_"):
                setattr(cfg, name, made.base)
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


def rows_of(count: int, first: int = 0) -> list[dict]:
    return [sites.openverse_row(n, f"http://x.example/{n}.jpg") for n in range(first, first + count)]


def test_openverse_pages_to_its_end(server):
    sites.openverse(server, rows_of(47))
    all_found = found("openverse")
    assert len(all_found) == 47
    assert len([hit for hit in server.hits if "tags=" in hit]) == 3
    assert "license=cc0%2Cpdm%2Cby%2Cby-sa&" in server.hits[0]  # not mit, which it would refuse
    assert "mature=false" in server.hits[0]
    first = all_found[0]
    assert (first.licence, first.creator, first.width) == ("by", "Jo Example", 1024)
    assert first.credit.startswith('"Tin robot 0" by Jo Example is licensed under CC BY 2.0.')


def test_openverse_asks_for_the_tag_then_the_phrase_then_the_words_each_only_where_the_one_before_gave_too_few(server):
    sites.openverse(server, rows_of(3), phrase=rows_of(4, 2), words=rows_of(9))
    all_found = found("openverse", "red_panda")
    assert [one.found_by for one in all_found] == ["by tag"] * 3 + ["by the phrase"] * 3 + ["by single words"] * 3
    queries = [{"tags", "q"} & set(sites.parse_qs(hit.partition("?")[2])) for hit in server.hits]
    assert queries == [{"tags"}, {"q"}, {"q"}]
    assert "tags=%22red+panda%22" in server.hits[0]
    assert "q=%22red+panda%22" in server.hits[1]
    assert "q=red+panda&" in server.hits[2]
    server.hits.clear()
    assert len(found("openverse", "red_panda", most=3)) == 3
    assert len(server.hits) == 1


def test_openverse_of_one_word_says_whether_it_was_that_word(server):
    sites.openverse(server, [], phrase=rows_of(1), words=rows_of(2))
    assert [one.found_by for one in found("openverse", "robots")] == ["by the word", "by words like it"]


def test_openverse_ends_at_240_without_asking_beyond(server):
    sites.openverse(server, rows_of(400))
    assert len(found("openverse")) == 240


def test_openverse_is_lazy(server):
    sites.openverse(server, rows_of(100))
    assert len(found("openverse", most=5)) == 5
    assert len(server.hits) == 1


def test_openverse_depth_refusal_is_the_end_not_a_bad_key(server):
    page = rows_of(20)

    def answer(request) -> None:
        if "page=1" in request.path.split("&") and "tags" in request.path:
            sites.json_answer(request, {"result_count": 240, "page_count": 12, "results": page})
        else:
            sites.json_answer(request, {"detail": "pagination depth may not exceed 240 for anonymous requests"}, 401)

    server.put("/v1/images/", answer)
    assert len(found("openverse")) == 20


@pytest.mark.parametrize("source", ["wikimedia", "some_museum"])
def test_of_what_lies_at_wikimedia_only_the_thumbnail_is_asked_for(server, source):
    row = sites.openverse_row(
        1,
        "https://upload.wikimedia.org/big.jpg",
        source=source,
        thumbnail="https://api.openverse.org/v1/images/1/thumb/",
    )
    sites.openverse(server, [row])
    assert found("openverse")[0].addresses == ("https://api.openverse.org/v1/images/1/thumb/",)


def test_titles_without_what_wikimedia_hides_in_them(server):
    sites.openverse(server, [sites.openverse_row(1, "http://x.example/1.jpg", title='Robot label QS:Len,"Robot"')])
    assert found("openverse")[0].title == "Robot"


def test_cloudflares_page_is_told_as_what_it_is(server):
    server.put("/v1/images/", sites.cloudflare)
    reason = source_error("openverse").reason
    assert reason.startswith("openverse refuses this network (Cloudflare, its guard, answers 403)")
    assert "--source commons" in reason
    assert len(server.hits) == 1


def test_answers_of_a_site_come_packed(server):
    sites.openverse(server, rows_of(1))
    found("openverse")
    assert server.headers[0]["Accept-Encoding"] == "gzip"


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


PATHS = (
    *("/v1/images/", "/w/api.php", "/search", "/v1/taxa/autocomplete", "/v1/species/match", "/api/artworks/"),
    *("/public/collection/v1/search", "/api/datasets/a/b"),
)


@pytest.mark.parametrize(
    "spec", ["openverse", "commons", "nasa", "inaturalist", "gbif", "cleveland", "met", "huggingface:a/b"]
)
@pytest.mark.parametrize("route", [html, b"", b"[1, 2]", b"{" * 100_000, b"\xff\xfe"], ids=range(5))
def test_answers_that_are_no_results_are_source_errors_not_crashes(server, spec, route):
    for path in PATHS:
        server.put(path, route)
    assert spec.partition(":")[0] in source_error(spec).reason


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
                    *(
                        "url_l",
                        "media",
                        "identifier",
                        "license",
                        "type",
                        "web",
                        "creators",
                        "primaryImageSmall",
                        "objectID",
                    ),
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
    from flow.sources import cleveland, commons, flickr, gbif, imgur, inaturalist, met, nasa, openverse
    from flow.sources.site import Observations

    for read in (cleveland._found, flickr._found, imgur._images, met._found, nasa._found, openverse._found):
        read(row)
    commons._found(row, {"": "http://x.example/1.jpg", "1": "http://x.example/1.jpg"}, "")
    inaturalist._photos(row, Observations(), "")
    gbif._photos(row, Observations(), "")


def test_server_error_of_a_site_ends_the_source(server):
    server.put("/v1/images/", status(502))
    assert "an error of its own (502)" in source_error("openverse").reason


def test_site_that_repeats_its_page_for_ever_is_left(server):
    pages = [sites.at_width(page, 500) for page in files_of(range(3))]
    data = {"query": {"pages": pages}, "continue": {"gsroffset": 50, "continue": "gsroffset||"}}
    server.put("/w/api.php", lambda request: sites.json_answer(request, data))
    assert len(found("commons")) == 3
    assert len(server.hits) <= 5


# Commons


def files_of(numbers: range, **changes: object) -> list[dict]:
    return [sites.commons_page(n, f"http://x.example/{n}.jpg", **changes) for n in numbers]


def test_commons_pages_in_order_with_plain_texts(server):
    sites.commons(server, files_of(range(1, 121)))
    all_found = found("commons")
    assert [record.source_id for record in all_found] == [str(1000 + n) for n in range(1, 121)]
    assert (all_found[0].creator, all_found[0].title) == ("Jo Example 1", "Tin robot 1")
    assert (all_found[0].licence, all_found[0].licence_url) == (
        "by-sa",
        "https://creativecommons.org/licenses/by-sa/4.0",
    )
    assert len(server.hits) == 3


def test_commons_gives_thumbnails_and_never_an_original(server):
    """A file no wider than what is asked for gives its original instead: it is asked for again, narrower."""
    widths = (4000, 501, 500, 331, 330, 251, 250, 90)
    sites.commons(server, [sites.commons_page(n, f"http://x.example/{n}.jpg", width) for n, width in enumerate(widths)])
    addresses = [one.addresses for one in found("commons")]
    asked = [500, 500, 330, 330, 250, 250]  # and none for what is narrower than all widths
    assert [urlsplit(url).path for (url,) in addresses] == [f"/{n}_{width}px.jpg" for n, width in enumerate(asked)]
    assert [re.search(r"iiurlwidth=(\d+)", hit)[1] for hit in server.hits] == ["500", "330", "250"]


def test_commons_asks_for_the_phrase_first(server):
    sites.commons(server, files_of(range(1, 6)), phrase=files_of(range(4, 6)))
    assert [one.found_by for one in found("commons", "red_panda")] == ["by the phrase"] * 2 + ["by its words"] * 3


@pytest.mark.parametrize(("contact", "count"), [("", 1), ("me@robots.club", 0)])
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


def test_nasa_chooses_among_its_links_and_tidies_addresses(server):
    sites.nasa(server, [sites.nasa_item(n, "http://images-assets.nasa.gov") for n in range(130)])
    all_found = found("nasa")
    assert len(all_found) == 130
    start = "https://images-assets.nasa.gov/image/PIA%2000000/PIA%2000000"
    assert all_found[0].addresses == (f"{start}~medium.jpg", f"{start}~small.jpg")
    assert [record.licence for record in all_found[:3]] == ["pdm", "pdm", "unknown"]
    assert "NASA/JPL-Caltech/MSSS" in all_found[2].creator
    assert all_found[0].page_url == "https://images.nasa.gov/details/PIA%2000000"


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (("thumb",), ["thumb"]),
        (("orig", "large", "thumb"), ["large", "thumb"]),
        (("orig", "small", "large"), ["large", "small"]),
        (("orig",), []),
    ],
)
def test_nasa_never_takes_an_original_tiff(server, names, chosen):
    sites.nasa(server, [sites.nasa_item(1, "https://x.example", names)])
    addresses = [url for one in found("nasa") for url in one.addresses]
    assert [re.search(r"~(\w+)\.jpg$", url)[1] for url in addresses] == chosen


def test_robin_asks_for_all_below_one_taxon_and_names_it(server, monkeypatch):
    notes: list[str] = []
    monkeypatch.setattr("flow.ui.console.note", lambda text="": notes.append(text))
    photos = [sites.inat_photo(1, "http://x.example/photos/1/square.jpeg")]
    sites.inaturalist(server, [sites.observation(1, photos)])
    [one] = found("inaturalist", "robin")
    assert "taxon_id=13094" in server.hits[1] and "taxon_name" not in server.hits[1]
    assert "order_by=random" in server.hits[1]
    assert (
        notes[0]
        == "inaturalist: 'robin' is taken as European Robin: Erithacus rubecula (species), with everything below it."
    )
    assert "Turdus migratorius" in notes[1]
    assert one.found_by == "by taxon Erithacus rubecula"
    assert one.addresses == ("http://x.example/photos/1/large.jpeg", "http://x.example/photos/1/medium.jpeg")
    assert (one.creator, one.licence, one.page_url) == (
        "Jo Example",
        "by",
        "https://www.inaturalist.org/observations/1",
    )


def test_two_photos_of_a_sighting_and_ten_of_an_observer(server):
    def photos(n: int, count: int) -> list[dict]:
        return [sites.inat_photo(10 * n + k, f"http://x.example/{n}-{k}/square.jpg") for k in range(count)]

    many = [sites.observation(n, photos(n, 5)) for n in range(1, 9)]  # eight of jo's, five photos each
    sites.inaturalist(server, [*many, sites.observation(20, photos(20, 3), "ada")])
    creators = [one.creator for one in found("inaturalist", "robin")]
    assert creators == ["Jo Example"] * 10 + ["ada"] * 2


def test_inaturalist_goes_by_the_photos_own_licence(server):
    photos = [
        sites.inat_photo(n, f"http://x.example/{n}/square.jpg", code) for n, code in enumerate((None, "cc-by-nc"))
    ]
    cc0 = [sites.inat_photo(7, "http://x.example/7/square.jpg", "cc0")]
    sites.inaturalist(server, [sites.observation(1, photos), sites.observation(2, cc0)])
    assert [one.licence for one in found("inaturalist", "robin")] == ["cc0"]
    assert "photo_license=cc0%2Ccc-by%2Ccc-by-sa&" in server.hits[1]


def test_a_name_that_no_living_thing_has(server):
    sites.inaturalist(server, [], taxa=[])
    problem = source_error("inaturalist")
    assert problem.reason == "inaturalist knows no living thing called 'robotart'"
    assert not problem.again


def test_gbif_takes_the_publishers_address_and_only_plain_licences(server):
    free = "http://creativecommons.org/licenses/by/4.0/"
    media = [
        sites.gbif_media("https://inaturalist-open-data.s3.amazonaws.com/photos/1/original.jpg", free),
        sites.gbif_media("https://x.example/2.jpg", "CC BY-NC 4.0"),
        sites.gbif_media("https://x.example/3.jpg", "Usage Conditions Apply; by permission"),
        sites.gbif_media("https://x.example/4.jpg", None),
        sites.gbif_media("https://x.example/5.mp3", free, type="Sound"),
        sites.gbif_media(
            "https://x.example/6.jpg", "https://creativecommons.org/licenses/by/4.0/ but not for training"
        ),
    ]
    second = [sites.gbif_media("https://x.example/7.jpg", "CC0_1_0", creator=None, rightsHolder=None, references=None)]
    sites.gbif(server, [sites.occurrence(1, media), sites.occurrence(2, second)])
    one, other = found("gbif", "erithacus_rubecula")
    assert one.image_url == "https://inaturalist-open-data.s3.amazonaws.com/photos/1/large.jpg"
    assert (one.title, one.creator, one.licence, one.licence_url) == ("Erithacus rubecula", "Jo Example", "by", free)
    assert (other.licence, other.page_url) == ("cc0", "https://www.gbif.org/occurrence/4000000002")
    assert "taxonKey=2492462" in server.hits[1]
    assert one.found_by == "by taxon Erithacus rubecula"


def test_gbif_knows_scientific_names_only_and_takes_no_near_one(server):
    sites.gbif(server, [])
    assert "scientific names only" in source_error("gbif").reason


def test_cleveland_pages_through_what_is_cc0(server):
    works = [sites.artwork(n, f"http://x.example/{n}.jpg") for n in range(120)]
    works[3]["images"] = {}
    works[4]["images"] = None
    works[5]["share_license_status"] = "Copyrighted"
    sites.cleveland(server, works)
    all_found = found("cleveland")
    assert len(all_found) == 118
    first = all_found[0]
    assert (first.width, first.licence, first.creator) == (893, "cc0", "Jo Example (American, 1880-1950)")
    assert first.addresses == ("http://x.example/0.jpg",)  # never its TIFF
    assert first.credit.endswith("Gift of A. Person 1916.0, CC0")
    assert [one.licence for one in all_found[3:4]] == ["unknown"]


def test_the_met_gives_what_is_in_the_public_domain_one_request_a_work(server):
    works = [sites.met_work(n, f"http://x.example/{n}.jpg") for n in range(12)]
    for n in range(2, 8):  # more in a row than pages of nothing new that end a search
        works[n].update(isPublicDomain=False, primaryImageSmall="", primaryImage="")
    works[9]["title"] = ""  # gone meanwhile: 404
    sites.met(server, works)
    assert [one.source_id for one in found("met")] == ["400", "401", "408", "410", "411"]
    server.hits.clear()
    [one] = found("met", most=1)
    assert len(server.hits) == 2
    assert (one.title, one.creator, one.licence) == ("Armour 0", "Italian, Milan", "cc0")


def test_the_met_without_results(server):
    sites.met(server, [])
    assert found("met") == []


def beans(count: int = 60) -> list[tuple[str, int]]:
    """Sorted by label, as datasets often are."""
    return [(f"http://x.example/{n}.jpg", n * 3 // count) for n in range(count)]


def test_a_datasets_labels_come_in_turn(server):
    sites.huggingface(server, "ai-lab/beans", beans())
    all_found = found("huggingface:ai-lab/beans")
    assert len(all_found) == 60
    assert [one.title for one in all_found[:4]] == ["angular_leaf_spot", "bean_rust", "healthy", "angular_leaf_spot"]
    first = all_found[0]
    assert (first.creator, first.licence, first.licence_url) == ("ai-lab", "mit", "https://opensource.org/license/mit")
    assert first.source_id == "ai-lab/beans/default/train/0"
    assert first.page_url.endswith("/datasets/ai-lab/beans/viewer/default/train?row=0")


def test_a_searchtag_that_is_a_label_brings_that_label_alone(server):
    sites.huggingface(server, "ai-lab/beans", beans())
    assert {one.title for one in found("huggingface:ai-lab/beans", "bean_rust")} == {"bean_rust"}


def test_a_dataset_that_cannot_be_filtered_is_read_all_over(server):
    sites.huggingface(server, "ai-lab/beans", beans(), filters=False)
    all_found = found("huggingface:ai-lab/beans")
    assert len(all_found) == 60
    assert len({one.title for one in all_found[:40]}) > 1
    assert {one.title for one in found("huggingface:ai-lab/beans", "healthy")} == {"healthy"}


@pytest.mark.parametrize(
    ("licence", "message"),
    [
        ("cc-by-nc-4.0", "under cc-by-nc-4.0; add by-nc to `licences`"),
        (None, "add unknown"),
        (["other"], "add unknown"),
    ],
)
def test_a_datasets_licence_is_the_one_of_its_card(server, licence, message):
    sites.huggingface(server, "ai-lab/beans", beans(), licence=licence)
    problem = source_error("huggingface:ai-lab/beans")
    assert message in problem.reason
    assert not problem.again
    assert not [hit for hit in server.hits if hit.startswith("/rows")]


def test_a_dataset_that_is_not_there(server):
    sites.huggingface(server, "ai-lab/beans", beans())
    error = {"error": "Invalid username or password."}  # which it also says of what does not exist
    server.put("/api/datasets/ai-lab/bean", lambda request: sites.json_answer(request, error, 401))
    assert "no public dataset 'ai-lab/bean'" in source_error("huggingface:ai-lab/bean").reason


@pytest.mark.parametrize("spec", ["huggingface", "huggingface:", "huggingface:a/b/c", "huggingface:../x"])
def test_what_is_no_name_of_a_dataset(spec):
    with pytest.raises(BadUsage):
        open_sources(spec)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("bean_rust", "bean_rust"),
        ("Granny Smith", "granny_smith"),
        ("n014: tench, Tinca", "n014_tench_tinca"),
        ("?", ""),
    ],
)
def test_a_label_of_a_dataset_as_a_folder(name, label):
    from flow.sources.huggingface import label_of

    assert label_of(name) == label
    assert label_of("x" * 300) == "x" * 64


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
    assert all_found[0].addresses == ("http://x.example/0_b.jpg", "http://x.example/0.jpg")
    assert (all_found[0].licence, all_found[0].page_url) == ("by", "https://www.flickr.com/photos/1%40N00/4000")
    assert "tags=robotart" in server.hits[0]
    monkeypatch.setenv("FLICKR_API_KEY", "wrong-key-of-mine")
    with pytest.raises(NoCredentials) as problem:
        found("flickr")
    assert "wrong-key-of-mine" not in problem.value.message


@pytest.mark.parametrize(("number", "code"), [("13", "by-nd"), ("14", "by-nc"), ("15", "by-nc-sa"), ("16", "by-nc-nd")])
def test_flickrs_newer_licences(server, monkeypatch, number, code):
    monkeypatch.setenv("FLICKR_API_KEY", "0123456789abcdef")
    sites.flickr(server, ["http://x.example/1_b.jpg"], licence=number)
    [one] = found("flickr")
    assert (one.licence, one.licence_url) == (code, f"https://creativecommons.org/licenses/{code}/4.0/")
    assert number not in server.hits[0].partition("license=")[2].partition("&")[0].split("%2C")  # not wanted by default


# One's own images


def test_folder_finds_images_by_path_and_reads_credits(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "a.jpg").write_bytes(image_bytes(1))
    (tmp_path / "b" / "c.PNG").write_bytes(image_bytes(2, form="PNG"))
    (tmp_path / "plain").write_bytes(image_bytes(3))
    for name in ("Thumbs.db", ".hidden.jpg", "notes.txt", "readme"):
        (tmp_path / name).write_bytes(b"no picture")
    (tmp_path / "CREDITS.csv").write_text("file,creator,license\na.jpg,'=Jo,by\n")
    records = list(open_sources(f"folder:{tmp_path}")[0].search("anything"))
    assert [Path(record.image_url).name for record in records] == ["a.jpg", "plain", "c.PNG"]
    assert (records[0].creator, records[0].licence) == ("=Jo", "by")
    assert open_sources(f"folder:{tmp_path}")[0].read(records[0]) == image_bytes(1)


def test_folder_that_is_not_there():
    with pytest.raises(BadUsage):
        open_sources("folder:/no/such/place")


def test_folder_with_a_name_that_is_no_utf8(tmp_path):
    with open(os.fsencode(tmp_path) + b"/\xff\xfe.jpg", "wb") as writer:
        writer.write(image_bytes(1))
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


def test_a_folder_without_its_prefix_is_refused_with_the_right_words(tmp_path, monkeypatch):
    with pytest.raises(BadUsage) as problem:
        check_sources(str(tmp_path))
    assert problem.value.hint == f"For images of your own: --source folder:{tmp_path}"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "holiday").mkdir()
    with pytest.raises(BadUsage) as problem:
        check_sources("holiday")  # a folder here, without a stroke in its name
    assert problem.value.hint == "For images of your own: --source folder:holiday"


def test_a_folder_or_list_without_images_is_not_ready(tmp_path):
    listing = tmp_path / "list.txt"
    listing.write_text("# nothing yet\n")
    with pytest.raises(NotReady) as problem:
        check_ready(f"folder:{tmp_path},urls:{listing}")
    assert problem.value.message == f"There is no image in {tmp_path}. There is no address in {listing}."
    (tmp_path / "a.jpg").write_bytes(image_bytes(1))
    check_ready(f"folder:{tmp_path},urls:{listing}")  # one of them has an image: no complaint
    check_ready(f"urls:{listing},sample")
    with pytest.raises(BadUsage):
        check_ready(",")


# The robots that are drawn here


def test_sample_is_the_same_every_time_and_another_for_each_seed():
    one, again, other = (open_sources(spec)[0] for spec in ("sample", "sample:1", "sample:2"))
    records = [list(itertools.islice(source.search("robotart"), 3)) for source in (one, again, other)]
    images = [
        [source.read(record) for record in found] for source, found in zip((one, again, other), records, strict=True)
    ]
    assert images[0] == images[1]
    assert not set(images[0]) & set(images[2])


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
            fingerprint = validate_image(source.read(record)).fingerprint
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
        ("http://creativecommons.org/licenses/by/4.0/legalcode", "by"),
        ("https://creativecommons.org/licenses/by-nc-sa/3.0/de/deed.de", "by-nc-sa"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "cc0"),
        ("http://creativecommons.org/publicdomain/mark/1.0/", "pdm"),
        ("https://creativecommons.org/licenses/by/4.0/ for friends", "unknown"),
        ("https://evil.example/licenses/by/4.0/", "unknown"),
        ("CC0_1_0", "cc0"),
    ],
)
def test_licences_in_any_spelling(words, code):
    assert licence_code(words) == code


def test_markup_is_taken_out_of_texts():
    assert text('<a href="mailto:x@y">Jo &amp; <b>Co</b></a>\n') == "Jo & Co"
    assert text(None) == text(["x"]) == text(True) == ""
