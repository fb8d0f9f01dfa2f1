"""GET /regions, /measures, /measures/{id}: what there is, with its source."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from knowledge.library import Library


def walk(regions: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for region in regions:
        yield region
        yield from walk(region["children"])


def all_measures(client: FlaskClient, **query: Any) -> list[dict[str, Any]]:
    """Every page of a list."""
    listed: list[dict[str, Any]] = []
    while True:
        page = client.get("/api/v1/measures", query_string=query).get_json()
        listed += page["measures"]
        if page["next"] is None:
            return listed
        query["cursor"] = page["next"]


def test_the_tree_holds_every_region_once(client: FlaskClient, library: Library) -> None:
    found = list(walk(client.get("/api/v1/regions").get_json()["regions"]))
    assert sorted(region["id"] for region in found) == sorted(r.id for r in library.regions)
    by_id = {region["id"]: region for region in found}
    assert by_id["石狮"]["covered"] and not by_id["河北"]["covered"]
    assert by_id["石狮"]["label"] == "石狮市"
    assert "鹿泉" in by_id["石家庄鹿泉区"]["aliases"]
    inside = [region["id"] for region in walk(by_id["石家庄"]["children"])]
    assert "石家庄鹿泉区" in inside and "唐山" not in inside


def test_the_pages_hold_every_measure_once(client: FlaskClient, library: Library) -> None:
    for limit in (7, 100):
        ids = [measure["id"] for measure in all_measures(client, limit=limit)]
        assert ids == list(library.measures)


def test_a_district_has_the_measures_of_its_town_and_not_the_other_way(
    client: FlaskClient,
) -> None:
    district = {measure["region"] for measure in all_measures(client, region="石家庄鹿泉区")}
    town = {measure["region"] for measure in all_measures(client, region="石家庄")}
    assert district == {"石家庄", "石家庄鹿泉区"}
    assert town == {"石家庄"}


def test_a_province_without_measures_of_its_own_lists_none(client: FlaskClient) -> None:
    assert all_measures(client, region="河北") == []


def test_a_measure_comes_with_its_source(client: FlaskClient) -> None:
    measure = client.get("/api/v1/measures/shishi-4a").get_json()
    assert "没写到哪天为止" in measure["standing"] and "请先问" in measure["standing"]
    assert measure["document"]["number"] == "狮委办〔2022〕19号"
    assert measure["document"]["dated"] == "2022-03-31"
    assert measure["clause"]["locator"] == "四①"
    assert all(quote in measure["clause"]["text"] for quote in measure["quotes"])
    assert measure["validity"]["from"] == "2022-03-31" and measure["validity"]["to"] is None
    assert measure["open"] is True
    assert "市人社局" in measure["responsible"]["lead"]


def test_a_measure_whose_time_is_over_is_not_open(client: FlaskClient) -> None:
    measure = client.get("/api/v1/measures/hebei-hengshui-1").get_json()
    assert measure["standing"] == "", "it is over"
    assert measure["validity"]["to"] == "2021-03-31"
    assert measure["open"] is False


def test_every_measure_can_be_shown(client: FlaskClient, library: Library) -> None:
    for id in library.measures:
        reply = client.get(f"/api/v1/measures/{id}")
        assert reply.status_code == 200
        assert reply.get_json()["clause"]["text"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_the_service_says_that_it_lives(client: FlaskClient, path: str) -> None:
    reply = client.get(path)
    assert reply.status_code == 200
    said = reply.get_json()
    assert (said["status"], said["release"]) == ("ok", 1)


def test_the_figures_count_turns(client: FlaskClient) -> None:
    client.post("/api/v1/chat", json={"text": "你好"})
    figures = client.get("/metrics").text
    assert 'nuangang_turns_total{channel="mini_app"' in figures
    assert "nuangang_release 1.0" in figures
