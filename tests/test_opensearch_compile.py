"""What is sent to a cluster for a query, without a cluster and without opensearch-py."""

import itertools
import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import corpora

from swsearch.engines.base import Meta, SeedFile
from swsearch.engines.opensearch import schema
from swsearch.engines.opensearch.compile import compile_query, order, scored, statistics_tokens, whole_weights
from swsearch.errors import UnsupportedQueryError
from swsearch.query import nodes
from swsearch.query.bind import bind, terms
from swsearch.query.parse import parse
from swsearch.records import Article, Notice
from swsearch.text.match import match_form, units

KIND = {"term": {"kind": "article"}}


def compiled(text, **options):
    """The one filter that a query becomes, besides the kind."""
    query = compile_query(bind(parse(text).node, literal=True).node, **options)
    kind, body = query["bool"]["filter"]
    assert kind == KIND
    return body


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("社工站", {"match_phrase": {"grams": "社工 工站"}}),
        ("社工", {"term": {"grams": "社工"}}),
        ("社", {"term": {"units": "社"}}),
        ("24", {"term": {"units": "'24'"}}),
        ("1月24日", {"match_phrase": {"grams": "'1'月 月'24' '24'日"}}),
        ("建成，使用", {"match_phrase": {"grams": "建成 成¶ ¶使 使用"}}),
        ("title:社工站", {"match_phrase": {"title": "社工 工站"}}),
        ("title:社", {"prefix": {"title": "社"}}),
        ("-招聘", {"bool": {"must_not": [{"term": {"grams": "招聘"}}]}}),
        (
            "社工 -招聘",
            {"bool": {"filter": [{"term": {"grams": "社工"}}, {"bool": {"must_not": [{"term": {"grams": "招聘"}}]}}]}},
        ),
        (
            "社工 OR 社会",
            {"bool": {"should": [{"term": {"grams": "社工"}}, {"term": {"grams": "社会"}}], "minimum_should_match": 1}},
        ),
        ("region:江西/南昌", {"terms": {"region": ["江西省/南昌市"]}}),
        ("year:2021..2024", {"range": {"year": {"gte": 2021, "lte": 2024}}}),
        ("year:>=2022", {"range": {"year": {"gte": 2022}}}),
        ("date:2024-11", {"range": {"date": {"gte": "2024-11-01", "lte": "2024-11-30"}}}),
        ("page:8", {"range": {"page": {"gte": 8, "lte": 8}}}),
        ("byline:皮磊", {"term": {"byline": "皮磊"}}),
        ("byline:皮", {"prefix": {"byline": "皮"}}),
    ],
)
def test_bodies(query, body):
    assert compiled(query) == body


def test_notices_besides_articles():
    query = compile_query(nodes.Everything(), notices=True)
    assert query == {"bool": {"filter": [{"terms": {"kind": ["article", "notice"]}}, {"match_all": {}}]}}


def test_nothing_and_no_region():
    for node in (nodes.Nothing(), nodes.InRegion("region", ()), nodes.HasName("agency", ())):
        assert compile_query(node)["bool"]["filter"][1] == {"match_none": {}}


def test_proximity_is_answered_before_or_not_at_all():
    node = bind(parse('"社工站 服务"~30').node).node
    with pytest.raises(UnsupportedQueryError, match="Within") as caught:
        compile_query(node)
    assert caught.value.engine == "opensearch"
    assert compile_query(node, resolved={node: ["a:1"]})["bool"]["filter"][1] == {"terms": {"id": ["a:1"]}}
    with pytest.raises(UnsupportedQueryError, match="65537 articles"):
        compile_query(node, resolved={node: ["a"] * 65_537})


def test_a_body_is_json_and_holds_no_white_space_in_tokens():
    node = bind(parse("social work 2024年 社工站").node).node
    text = json.dumps(compile_query(node))
    assert "\\u001f" not in text


@given(st.lists(st.floats(0.01, 12), min_size=3, max_size=9))
def test_whole_weights_decide_alike(weights):
    """Every subset of the pieces reaches the threshold in whole numbers exactly when it does in floats."""
    needed = sum(weights) / 2
    whole, threshold = whole_weights(weights, needed)
    assert sum(whole) < 2**24
    for chosen in itertools.product((False, True), repeat=len(weights)):
        own = sum(itertools.compress(weights, chosen))
        if abs(own - needed) > 1e-4:
            assert (own >= needed) == (sum(itertools.compress(whole, chosen)) >= threshold)


def test_many_weights_let_in_rather_than_leave_out():
    weights = [0.1 + 0.37 * (at % 7) for at in range(200)]
    whole, threshold = whole_weights(weights, sum(weights) / 2)
    assert sum(whole) < 2**24
    assert 0.999 < threshold / (sum(whole) / 2) <= 1


def test_equal_weights_reach_half():
    whole, threshold = whole_weights((2.5, 2.5, 2.5, 2.5), 5.0)
    assert whole[0] + whole[1] >= threshold > whole[0]


def test_scores_are_computed_from_what_is_sent_along():
    bound = bind(parse("社工站").node, literal=True).node
    (term,) = terms(bound)
    script = scored(KIND, [(term, 1.5)], 300.0)["script_score"]["script"]
    assert script["params"]["mean"] == 300.0
    assert script["params"]["terms"][0]["idf"] == 1.5
    assert script["params"]["terms"][0]["forms"][0]["grams"] == ["社工", "工站"]
    assert scored(KIND, [], 300.0) == {"constant_score": {"filter": KIND, "boost": 0}}


def test_statistics_ask_for_each_bigram_once():
    assert statistics_tokens("社社社") == ["g社社"]
    assert statistics_tokens("社") == ["u社"]


def test_orders():
    assert order("relevance") == [{"_score": "desc"}, {"id": "asc"}]
    assert order("date")[0] == {"date": {"order": "desc", "missing": "_last"}}


# ---- documents


def only_document(record):
    (one,) = schema.record_documents([record])
    return one[1]


def test_a_document():
    article = Article("a:1", "a.txt", "社工站", ("共24个。",), source="南昌日报")
    document = only_document(article)
    assert document["grams"] == "社工 工站 站¶ ¶共 共'24' '24'个 个¶"
    assert document["title"] == "社工 工站 站¶"
    assert document["units"] == "社 工 站 共 '24' 个 社 工 站 社 工 站"
    assert document["source"] == ["南昌 昌日 日报 报¶"]
    assert document["source_name"] == ["南昌日报"]


@given(corpora())
def test_records_come_back_whole(corpus):
    for record in corpus:
        document = json.loads(json.dumps(only_document(record)))
        assert schema.read_record(document["record"]) == record


def test_strange_texts_come_back_whole():
    """Lone surrogates, which the cluster refuses, and very long units."""
    article = Article("a:1", "a.txt", "\ud800 a", ("b" * 300 + "社", "\x00\x1f"))
    document = only_document(article)
    text = json.dumps(document, ensure_ascii=False)
    text.encode()
    assert schema.read_record(document["record"]) == article
    longest = max(len(one) for field in ("grams", "units", "words") for one in document[field].split())
    assert longest < 255
    form = match_form("b" * 300)
    assert schema.token(form) in document["units"].split()
    assert schema.token(match_form("b" * 299)) != schema.token(form)


def test_seeds_and_description_come_back():
    seed, meta = SeedFile("a.txt", "0", 1, 2, "old"), Meta(1, {"a": "b"}, "now", ("seeds",))
    assert schema.read_seed(schema.seed_document(seed)[1]["record"]) == seed
    assert schema.read_meta(schema.meta_document(meta)[1]["record"]) == meta
    notice = Notice("a:n1", "a.txt", "caption", "图", ((1, 2),))
    assert schema.read_record(only_document(notice)["record"]) == notice


@given(st.text(max_size=8), st.text(max_size=8))
def test_tokens_are_as_distinct_as_units(left, right):
    """Two bigrams are one token only if they are one bigram."""
    one, two = (units(match_form(text)) for text in (left, right))
    for a, b in zip(schema.grams(one), schema.grams(two), strict=False):
        at = schema.grams(one).index(a), schema.grams(two).index(b)
        assert (a == b) == (one[at[0] : at[0] + 2] == two[at[1] : at[1] + 2])


def test_the_library_is_not_imported():
    code = "import sys, swsearch, swsearch.engines.opensearch.store; print('opensearchpy' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "False"
