"""The image sites' own APIs on a `servers.Server`: their real response shapes, paging, limits and refusals.

Shapes as recorded from the sites, with invented values.
"""

import json
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from tests.servers import Route, Server, send


def json_answer(request: BaseHTTPRequestHandler, data: object, code: int = 200, **headers: str) -> None:
    send(request, json.dumps(data).encode(), code, "application/json", **headers)


def _asked(request: BaseHTTPRequestHandler) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(request.path).query).items()}


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
        "tags": [{"accuracy": None, "name": "robotart", "unstable__provider": "flickr"}],
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


def openverse(server: Server, rows: list[dict], token: str = "") -> None:
    """The search by tag; 20 a page, 240 deep, the real refusals. The search by words (q) finds nothing more."""

    def search(request: BaseHTTPRequestHandler) -> None:
        asked = _asked(request)
        page, size = int(asked["page"]), int(asked["page_size"])
        who = "authenticated" if "Authorization" in request.headers else "anonymous"
        if token and request.headers.get("Authorization") not in (None, f"Bearer {token}"):
            return json_answer(request, {"detail": "Authentication credentials were not valid."}, 401)
        if size > 20:
            return json_answer(request, {"detail": f"page_size may not exceed 20 for {who} requests"}, 401)
        if page * size > 240:
            return json_answer(request, {"detail": f"pagination depth may not exceed 240 for {who} requests"}, 401)
        found = rows[:240] if "tags" in asked else []
        data = {
            "result_count": len(found),
            "page_count": -(-len(found) // size),
            "page_size": size,
            "page": page,
            "results": found[(page - 1) * size : page * size],
        }
        return json_answer(request, data, X_RateLimit_Limit_anon_burst="20/min")

    def give_token(request: BaseHTTPRequestHandler) -> None:
        if request.form.get("client_secret") != ["right"]:
            return json_answer(request, {"error": "invalid_client"}, 401)
        return json_answer(
            request, {"access_token": token, "token_type": "Bearer", "expires_in": 36000, "scope": "read write"}
        )

    server.put("/v1/images/", search)
    server.put("/v1/auth_tokens/token/", give_token)


def commons_page(n: int, url: str, **extmetadata: str) -> dict:
    """One file, as Commons gives it."""
    values = {
        "ObjectName": f"Tin robot {n}",
        "Artist": f'<a href="//x/User:Jo" title="User:Jo">Jo&nbsp;Example {n}</a>',
        "LicenseShortName": "CC BY-SA 4.0",
        "LicenseUrl": "https://creativecommons.org/licenses/by-sa/4.0",
        "License": "cc-by-sa-4.0",
        "AttributionRequired": "true",
        **extmetadata,
    }
    info = {
        "size": 372133,
        "width": 1600,
        "height": 1200,
        "mime": "image/jpeg",
        "sha1": f"{n:040x}",
        "thumburl": f"{url}?utm_source=commons.wikimedia.org&utm_campaign=imageinfo",
        "thumbwidth": 960,
        "thumbheight": 720,
        "url": f"{url}?utm_source=commons.wikimedia.org&utm_content=original",
        "descriptionurl": f"https://commons.wikimedia.org/wiki/File:Tin_{n}.jpeg",
        "extmetadata": {
            name: {"value": value, "source": "commons-desc-page", "hidden": ""} for name, value in values.items()
        },
    }
    return {"pageid": 1000 + n, "ns": 6, "title": f"File:Tin {n}.jpeg", "index": n, "imageinfo": [info]}


def commons(server: Server, pages: list[dict]) -> None:
    """The search: pages in no order, `continue` until the end, no `query` where nothing is found."""

    def search(request: BaseHTTPRequestHandler) -> None:
        asked = _asked(request)
        offset, limit = int(asked["gsroffset"]), int(asked["gsrlimit"])
        if "RoboFlow/" not in request.headers.get("User-Agent", ""):
            return send(request, b"<html>set a user agent</html>", 403, "text/html")
        part = pages[offset : offset + limit]
        data: dict = {"batchcomplete": True}
        if part:
            data["query"] = {"pages": list(reversed(part))}
        if offset + limit < len(pages):
            data["continue"] = {"gsroffset": offset + limit, "continue": "gsroffset||"}
        return json_answer(request, data)

    server.put("/w/api.php", search)


def nasa(server: Server, urls: list[str]) -> None:
    """The search; third parties' pictures at every third item, spaces in an address."""

    def search(request: BaseHTTPRequestHandler) -> None:
        page, size = int(_asked(request)["page"]), int(_asked(request)["page_size"])
        items = []
        for n, url in enumerate(urls):
            facts = {
                "center": "JPL",
                "title": f"Robot arm {n}",
                "nasa_id": f"PIA {n:05d}",
                "media_type": "image",
                "keywords": ["robot"],
                "date_created": "2019-05-01T00:00:00Z",
            }
            if n % 3 == 2:
                facts["secondary_creator"] = "A Company Ltd"
            items.append({"href": "", "data": [facts], "links": [{"href": url, "rel": "preview", "render": "image"}]})
        part = items[(page - 1) * size : page * size]
        json_answer(request, {"collection": {"version": "1.0", "metadata": {"total_hits": len(items)}, "items": part}})

    server.put("/search", search)


def inaturalist(server: Server, urls: list[str]) -> None:
    """Observations by rising id; the photo's licence differs from the observation's, every third photo has none."""

    def search(request: BaseHTTPRequestHandler) -> None:
        above, size = int(_asked(request)["id_above"]), int(_asked(request)["per_page"])
        rows = [
            {
                "id": n + 1,
                "uri": f"https://www.inaturalist.org/observations/{n}",
                "license_code": "cc0",
                "quality_grade": "research",
                "taxon": {"id": 7, "name": "Lixus bardanae", "preferred_common_name": None},
                "user": {"login": "jo", "name": "Jo Example"},
                "photos": [
                    {
                        "id": 5000 + n,
                        "license_code": None if n % 3 == 2 else "cc-by",
                        "url": url,
                        "flags": [],
                        "attribution": "(c) Jo Example, some rights reserved (CC BY)",
                        "original_dimensions": {"width": 1445, "height": 1057},
                    }
                ],
            }
            for n, url in enumerate(urls)
        ]
        part = [row for row in rows if row["id"] > above][:size]
        json_answer(request, {"total_results": len(rows), "page": 1, "per_page": size, "results": part})

    server.put("/v1/observations", search)


def imgur(server: Server, tag: str, pages: list[list[dict]], client_id: str = "mine") -> None:
    """The gallery of a tag, one route a page from 0; an empty page at the end."""

    def gallery(items: list[dict]) -> Route:
        def route(request: BaseHTTPRequestHandler) -> None:
            if request.headers.get("Authorization") != f"Client-ID {client_id}":
                error = {
                    "error": {"code": 1003, "message": "Invalid client_id"},
                    "request": "/3/gallery",
                    "method": "GET",
                }
                return json_answer(request, {"data": error, "success": False, "status": 403}, 403)
            return json_answer(request, {"data": {"name": tag, "items": items}, "success": True, "status": 200})

        return route

    for number, items in enumerate([*pages, []]):
        server.put(f"/3/gallery/t/{tag}/time/{number}", gallery(items))


def flickr(server: Server, urls: list[str], key: str = "0123456789abcdef") -> None:
    """The photo search; errors with status 200."""

    def search(request: BaseHTTPRequestHandler) -> None:
        asked = _asked(request)
        if asked["api_key"] != key:
            return json_answer(
                request, {"stat": "fail", "code": 100, "message": "Invalid API Key (Key has invalid format)"}
            )
        photos = [
            {
                "id": str(4000 + n),
                "owner": "1@N00",
                "secret": "0a",
                "server": "4065",
                "farm": 5,
                "title": f"Tin robot {n}",
                "ispublic": 1,
                "license": "4",
                "ownername": "Jo Example",
                "tags": "robot",
                "pathalias": "jo",
                "url_l": url,
                "height_l": 683,
                "width_l": 1024,
            }
            for n, url in enumerate(urls)
        ]
        page, size = int(asked["page"]), int(asked["per_page"])
        part = photos[(page - 1) * size : page * size]
        pages = -(-len(photos) // size)
        return json_answer(
            request,
            {
                "photos": {"page": page, "pages": pages, "perpage": size, "total": str(len(photos)), "photo": part},
                "stat": "ok",
            },
        )

    server.put("/services/rest/", search)
