"""The image sites' own APIs on a `servers.Server`: the shapes that the services really give, with invented values.

Fields, nesting, nulls, several links, paging, limits and error bodies were written anew from recorded answers and
documentation of 2025-26. Where a site is asked for something it would refuse, so does this.
"""

import gzip
import json
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from tests.servers import Route, Server, send, status

CLOUDFLARE = (
    b"<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head><body>Sorry</body></html>"
)


def json_answer(request: BaseHTTPRequestHandler, data: object, code: int = 200, **headers: str) -> None:
    """As services do: packed where the client takes that."""
    body = json.dumps(data).encode()
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        body, headers = gzip.compress(body), {"Content_Encoding": "gzip", **headers}
    send(request, body, code, "application/json", **headers)


def cloudflare(request: BaseHTTPRequestHandler) -> None:
    """The page that stands between a data centre and a site."""
    named = {"cf_ray": "9a1b2c3d4e5f-FRA", "cf_mitigated": "challenge", "Server": "cloudflare"}
    send(request, CLOUDFLARE, 403, "text/html; charset=UTF-8", **named)


def asked_of(request: BaseHTTPRequestHandler) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(request.path).query).items()}


# Openverse


def openverse_row(n: int, url: str, **changes: object) -> dict:
    """One result, as Openverse gives it for a Flickr photo."""
    return {
        "id": f"3f1c2a54-8e0b-4f0c-9a53-{n:012d}",
        "title": f"Tin robot {n}",
        "indexed_on": "2020-03-12T09:11:22.000000Z",
        "foreign_landing_url": f"https://www.flickr.com/photos/00000000@N00/{n}",
        "url": url,
        "creator": "Jo Example",
        "creator_url": "https://www.flickr.com/photos/00000000@N00",
        "license": "by",
        "license_version": "2.0",
        "license_url": "https://creativecommons.org/licenses/by/2.0/",
        "provider": "flickr",
        "source": "flickr",
        "category": None,
        "filesize": None,
        "filetype": None,
        "tags": [
            {"accuracy": None, "name": "robotart", "unstable__provider": "flickr"},
            {"accuracy": 0.93, "name": "toy", "unstable__provider": "clarifai"},
        ],
        "attribution": f'"Tin robot {n}" by Jo Example is licensed under CC BY 2.0. To view a copy of this license, '
        "visit https://creativecommons.org/licenses/by/2.0/.",
        "fields_matched": ["tags.name"],
        "mature": False,
        "height": 683,
        "width": 1024,
        "thumbnail": None,
        "detail_url": "",
        "related_url": "",
        "unstable__sensitivity": [],
        **changes,
    }


def openverse(
    server: Server, rows: list[dict], token: str = "", phrase: list[dict] | None = None, words: list[dict] | None = None
) -> None:
    """The search: `rows` by tag, `phrase` by q in quotes, `words` by q; 20 a page, 240 deep, the real refusals."""

    def search(request: BaseHTTPRequestHandler) -> None:
        asked = asked_of(request)
        page, size = int(asked["page"]), int(asked["page_size"])
        who = "authenticated" if "Authorization" in request.headers else "anonymous"
        if token and request.headers.get("Authorization") not in (None, f"Bearer {token}"):
            return json_answer(request, {"detail": "Authentication credentials were not valid."}, 401)
        if size > 20:
            return json_answer(request, {"detail": f"page_size may not exceed 20 for {who} requests"}, 401)
        if page * size > 240:
            return json_answer(request, {"detail": f"pagination depth may not exceed 240 for {who} requests"}, 401)
        unknown = set(asked["license"].split(",")) - {"cc0", "pdm", "by", "by-sa", "by-nc", "by-nd", "by-nc-sa"}
        if unknown:
            detail = {"license": [f"License '{name}' does not exist." for name in sorted(unknown)]}
            return json_answer(request, {"detail": detail}, 400)
        found = rows if "tags" in asked else (phrase if asked["q"].startswith('"') else words) or []
        data = {
            "result_count": min(240, len(found)),
            "page_count": -(-min(240, len(found)) // size),
            "page_size": size,
            "page": page,
            "results": found[(page - 1) * size : page * size],
        }
        limits = {"X_RateLimit_Limit_anon_burst": "20/min", "X_RateLimit_Available_anon_burst": "19"}
        return json_answer(request, data, **limits)

    def give_token(request: BaseHTTPRequestHandler) -> None:
        if request.form.get("client_secret") != ["right"]:
            return json_answer(request, {"error": "invalid_client"}, 401)
        given = {"access_token": token, "token_type": "Bearer", "expires_in": 36000, "scope": "read write"}
        return json_answer(request, given)

    server.put("/v1/images/", search)
    server.put("/v1/auth_tokens/token/", give_token)


# Commons


def commons_page(n: int, url: str, width: int = 1600, **extmetadata: str) -> dict:
    """One file, as Commons knows it; `commons` adds the addresses for the width that is asked for."""
    values = {
        "ObjectName": f'Tin robot {n}<div style="display: none;">label QS:Len,"Tin robot {n}"</div>',
        "Artist": f'<a href="//x/User:Jo" title="User:Jo">Jo&nbsp;Example {n}</a>',
        "Credit": '<span class="int-own-work" lang="en">Own work</span>',
        "LicenseShortName": "CC BY-SA 4.0",
        "LicenseUrl": "https://creativecommons.org/licenses/by-sa/4.0",
        "License": "cc-by-sa-4.0",
        "UsageTerms": "Creative Commons Attribution-Share Alike 4.0",
        "AttributionRequired": "true",
        **extmetadata,
    }
    info = {
        "size": 372133,
        "width": width,
        "height": width * 3 // 4,
        "mime": "image/jpeg",
        "sha1": f"{n:040x}",
        "url": url,
        "descriptionurl": f"https://commons.wikimedia.org/wiki/File:Tin_{n}.jpeg",
        "descriptionshorturl": f"https://commons.wikimedia.org/w/index.php?curid={1000 + n}",
        "extmetadata": {
            name: {"value": value, "source": "commons-desc-page", "hidden": ""}
            for name, value in values.items()
            if value
        },
    }
    page = {"pageid": 1000 + n, "ns": 6, "title": f"File:Tin {n}.jpeg", "index": n, "imagerepository": "local"}
    return {**page, "imageinfo": [info]}


def commons_file(server: Server, n: int, body: bytes, **extmetadata: str) -> dict:
    """One file whose thumbnail is served and whose original is refused, as programs are."""
    server.put(f"/c{n}_500px.jpg", body)
    refused = b"Please honor our robot policy https://w.wiki/4wJS"
    return commons_page(n, server.put(f"/c{n}.jpg", status(403, refused)), **extmetadata)


def commons(server: Server, pages: list[dict], phrase: list[dict] | None = None) -> None:
    """The search and the look-up by page ids: pages in no order, `continue` until the end, no `query` where nothing is
    found. A file no wider than asked for gives its original as its thumbnail."""

    def search(request: BaseHTTPRequestHandler) -> None:
        asked = asked_of(request)
        if "RoboFlow/" not in request.headers.get("User-Agent", ""):
            return send(request, b"<html>set a user agent</html>", 403, "text/html")
        width = int(asked["iiurlwidth"])
        if width not in (20, 40, 60, 120, 250, 330, 500, 960, 1280, 1920, 3840):
            return json_answer(request, {"error": {"code": "badvalue", "info": "Unrecognized width"}})
        if "pageids" in asked:
            wanted = asked["pageids"].split("|")
            some = [at_width(page, width) for page in pages if str(page["pageid"]) in wanted]
            return json_answer(request, {"batchcomplete": True, "query": {"pages": some}})
        found = (phrase or []) if asked["gsrsearch"].startswith('"') else pages
        offset, limit = int(asked["gsroffset"]), int(asked["gsrlimit"])
        part = found[offset : offset + limit]
        data: dict = {"batchcomplete": True}
        if part:
            data["query"] = {"pages": [at_width(page, width) for page in reversed(part)]}
        if offset + limit < len(found):
            data["continue"] = {"gsroffset": offset + limit, "continue": "gsroffset||"}
        return json_answer(request, data)

    server.put("/w/api.php", search)


def at_width(page: dict, width: int) -> dict:
    info = page["imageinfo"][0]
    original, campaign = info["url"], "utm_source=commons.wikimedia.org&utm_campaign=imageinfo"
    is_wider = info["width"] > width
    thumb = original.replace(".jpg", f"_{width}px.jpg") if is_wider else original
    fields = {
        "thumburl": f"{thumb}?{campaign}&utm_content={'thumbnail' if is_wider else 'original'}",
        "thumbwidth": width,
        "thumbheight": width * 3 // 4,
        "responsiveUrls": {"1.5": thumb, "2": thumb},
        "url": f"{original}?{campaign}&utm_content=original",
    }
    return {**page, "imageinfo": [{**info, **fields}]}


# NASA


def nasa_item(n: int, base: str, names: tuple[str, ...] = ("medium", "orig", "large", "small", "thumb")) -> dict:
    """One item with its five links; the canonical one is a TIFF, addresses hold a blank and begin with http."""
    facts = {
        "center": "JPL",
        "title": f"Robot arm {n}",
        "nasa_id": f"PIA {n:05d}",
        "media_type": "image",
        "keywords": ["robot", "arm"],
        "date_created": "2019-05-01T00:00:00Z",
        "description_508": "A robot arm.",
        "description": "A robot arm above the ground. <b>Credit</b>: NASA/JPL-Caltech",
    }
    if n % 3 == 2:
        facts["secondary_creator"] = "NASA/JPL-Caltech/MSSS"
    links = [
        {
            "href": f"{base}/image/PIA {n:05d}/PIA {n:05d}~{name}.{'tif' if name == 'orig' else 'jpg'}",
            "rel": {"orig": "canonical", "thumb": "preview"}.get(name, "alternate"),
            "render": "image",
            "width": 1280,
            "height": 960,
            "size": 204800,
        }
        for name in names
    ]
    return {"href": f"{base}/image/PIA {n:05d}/collection.json", "data": [facts], "links": links}


def nasa(server: Server, items: list[dict]) -> None:
    """The search; past its last page 400."""

    def search(request: BaseHTTPRequestHandler) -> None:
        page, size = int(asked_of(request)["page"]), int(asked_of(request)["page_size"])
        if page > 100:
            return json_answer(request, {"reason": "Maximum number of search results have been displayed."}, 400)
        collection = {
            "version": "1.1",
            "href": "http://images-api.nasa.gov/search?q=robot",
            "metadata": {"total_hits": len(items)},
            "items": items[(page - 1) * size : page * size],
            "links": [{"rel": "next", "prompt": "Next", "href": "http://images-api.nasa.gov/search?q=robot&page=2"}],
        }
        return json_answer(request, {"collection": collection})

    server.put("/search", search)


# iNaturalist

ROBINS = [
    # The first answer to "robin" is a bird whose name it is only a part of, as everybody types; then come others.
    {"id": 12727, "name": "Turdus migratorius", "common": "American Robin", "matched": "American Robin"},
    {"id": 13094, "name": "Erithacus rubecula", "common": "European Robin", "matched": "Robin"},
    {"id": 52579, "name": "Silene flos-cuculi", "common": "Ragged-Robin", "matched": "Ragged-Robin"},
]


def taxon(row: dict) -> dict:
    return {
        "id": row["id"],
        "rank": "species",
        "rank_level": 10,
        "iconic_taxon_id": 3,
        "ancestor_ids": [48460, 1, 2, 3, row["id"]],
        "is_active": True,
        "name": row["name"],
        "parent_id": 1,
        "extinct": False,
        "default_photo": None,
        "observations_count": 210345,
        "wikipedia_url": None,
        "complete_species_count": None,
        "iconic_taxon_name": "Aves",
        "preferred_common_name": row["common"],
        "matched_term": row["matched"],
    }


def observation(n: int, photos: list[dict], login: str = "jo") -> dict:
    return {
        "id": n,
        "uuid": f"00000000-0000-4000-8000-{n:012d}",
        "quality_grade": "research",
        "uri": f"https://www.inaturalist.org/observations/{n}",
        "license_code": "cc0",
        "species_guess": None,
        "place_guess": None,
        "taxon": {
            "id": 13094,
            "name": "Erithacus rubecula",
            "rank": "species",
            "preferred_common_name": "European Robin",
        },
        "user": {"id": 1, "login": login, "name": "Jo Example" if login == "jo" else None},
        "observation_photos": [],
        "photos": photos,
    }


def inat_photo(n: int, url: str, licence: str | None = "cc-by") -> dict:
    return {
        "id": 5000 + n,
        "license_code": licence,
        "original_dimensions": {"width": 1445, "height": 1057},
        "url": url,
        "attribution": "(c) Jo Example, some rights reserved (CC BY)",
        "flags": [],
        "moderator_actions": [],
        "hidden": False,
    }


def inaturalist(server: Server, observations: list[dict], taxa: list[dict] = ROBINS) -> None:
    """Autocomplete, and observations of a taxon, ten thousand deep; here the random order is that of the list."""

    def complete(request: BaseHTTPRequestHandler) -> None:
        found = [taxon(row) for row in taxa]
        json_answer(request, {"total_results": len(found), "page": 1, "per_page": 30, "results": found})

    def search(request: BaseHTTPRequestHandler) -> None:
        asked = asked_of(request)
        page, size = int(asked["page"]), int(asked["per_page"])
        if page * size > 10_000:
            return json_answer(request, {"error": "Result window is too large", "status": 403}, 403)
        part = observations[(page - 1) * size : page * size]
        data = {"total_results": len(observations), "page": page, "per_page": size, "results": part}
        return json_answer(request, data)

    server.put("/v1/taxa/autocomplete", complete)
    server.put("/v1/observations", search)


# GBIF


def occurrence(n: int, media: list[dict], recorded_by: str | None = "Jo Example") -> dict:
    return {
        "key": 4000000000 + n,
        "datasetKey": "50c9509d-22c7-4a22-a47d-8c48425ef4a7",
        "publishingOrgKey": "28eb1a3f-1c15-4a95-931a-4af90ecb574d",
        "basisOfRecord": "HUMAN_OBSERVATION",
        "occurrenceID": f"https://www.inaturalist.org/observations/{n}",
        "taxonKey": 2492462,
        "scientificName": "Erithacus rubecula (Linnaeus, 1758)",
        "species": "Erithacus rubecula",
        "recordedBy": recorded_by,
        "license": "http://creativecommons.org/licenses/by-nc/4.0/legalcode",
        "media": media,
        "gbifID": str(4000000000 + n),
    }


def gbif_media(url: str, licence: str | None, **changes: object) -> dict:
    fields = {
        "type": "StillImage",
        "format": "image/jpeg",
        "references": "https://www.inaturalist.org/photos/1",
        "created": "2024-05-04T10:20:00.000+00:00",
        "creator": "Jo Example",
        "publisher": "iNaturalist",
        "license": licence,
        "rightsHolder": "Jo Example",
        "identifier": url,
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not None}


def gbif(server: Server, occurrences: list[dict]) -> None:
    """The match of a scientific name and the search below it."""

    def match(request: BaseHTTPRequestHandler) -> None:
        if asked_of(request)["name"].lower() != "erithacus rubecula":
            return json_answer(request, {"confidence": 100, "matchType": "NONE", "synonym": False})
        found = {"usageKey": 2492462, "scientificName": "Erithacus rubecula (Linnaeus, 1758)", "rank": "SPECIES"}
        more = {"canonicalName": "Erithacus rubecula", "status": "ACCEPTED", "confidence": 99, "matchType": "EXACT"}
        return json_answer(request, {**found, **more, "kingdom": "Animalia", "class": "Aves"})

    def search(request: BaseHTTPRequestHandler) -> None:
        asked = asked_of(request)
        offset, limit = int(asked["offset"]), min(300, int(asked["limit"]))
        part = occurrences[offset : offset + limit]
        data = {"offset": offset, "limit": limit, "endOfRecords": offset + limit >= len(occurrences)}
        return json_answer(request, {**data, "count": len(occurrences), "results": part, "facets": []})

    server.put("/v1/species/match", match)
    server.put("/v1/occurrence/search", search)


# Museums


def artwork(n: int, url: str, **changes: object) -> dict:
    """One work of the Cleveland Museum of Art; numbers come as texts there."""
    sizes = {
        "annotation": None,
        "web": {"url": url, "width": "893", "height": "664", "filesize": "232120", "filename": f"{n}_web.jpg"},
        "print": {"url": f"{url}_print", "width": "3400", "height": "2500", "filesize": "8000000"},
        "full": {"url": f"{url}_full.tif", "width": "8000", "height": "6000", "filesize": "144000000"},
    }
    return {
        "id": 90000 + n,
        "accession_number": f"1916.{n}",
        "share_license_status": "CC0",
        "tombstone": f"Tin robot {n}, 1916. Jo Example. The Cleveland Museum of Art, Gift of A. Person 1916.{n}",
        "title": f"Tin robot {n}",
        "creators": [{"id": 1, "description": "Jo Example (American, 1880-1950)", "role": "artist"}],
        "type": "Sculpture",
        "url": f"https://clevelandart.org/art/1916.{n}",
        "images": sizes,
        "alternate_images": [],
        **changes,
    }


def cleveland(server: Server, works: list[dict]) -> None:
    def search(request: BaseHTTPRequestHandler) -> None:
        asked = asked_of(request)
        skip, limit = int(asked["skip"]), int(asked["limit"])
        info = {"total": len(works), "parameters": {"skip": skip, "limit": limit, "q": asked["q"], "cc0": "1"}}
        json_answer(request, {"info": info, "data": works[skip : skip + limit]})

    server.put("/api/artworks/", search)


def met_work(n: int, url: str, **changes: object) -> dict:
    """One work of the Met; a work not in the public domain has empty addresses."""
    return {
        "objectID": 400 + n,
        "isHighlight": False,
        "accessionNumber": f"1975.1.{n}",
        "isPublicDomain": True,
        "primaryImage": f"{url}_original",
        "primaryImageSmall": url,
        "additionalImages": [],
        "department": "Arms and Armor",
        "objectName": "Armor",
        "title": f"Armour {n}",
        "culture": "Italian, Milan",
        "artistDisplayName": "",
        "objectURL": f"https://www.metmuseum.org/art/collection/search/{400 + n}",
        "tags": None,
        "creditLine": "Gift of A. Person, 1975",
        **changes,
    }


def met(server: Server, works: list[dict]) -> None:
    """The search gives ids; one of them is gone meanwhile."""
    ids = [work["objectID"] for work in works]
    found = {"total": len(ids), "objectIDs": ids or None}
    server.put("/public/collection/v1/search", lambda request: json_answer(request, found))
    for work in works:
        missing = {"message": "ObjectID not found"}
        answer, code = (work, 200) if work["title"] else (missing, 404)
        path = f"/public/collection/v1/objects/{work['objectID']}"
        server.put(path, lambda request, answer=answer, code=code: json_answer(request, answer, code))


# Hugging Face


def huggingface(
    server: Server,
    dataset: str,
    cells: list[tuple[str, int]],
    names: tuple[str, ...] = ("angular_leaf_spot", "bean_rust", "healthy"),
    licence: object = "mit",
    filters: bool = True,
) -> None:
    """A dataset's card and rows; `cells` are (address, label). Image cells are signed addresses."""
    features = [
        {"feature_idx": 0, "name": "image_file_path", "type": {"dtype": "string", "_type": "Value"}},
        {"feature_idx": 1, "name": "image", "type": {"_type": "Image"}},
        {"feature_idx": 2, "name": "labels", "type": {"names": list(names), "_type": "ClassLabel"}},
    ]

    def row(n: int) -> dict:
        url, label = cells[n]
        signed = {"src": f"{url}?Expires=1790000000&Signature=abc~1&Key-Pair-Id=K3", "height": 500, "width": 500}
        cell = {"image_file_path": f"/home/jo/{n}.jpg", "image": signed, "labels": label}
        return {"row_idx": n, "row": cell, "truncated_cells": []}

    def rows(request: BaseHTTPRequestHandler) -> None:
        asked = asked_of(request)
        if asked["dataset"] != dataset:
            error = {"error": "The dataset does not exist, or is not accessible without authentication."}
            return json_answer(request, error, 404, X_Error_Code="DatasetNotFoundError")
        chosen = list(range(len(cells)))
        if urlsplit(request.path).path == "/filter":
            if not filters:
                error = {"error": "The split is being processed for full-text search. Try again later."}
                return json_answer(request, error, 500, X_Error_Code="ResponseNotReady")
            label = int(asked["where"].removeprefix('"labels"='))
            chosen = [n for n in chosen if cells[n][1] == label]
        offset, length = int(asked["offset"]), int(asked["length"])
        if length > 100:
            return json_answer(request, {"error": "Parameter 'length' must not be greater than 100"}, 422)
        fields = {"num_rows_total": len(chosen), "num_rows_per_page": 100, "partial": False}
        some = [row(n) for n in chosen[offset : offset + length]]
        return json_answer(request, {"features": features, "rows": some, **fields})

    def splits(request: BaseHTTPRequestHandler) -> None:
        if asked_of(request)["dataset"] != dataset:
            return rows(request)
        found = [{"dataset": dataset, "config": "default", "split": split} for split in ("validation", "train")]
        return json_answer(request, {"splits": found, "pending": [], "failed": []})

    card = {
        "_id": "621ffdd236468d709f181d61",
        "id": dataset,
        "author": dataset.partition("/")[0],
        "gated": False,
        "private": False,
        "tags": ["task_categories:image-classification", f"license:{licence}"],
        "cardData": {"license": licence, "task_categories": ["image-classification"], "pretty_name": "Beans"},
    }
    server.put(f"/api/datasets/{dataset}", lambda request: json_answer(request, card))
    server.put("/splits", splits)
    server.put("/rows", rows)
    server.put("/filter", rows)


# Imgur and Flickr


def imgur(server: Server, tag: str, pages: list[list[dict]], client_id: str = "mine") -> None:
    """The gallery of a tag, one route a page from 0; an empty page at the end."""

    def gallery(items: list[dict]) -> Route:
        def route(request: BaseHTTPRequestHandler) -> None:
            if request.headers.get("Authorization") != f"Client-ID {client_id}":
                message = {"code": 1003, "message": "Invalid client_id", "type": "ImgurException", "exception": []}
                error = {"error": message, "request": "/3/gallery", "method": "GET"}
                return json_answer(request, {"data": error, "success": False, "status": 403}, 403)
            data = {"name": tag, "display_name": tag, "followers": 1201, "total_items": 5210, "following": False}
            answer = {"data": {**data, "items": items}, "success": True, "status": 200}
            return json_answer(request, answer, X_RateLimit_ClientRemaining="12400")

        return route

    for number, items in enumerate([*pages, []]):
        server.put(f"/3/gallery/t/{tag}/time/all/{number}", gallery(items))


def flickr(server: Server, urls: list[str], key: str = "0123456789abcdef", licence: str = "4") -> None:
    """The photo search; errors with status 200, totals as text."""

    def search(request: BaseHTTPRequestHandler) -> None:
        asked = asked_of(request)
        if asked["api_key"] != key:
            message = "Invalid API Key (Key has invalid format)"
            return json_answer(request, {"stat": "fail", "code": 100, "message": message})
        photos = [
            {
                "id": str(4000 + n),
                "owner": "1@N00",
                "secret": "0a1b2c3d4e",
                "server": "4065",
                "farm": 5,
                "title": f"Tin robot {n}",
                "ispublic": 1,
                "isfriend": 0,
                "isfamily": 0,
                "license": licence,
                "ownername": "Jo Example",
                "tags": "robot robotart tin",
                "pathalias": "jo",
                "url_l": url,
                "height_l": 683,
                "width_l": 1024,
                "url_m": url.replace("_b.", "."),
                "height_m": 333,
                "width_m": 500,
            }
            for n, url in enumerate(urls)
        ]
        page, size = int(asked["page"]), int(asked["per_page"])
        part, pages = photos[(page - 1) * size : page * size], -(-len(photos) // size)
        fields = {"page": page, "pages": pages, "perpage": size, "total": str(len(photos)), "photo": part}
        return json_answer(request, {"photos": fields, "stat": "ok"})

    server.put("/services/rest/", search)
