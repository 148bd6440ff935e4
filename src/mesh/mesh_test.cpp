#include "mesh/mesh.hpp"

#include <algorithm>
#include <string>

#include "mesh/mesh_fixture.hpp"

namespace cordyna::mesh {
namespace {

using Names = std::vector<std::string>;

TEST(MayBe, TheSameAFolderAndWhatATemplateLeavesOpen) {
  EXPECT_TRUE(may_be("file:/a/b.csv", "file:/a/b.csv"));
  EXPECT_FALSE(may_be("file:/a/b.csv", "file:/a/c.csv"));
  EXPECT_TRUE(may_be("file:/a/b.csv", "file:/a/"));
  EXPECT_FALSE(may_be("file:/ab/b.csv", "file:/a/"));
  EXPECT_TRUE(may_be("file:/a/b-king.csv", "file:/a/b-*.csv"));
  EXPECT_TRUE(may_be("s3://x/*/d.parquet", "s3://x/2026/d.parquet"));
  EXPECT_FALSE(may_be("s3://x/*/d.parquet", "s3://y/2026/d.parquet"));
  EXPECT_TRUE(may_be("s3://x/2026/*", "s3://x/*"));
}

TEST(Datasets, AreTheSameWhateverTheirConnectionIsCalled) {
  Mesh mesh;
  mesh.put(node(maker()));
  std::string other = reader();
  other.replace(other.find("name: warehouse"), 15, "name: theirs");
  mesh.put(node(other));
  const auto edges = mesh.edges();
  ASSERT_EQ(edges.size(), 1U);
  EXPECT_EQ(edges[0].from, "a/orders");
  EXPECT_EQ(edges[0].to, "b/bill");
  EXPECT_EQ(edges[0].part, "task src");
  EXPECT_EQ(edges[0].owner, "team-b");
  EXPECT_EQ(edges[0].data, "warehouse/gold.orders");
}

TEST(Datasets, SayWhoMakesAndReadsThem) {
  Mesh mesh;
  mesh.put(node(maker()));
  mesh.put(node(reader()));
  const auto all = mesh.datasets();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].data.name, "orders.csv");  // from outside
  EXPECT_TRUE(all[0].makers.empty());
  EXPECT_EQ(all[0].readers, Names{"a/orders"});
  EXPECT_EQ(all[1].data.name, "warehouse/gold.orders");
  EXPECT_EQ(all[1].makers, Names{"a/orders"});
  EXPECT_EQ(all[1].readers, Names{"b/bill"});
  ASSERT_EQ(all[1].columns.size(), 2U);
  EXPECT_EQ(all[1].columns[1].name, "price");
  EXPECT_EQ(all[1].columns[1].type, "double");
}

TEST(Edges, GoThroughFilesSqlTriggersAndNeeds) {
  Mesh mesh;
  mesh.put(
      node("id: make\nnamespace: a\ntasks:\n  - {id: raw, type: load, from: x.csv}\n"
           "  - {id: out, type: share, of: raw, to: ['data/{{ run.date }}.csv', {connection: " +
           std::string(kWarehouse) + ", to: orders}]}\n"));
  mesh.put(
      node("id: files\nnamespace: b\ntriggers:\n"
           "  - {id: came, type: file, folder: data, files: '*.csv'}\n"
           "tasks: [{id: l, type: log, message: hello}]\n"));
  mesh.put(node("id: asks\nnamespace: b\ntasks:\n  - {id: q, type: sql, connection: " +
                std::string(kWarehouse) +
                ", sql: 'SELECT 1 FROM Orders JOIN orders_old USING (id)'}\n"));
  mesh.put(node("id: other\nnamespace: b\ntasks:\n  - {id: q, type: sql, connection: " +
                std::string(kWarehouse) + ", sql: 'SELECT orders_id FROM preorders'}\n"));
  mesh.put(
      node("id: then\nnamespace: b\ntriggers:\n  - {id: done, type: flow, flows: a/make}\n"
           "tasks: [{id: l, type: log, message: hello}]\n"));
  mesh.put(
      node("id: needs\nnamespace: b\ntasks:\n"
           "  - {id: first, type: flow, flow: a/make, within: 6h}\n"));
  Names takers;
  for (const Edge& edge : mesh.edges()) {
    EXPECT_EQ(edge.from, "a/make");
    takers.push_back(edge.to + " " + edge.part);
  }
  EXPECT_EQ(takers, (Names{"b/asks task q", "b/files trigger came", "b/needs task first",
                           "b/then trigger done"}));
}

TEST(Behind, IsAllThatFollowsEachFlowOnce) {
  Mesh mesh;
  const auto flow = [](const std::string& id, const std::string& needs) {
    std::string text = "id: " + id + "\nnamespace: n\ntasks:\n  - {id: l, type: log, message: x}\n";
    if (!needs.empty()) text += "  - {id: need, type: flow, flow: n/" + needs + "}\n";
    return node(text);
  };
  mesh.put(flow("a", ""));
  mesh.put(flow("b", "a"));
  mesh.put(flow("c", "b"));
  mesh.put(flow("d", ""));
  const Behind found = behind(mesh.edges(), {"n/a"});
  EXPECT_EQ(found.flows, (Names{"n/b", "n/c"}));
  EXPECT_EQ(found.edges.size(), 2U);
}

TEST(Gap, IsTheLongestTimeBetweenTwoStarts) {
  EXPECT_EQ(node(maker("{id: int64}", "0 * * * *")).gap, 3'600'000);
  EXPECT_EQ(node(maker("{id: int64}", "0 6 * * 1-5")).gap, Millis{3} * 24 * 3'600'000);
  EXPECT_EQ(node("id: x\ntasks: [{id: l, type: log, message: y}]\n").gap, 0);
}

}  // namespace
}  // namespace cordyna::mesh
