"""What a region name can mean, and what an article is about."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swsearch.pages.gazetteer import gazetteer
from swsearch.pages.regions import find_regions, near, resolve

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


def test_near_looks_inside_the_parent():
    assert near("江西/南唱")[0] == "江西省/南昌市"


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


PLACES = [
    # text, the places it names: false friends beside real ones
    ("南京市鼓楼区山西路附近", ["江苏省/南京市/鼓楼区"]),
    ("上海南京东路步行街上，北京烤鸭店开张", ["上海市"]),
    ("他穿着中山装坐在长沙发上", []),
    ("养老服务是朝阳产业", []),
    ("高级社工师和中级社工师", []),
    ("共建和平、文明、友好的社区", []),
    ("部门会同有关单位，打开绿色通道，整合资源，安居乐业，健康长寿", []),
    ("甘肃省合作市与四川省资源整合", ["四川省", "甘肃省/甘南藏族自治州/合作市"]),
    ("黄河南岸的村庄，泰山东麓的小镇", []),
    ("推广西式餐饮", []),
    ("构成都市生活", []),
    ("阿里巴巴集团来到西藏阿里地区", ["西藏自治区/阿里地区"]),
    ("环保定期检查，平台中登记，江河源头", []),
    ("市委和县委共同部署，全县级医院", []),
    ("安徽省和县的村庄", ["安徽省/马鞍山市/和县"]),
    ("广大城乡社区、新社区新生活", []),
    ("长安街上，新华社记者报道", []),
    ("武汉市武昌、洪山两区", ["湖北省/武汉市", "湖北省/武汉市/武昌区", "湖北省/武汉市/洪山区"]),
    ("重庆在万州、黔江、涪陵等17个区县（自治县）", ["重庆市", "重庆市/万州区", "重庆市/涪陵区", "重庆市/黔江区"]),
    ("朝阳区的老人", []),
    ("北京市朝阳区的老人", ["北京市/朝阳区"]),
    ("长春市的社工来到朝阳区", ["吉林省/长春市/朝阳区"]),
    ("四川省攀枝花市东区、西区", ["四川省/攀枝花市/东区"]),
    ("河北区的社区属于天津市", ["天津市/河北区"]),
    ("新北市板橋區、臺東縣關山鎮", ["台湾省", "台湾省/台东县/关山镇", "台湾省/新北市/板桥区"]),
    ("湘西土家族苗族自治州永顺县", ["湖南省/湘西土家族苗族自治州/永顺县"]),
    ("吉林省吉林市船营区", ["吉林省/吉林市/船营区"]),
    ("记者 李保定 摄", []),
    ("新华社北京7月10日电", []),
    ("长乐社区、朝阳街道、和平镇", []),
    ("南昌大学教授在九江讲课", ["江西省/九江市", "江西省/南昌市"]),
    ("沈阳市、瀋陽市", ["辽宁省/沈阳市"]),
    ("襄樊市的老照片", ["湖北省/襄阳市"]),
]


@pytest.mark.parametrize(("text", "paths"), PLACES, ids=[row[0] for row in PLACES])
def test_places(text, paths):
    _, places, _ = find_regions("", [text])
    assert sorted(places) == sorted(paths)


ORIGINS = [
    ("扬州日报", "江苏省/扬州市"),
    ("《南昌日报》", "江西省/南昌市"),
    ("半岛都市报", "山东省/青岛市"),
    ("红网", "湖南省"),
    ("澎湃新闻客户端", "上海市"),
    ("长乐新闻网", "福建省/福州市/长乐区"),
    ("中共兰州市委社会工作部", "甘肃省/兰州市"),
    ("武汉市武昌区民政局", "湖北省/武汉市/武昌区"),
    ("自由時報", "台湾省"),
    ("澳門日報", "澳门特别行政区"),
    ("香港01", "香港特别行政区"),
    ("北京青年报", "北京市"),
]


@pytest.mark.parametrize(("source", "path"), ORIGINS)
def test_source_says_where(source, path):
    """A text that names no place is about the place of a local source, if it speaks of one at all."""
    regions, _, evidence = find_regions("社区里的“爱心厨房”", ["市民王女士说，全市的老人都受益。"], source)
    assert regions == (path,)
    assert evidence[0].part == "source"


@pytest.mark.parametrize("source", ["新华社", "人民日报", "公益时报", "中国社会报", "中国青年报", "新华网"])
def test_national_source_says_nothing(source):
    assert find_regions("社区里的“爱心厨房”", ["市民王女士说，老人都受益。"], source)[0] == ()


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60), st.lists(st.text(max_size=120), max_size=4), st.none() | st.text(max_size=20))
def test_any_text(title, paragraphs, source):
    regions, places, _ = find_regions(title, paragraphs, source)
    assert set(regions) <= set(places)
    assert set(places) <= set(gazetteer().kinds)
