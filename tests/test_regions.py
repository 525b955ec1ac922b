"""What a region name can mean, and what an article is about."""

import pytest

from swsearch.pages.gazetteer import gazetteer
from swsearch.pages.regions import near, resolve

RESOLVED = [
    ("江西", ["江西省"]),
    ("江西省", ["江西省"]),
    ("南昌", ["江西省/南昌市", "江西省/南昌市/南昌县"]),
    ("南昌市", ["江西省/南昌市"]),
    ("江西/南昌", ["江西省/南昌市", "江西省/南昌市/南昌县"]),
    ("江西省/南昌市", ["江西省/南昌市"]),
    ("江西省/东湖区", ["江西省/南昌市/东湖区"]),
    ("江西省南昌市", ["江西省/南昌市"]),
    ("江西省南昌市东湖区", ["江西省/南昌市/东湖区"]),
    ("朝阳", ["辽宁省/朝阳市", "北京市/朝阳区", "吉林省/长春市/朝阳区", "辽宁省/朝阳市/朝阳县"]),
    ("朝阳区", ["北京市/朝阳区", "吉林省/长春市/朝阳区"]),
    ("北京朝阳", ["北京市/朝阳区"]),
    ("吉林", ["吉林省", "吉林省/吉林市"]),
    ("襄樊", ["湖北省/襄阳市"]),
    ("襄樊市", ["湖北省/襄阳市"]),
    ("闸北区", ["上海市/静安区"]),
    ("崇文", ["北京市/东城区"]),
    ("萧山市", ["浙江省/杭州市/萧山区"]),
    ("廣東", ["广东省"]),
    ("臺北", ["台湾省/台北市"]),
    ("臺東縣", ["台湾省/台东县"]),
    ("新北市", ["台湾省/新北市"]),
    ("光復鄉", ["台湾省/花莲县/光复乡"]),
    ("沈阳", ["辽宁省/沈阳市"]),
    ("瀋陽", ["辽宁省/沈阳市"]),
    ("沪", ["上海市"]),
    ("滬", ["上海市"]),
    ("粤", ["广东省"]),
    ("港", ["香港特别行政区"]),
    ("澳", ["澳门特别行政区"]),
    ("台", ["台湾省"]),
    ("苏", ["江苏省", "江苏省/苏州市"]),
    ("新疆", ["新疆维吾尔自治区"]),
    ("内蒙", ["内蒙古自治区"]),
    ("恩施州", ["湖北省/恩施土家族苗族自治州"]),
    ("湘西", ["湖南省/湘西土家族苗族自治州"]),
    ("济源", ["河南省/济源市"]),
    ("河南/济源", ["河南省/济源市"]),
    ("五指山市", ["海南省/五指山市"]),
    ("湾仔", ["香港特别行政区/湾仔区"]),
    ("浦东", ["上海市/浦东新区"]),
    ("和康县", ["新疆维吾尔自治区/和田地区/和康县"]),
    ("ＪＩＡＮＧＸＩ", []),
    ("南昌日报", []),
    ("", []),
    ("/", []),
    ("江西/杭州", []),
    ("广东/南昌", []),
]


@pytest.mark.parametrize(("name", "paths"), RESOLVED)
def test_resolve(name, paths):
    assert resolve(name) == tuple(paths)


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("江西生", "江西省"),
        ("南唱", "江西省/南昌市"),
        ("扬洲", "江苏省/扬州市"),
        ("广冬省", "广东省"),
        ("石家庒", "河北省/石家庄市"),
    ],
)
def test_near(name, first):
    found = near(name)
    assert first in found
    assert len(found) <= 5


def test_near_nothing():
    assert near("") == ()
    assert near("xyz") == ()


def test_gazetteer_is_whole():
    """Every path has its ancestors, each resolves to itself, and hand-written aliases point to known paths."""
    known = gazetteer()
    assert sum("/" not in path for path in known.kinds) == 34
    assert len([path for path, kind in known.kinds.items() if kind == "c"]) >= 333 + 22
    for path in known.kinds:
        assert path in resolve(path)
        assert "/" not in path or path.rpartition("/")[0] in known.kinds
    for name in known.names:
        assert all(path in known.kinds for path, _ in known.meanings(name)), name
