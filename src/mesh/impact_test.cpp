#include "mesh/impact.hpp"

#include <string>

#include "mesh/mesh_fixture.hpp"

namespace cordyna::mesh {
namespace {

Mesh network(const std::string& more = "") {
  Mesh mesh;
  mesh.put(node(maker()));
  mesh.put(node(reader("{id: int64, price: double}", more)));
  return mesh;
}

Impact changed(const Mesh& before, const std::string& text) {
  auto flow = flow_of(text);
  const std::string name = flow->ns + "/" + flow->id;
  return impact_of(before, {{name, std::move(flow)}}, kNow);
}

TEST(Impact, OfNothingThatIsOtherIsNothing) {
  const Impact impact = changed(network(), maker());
  EXPECT_TRUE(impact.changed.empty());
  EXPECT_TRUE(impact.breaks.empty());
}

TEST(Impact, ARenamedColumnIsGoneForWhoReadsIt) {
  const Impact impact = changed(network(), maker("{id: int64, amount: double}"));
  EXPECT_EQ(impact.changed, std::vector<std::string>{"a/orders"});
  EXPECT_EQ(impact.behind.flows, std::vector<std::string>{"b/bill"});
  ASSERT_EQ(impact.breaks.size(), 1U);
  const Break& found = impact.breaks[0];
  EXPECT_EQ(found.kind, BreakKind::kColumnGone);
  EXPECT_EQ(found.owner, "team-b");
  EXPECT_EQ(found.flow, "b/bill");
  EXPECT_EQ(found.part, "task src");
  EXPECT_EQ(found.what, "column 'price' of warehouse/gold.orders is gone; new there: 'amount'");
  EXPECT_EQ(found.causes, std::vector<std::string>{"a/orders"});
}

TEST(Impact, ColumnsThatNobodyWantsMayGo) {
  Mesh before = network();
  before.put(node(reader("{id: int64}")));
  EXPECT_TRUE(changed(before, maker("{id: int64, amount: double}")).breaks.empty());
  EXPECT_TRUE(changed(network(", drift: {missing: warn}"), maker("{id: int64}")).breaks.empty());
}

TEST(Impact, AColumnOfAnotherType) {
  const Impact impact = changed(network(), maker("{id: string, price: double}"));
  ASSERT_EQ(impact.breaks.size(), 1U);
  EXPECT_EQ(impact.breaks[0].kind, BreakKind::kColumnType);
  EXPECT_EQ(impact.breaks[0].what,
            "column 'id' of warehouse/gold.orders was int64 and is string; b/bill wants int64");
}

TEST(Impact, DataThatNobodyMakesAnyMore) {
  const Mesh before = network();
  const Impact gone = impact_of(before, {{"a/orders", nullptr}}, kNow);
  ASSERT_EQ(gone.breaks.size(), 1U);
  EXPECT_EQ(gone.breaks[0].kind, BreakKind::kDataGone);
  EXPECT_EQ(gone.breaks[0].what,
            "warehouse/gold.orders is made by nobody any more: flow a/orders is gone");
  // Another flow makes it from now on.
  std::string moved = maker();
  moved.replace(moved.find("id: orders"), 10, "id: orders2");
  const Impact kept =
      impact_of(before, {{"a/orders", nullptr}, {"a/orders2", flow_of(moved)}}, kNow);
  EXPECT_TRUE(kept.breaks.empty());
}

TEST(Impact, AFlowThatIsNeededAndGone) {
  Mesh before;
  before.put(node("id: load\nnamespace: a\ntasks: [{id: l, type: log, message: x}]\n"));
  before.put(
      node("id: use\nnamespace: b\nowner: team-b\ntasks:\n"
           "  - {id: need, type: flow, flow: a/load}\n"));
  const Impact impact = impact_of(before, {{"a/load", nullptr}}, kNow);
  ASSERT_EQ(impact.breaks.size(), 1U);
  EXPECT_EQ(impact.breaks[0].kind, BreakKind::kFlowGone);
  EXPECT_EQ(impact.breaks[0].owner, "team-b");
  EXPECT_EQ(impact.breaks[0].what, "flow a/load is gone, and b/use needs it");
}

TEST(Impact, ASlowerScheduleThanItsReadersHave) {
  const Impact daily = changed(network(), maker("{id: int64, price: double}", "0 0 * * *"));
  EXPECT_TRUE(daily.breaks.empty());  // as often as it is read
  const Impact weekly = changed(network(), maker("{id: int64, price: double}", "0 0 * * 1"));
  ASSERT_EQ(weekly.breaks.size(), 1U);
  EXPECT_EQ(weekly.breaks[0].kind, BreakKind::kSlower);
  EXPECT_EQ(weekly.breaks[0].what,
            "warehouse/gold.orders was made every 1h and would come every 7d; b/bill reads it "
            "every 1d");
}

TEST(Impact, ASlowerScheduleThanANeedAllows) {
  const auto load = [](const std::string& cron) {
    return "id: load\nnamespace: a\ntriggers: [{id: t, type: schedule, cron: '" + cron +
           "'}]\ntasks: [{id: l, type: log, message: x}]\n";
  };
  Mesh before;
  before.put(node(load("0 * * * *")));
  before.put(
      node("id: use\nnamespace: b\nowner: team-b\ntasks:\n"
           "  - {id: need, type: flow, flow: a/load, within: 6h}\n"));
  EXPECT_TRUE(changed(before, load("0 */6 * * *")).breaks.empty());
  const Impact slower = changed(before, load("0 3 * * *"));
  ASSERT_EQ(slower.breaks.size(), 1U);
  EXPECT_EQ(slower.breaks[0].what,
            "a/load came every 1h and would come every 1d; b/use wants it no older than 6h");
}

TEST(Impact, AnOutputThatHasLostAField) {
  const auto task = [](const std::string& properties) {
    return R"({"id": "load", "namespace": "a", "tasks": [{"id": "task", "type": "invoke", "server": "s",)"
           R"("output_schema": "{\"type\":\"object\",\"properties\":)" +
           properties + R"(}"}]})";
  };
  Mesh before;
  before.put(node(task(R"({\"rows\":{\"type\":\"integer\"}})")));
  before.put(
      node("id: use\nnamespace: b\nowner: team-b\ntasks:\n"
           "  - {id: need, type: flow, flow: a/load}\n"));
  const Impact gone = changed(before, task(R"({\"count\":{\"type\":\"integer\"}})"));
  ASSERT_EQ(gone.breaks.size(), 1U);
  EXPECT_EQ(gone.breaks[0].what, "output 'rows' of a/load is gone; new there: 'count'");
  const Impact other = changed(before, task(R"({\"rows\":{\"type\":\"string\"}})"));
  ASSERT_EQ(other.breaks.size(), 1U);
  EXPECT_EQ(other.breaks[0].what,
            "output 'rows' of a/load was of type integer and is of type string");
}

TEST(Impact, NamesTheSmallestChangeThatCausesABreak) {
  Mesh before = network();
  before.put(node("id: third\nnamespace: a\ntasks: [{id: l, type: log, message: x}]\n"));
  const std::vector<Change> changes = {
      {"a/fourth", flow_of("id: fourth\nnamespace: a\ntasks: [{id: l, type: log, message: x}]\n")},
      {"a/orders", flow_of(maker("{id: int64}"))},
      {"a/third", flow_of("id: third\nnamespace: a\ntasks: [{id: l, type: log, message: y}]\n")}};
  const Impact impact = impact_of(before, changes, kNow);
  EXPECT_EQ(impact.changed.size(), 3U);
  ASSERT_EQ(impact.breaks.size(), 1U);
  EXPECT_EQ(impact.breaks[0].causes, std::vector<std::string>{"a/orders"});
}

}  // namespace
}  // namespace cordyna::mesh
