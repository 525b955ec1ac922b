"""How agencies are read: one sentence, the article's region, what it names (issuing ones first)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swsearch.pages.facts import find_facts

NINGXIA, HUBEI, YANGZHOU, DONGHU = "宁夏召开会议", "湖北召开会议", "扬州召开会议", "南昌东湖区召开会议"

NAMED = [
    # title, sentence, agencies
    (YANGZHOU, "记者从扬州市委社会工作部获悉", ["扬州市委社会工作部"]),
    (YANGZHOU, "市委社会工作部负责人说", ["扬州市委社会工作部"]),
    (YANGZHOU, "中共扬州市委社会工作部负责人说", ["扬州市委社会工作部"]),
    (YANGZHOU, "江苏省扬州市民政局负责人说", ["扬州市民政局"]),
    (YANGZHOU, "扬州民政局负责人说", ["扬州市民政局"]),
    (YANGZHOU, "市民政局、财政局、人社局联合印发", ["扬州市民政局", "扬州市财政局", "扬州市人社局"]),
    (YANGZHOU, "市委组织部、宣传部，市民政局", ["扬州市委组织部", "扬州市委宣传部", "扬州市民政局"]),
    (YANGZHOU, "省民政厅来扬州调研", ["江苏省民政厅"]),
    (YANGZHOU, "团市委、市妇联、市残联、市总工会", ["共青团扬州市委", "扬州市妇联", "扬州市残联", "扬州市总工会"]),
    (YANGZHOU, "共青团扬州市委员会", ["共青团扬州市委"]),
    (YANGZHOU, "该局负责人说，民政部门要加强管理，街道办事处、乡镇人民政府负责", []),
    (YANGZHOU, "各级党委社会工作部、各县（市、区）民政局", []),
    (YANGZHOU, "市、区民政局要落实，市县两级民政部门配合", []),
    (YANGZHOU, "人社、妇联、残联等部门", []),
    (YANGZHOU, "政府购买服务，市政府采购", []),
    (YANGZHOU, "扬州市人民政府印发通知", ["扬州市人民政府"]),
    (YANGZHOU, "扬州市委、市政府印发意见", ["扬州市委", "扬州市政府"]),
    (YANGZHOU, "在扬州市委、市政府的坚强领导下", []),
    (YANGZHOU, "市委办公室、市政府办公室联合下发", ["扬州市委办公室", "扬州市政府办公室"]),
    (YANGZHOU, "邗江区民政局与宝应县民政局", ["扬州市邗江区民政局", "宝应县民政局"]),
    (YANGZHOU, "仪征市卫健委、高邮市发改委", ["仪征市卫健委", "高邮市发改委"]),
    (YANGZHOU, "市未成年人保护工作领导小组办公室", ["扬州市未成年人保护工作领导小组办公室"]),
    (YANGZHOU, "市中级人民法院、市人民检察院", ["扬州市中级人民法院", "扬州市人民检察院"]),
    (YANGZHOU, "民政局局长、教育局副局长参加", ["扬州市民政局", "扬州市教育局"]),
    (YANGZHOU, "当地民政局、相关部门的民政局", []),
    (DONGHU, "东湖区民政局启动，区民政局负责", ["南昌市东湖区民政局"]),
    (DONGHU, "区委社会工作部与市民政局", ["南昌市东湖区委社会工作部", "南昌市民政局"]),
    (DONGHU, "在八一桥街道办事处的支持下", ["南昌市东湖区八一桥街道办事处"]),
    (
        NINGXIA,
        "宁夏回族自治区党委组织部、民政厅、财政厅、人力资源和社会保障厅等四部门日前联合印发意见",
        [
            "宁夏回族自治区党委组织部",
            "宁夏回族自治区民政厅",
            "宁夏回族自治区财政厅",
            "宁夏回族自治区人力资源和社会保障厅",
        ],
    ),
    (NINGXIA, "宁夏民政厅、自治区党委社会工作部", ["宁夏回族自治区民政厅", "宁夏回族自治区党委社会工作部"]),
    (HUBEI, "湖北省民政厅、省发改委印发规划", ["湖北省民政厅", "湖北省发改委"]),
    (HUBEI, "省委人才工作领导小组", ["湖北省委人才工作领导小组"]),
    (HUBEI, "民政厅负责人说", ["湖北省民政厅"]),
    (HUBEI, "武汉市民政局、市委社会工作部", ["武汉市民政局", "武汉市委社会工作部"]),
    (HUBEI, "恩施土家族苗族自治州民政局、州卫健委", ["恩施土家族苗族自治州民政局", "恩施土家族苗族自治州卫健委"]),
    ("综述", "在天津，天津市民政局、市委社会工作部联合印发意见", ["天津市民政局", "天津市委社会工作部"]),
    ("综述", "中共中央办公厅、国务院办公厅发布意见", ["中共中央办公厅", "国务院办公厅"]),
    ("综述", "民政部、中央社会工作部、全国工商联联合发布", ["民政部", "中央社会工作部", "全国工商联"]),
    ("综述", "民政部门、财政部分资金、教育部署、司法部门", []),
    (
        "综述",
        "民政部慈善事业促进和社会工作司副司长孟志强出席",
        ["民政部", "民政部慈善事业促进和社会工作司"],
    ),
    ("综述", "国家卫生健康委、国家医保局、国家疾控局出台意见", ["国家卫生健康委", "国家医保局", "国家疾控局"]),
    ("闽宁社工牵手", "福建、宁夏两地合作，两省区民政厅将挑选机构", ["福建省民政厅", "宁夏回族自治区民政厅"]),
    ("新北日照中心啟用", "新北市社會局長李美珍說", ["新北市政府社會局"]),
    ("新北日照中心啟用", "新北市政府社會局與勞工局", ["新北市政府社會局", "新北市政府勞工局"]),
    ("台東家庭", "台東縣政府的方案", ["台東縣政府"]),
    ("花蓮光復鄉", "花蓮縣社會處與衛福部", ["花蓮縣政府社會處", "衛生福利部"]),
    (
        "香港長者",
        "社會福利署署長說，勞工及福利局會檢討",
        ["香港特別行政區政府社會福利署", "香港特別行政區政府勞工及福利局"],
    ),
    ("澳門長者", "澳門社會工作局說，社工局會跟進", ["澳門特別行政區政府社會工作局"]),
    ("澳门长者", "社会工作局局长说", ["澳门特别行政区政府社会工作局"]),
]


@pytest.mark.parametrize(("title", "sentence", "agencies"), NAMED, ids=[f"{row[0]}-{row[1]}"[:40] for row in NAMED])
def test_agencies(title, sentence, agencies):
    assert sorted(find_facts(title, [sentence + "。"]).agencies) == sorted(agencies)


def test_issuing_ones_come_first():
    text = ["根据民政部、财政部有关文件精神，新疆维吾尔自治区民政厅日前印发了办法。"]
    assert find_facts("新疆印发办法", text).agencies == ("新疆维吾尔自治区民政厅", "民政部", "财政部")


def test_a_list_goes_on_behind_a_book_title():
    text = ["湖南省民政厅在《方案（2021-2023年）》的基础上，印发《行动方案》。湖南省委组织部、省财政厅配合。"]
    assert find_facts("湖南印发方案", text).agencies[0] == "湖南省民政厅"


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from([row[1] for row in NAMED] + ["《", "》", "、", "市", "委", "，", "扬州市", "的"]), max_size=6
    ),
    st.sampled_from([row[0] for row in NAMED]),
)
def test_evidence_stands_where_it_says(pieces, title):
    text = "".join(pieces)
    facts = find_facts(title, [text], "扬州日报")
    parts = {"title": title, "p1": text, "source": "扬州日报"}
    for item in facts.evidence:
        assert 0 <= item.start < item.end <= len(parts[item.part])
    proved = {(item.field, item.value) for item in facts.evidence}
    assert {("agencies", value) for value in facts.agencies} <= proved
    assert {("regions", value) for value in facts.regions} <= proved
    assert {("places", value) for value in facts.places} <= proved


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40), st.lists(st.text(max_size=120), max_size=3), st.none() | st.text(max_size=20))
def test_any_text(title, paragraphs, source):
    find_facts(title, paragraphs, source, source)
