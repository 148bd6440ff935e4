// Flows by name and their versions, as every store keeps them.
#include "store_contract.hpp"

namespace cordyna::contract {
namespace {

AppliedFlowRow make_applied(const std::string& ns, const std::string& id, std::int64_t version) {
  AppliedFlowRow row;
  row.ns = ns;
  row.flow_id = id;
  row.version = version;
  row.hash = "h" + std::to_string(version);
  row.folder = "/flows";
  row.file = "/flows/" + id + ".yaml";
  row.applied_at = 1000 * version;
  return row;
}

AppliedVersionRow version_of(const AppliedFlowRow& row) {
  return {row.ns,     row.flow_id, row.version,    row.hash,
          row.folder, row.file,    row.applied_at, row.source};
}

AppliedFlowRow as_kept(AppliedFlowRow row) {
  row.from = row.version;
  return row;
}

ChangeSet of_applied(std::vector<AppliedFlowRow> rows) {
  ChangeSet changes;
  changes.applied_versions.reserve(rows.size());
  for (const AppliedFlowRow& row : rows) changes.applied_versions.push_back(version_of(row));
  changes.applied = std::move(rows);
  return changes;
}

TEST_P(StoreContract, AnAppliedFlowComesBackAsItsCurrentVersion) {
  const AppliedFlowRow first = make_applied("acme", "sales", 1);
  must_commit(of_applied({first, make_applied("", "sales", 1)}));
  AppliedFlowRow second = make_applied("acme", "sales", 2);
  second.from = 1;
  must_commit(of_applied({second}));
  restart();

  EXPECT_EQ(store().find_applied("acme", "sales").value(), as_kept(second));
  EXPECT_EQ(store().find_applied("", "sales").value(), as_kept(make_applied("", "sales", 1)));
  EXPECT_EQ(store().find_applied("acme", "orders").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store().list_versions({"acme", "sales"}).value(),
            (std::vector{version_of(second), version_of(first)}));
  EXPECT_EQ(store().list_versions({"acme", "sales", 2, 5}).value(), std::vector{version_of(first)});
  EXPECT_EQ(store().list_versions({"acme", "sales", 0, 1}).value(),
            std::vector{version_of(second)});
}

TEST_P(StoreContract, TheTextOfAFlowIsKeptOnceAndStaysAsItWas) {
  AppliedFlowRow row = make_applied("acme", "sales", 1);
  const FlowSourceRow source{std::string(64, 'a'), "id: sales  # ours \u00e9\n"};
  row.source = source.hash;
  ChangeSet changes = of_applied({row});
  changes.sources = {source};
  must_commit(changes);
  ChangeSet again;
  again.sources = {{source.hash, "another text"}};
  must_commit(again);
  restart();

  EXPECT_EQ(store().find_source(source.hash).value(), source.text);
  EXPECT_EQ(store().find_applied("acme", "sales").value(), as_kept(row));
  EXPECT_EQ(store().list_versions({"acme", "sales"}).value(), std::vector{version_of(row)});
  EXPECT_EQ(store().find_source(std::string(64, 'b')).error().code, ErrorCode::kNotFound);
}

TEST_P(StoreContract, AppliedFlowsAreListedByNameAndPaged) {
  const AppliedFlowRow plain = make_applied("", "z", 1);
  const AppliedFlowRow a = make_applied("acme", "a", 1);
  const AppliedFlowRow b = make_applied("acme", "b", 1);
  AppliedFlowRow gone = make_applied("beta", "a", 1);
  gone.removed_at = 9000;
  must_commit(of_applied({gone, b, plain, a}));
  restart();

  EXPECT_EQ(store().list_applied({}).value(),
            (std::vector{as_kept(plain), as_kept(a), as_kept(b)}));
  EXPECT_EQ(store().list_applied({.removed = true, .after_ns = "acme", .after_id = "b"}).value(),
            std::vector{as_kept(gone)});
  EXPECT_EQ(store().list_applied({.after_ns = "", .after_id = "z", .limit = 1}).value(),
            std::vector{as_kept(a)});
  EXPECT_EQ(store().list_applied({.ns = ""}).value(), std::vector{as_kept(plain)});
  EXPECT_EQ(store().list_applied({.ns = "acme"}).value(), (std::vector{as_kept(a), as_kept(b)}));
  EXPECT_EQ(store().list_applied({.flow_id = "a", .removed = true}).value(),
            (std::vector{as_kept(a), as_kept(gone)}));
}

TEST_P(StoreContract, AnApplyThatComesTooLateWritesNothing) {
  must_commit(of_applied({make_applied("acme", "sales", 1)}));
  AppliedFlowRow late = make_applied("acme", "sales", 3);
  late.from = 2;
  must_refuse(of_applied({make_applied("acme", "other", 1), late}), ErrorCode::kConflict,
              "flow 'acme/sales' has not version 2 any more");
  must_refuse(of_applied({make_applied("acme", "sales", 1)}), ErrorCode::kConflict,
              "flow 'acme/sales' exists already");
  AppliedFlowRow repeated = make_applied("acme", "sales", 1);
  repeated.from = 1;
  must_refuse(of_applied({repeated}), ErrorCode::kConflict, "version 1 of flow 'acme/sales'");
  AppliedFlowRow nameless = make_applied("acme", "", 1);
  must_refuse(of_applied({nameless}), ErrorCode::kInternal, "against the rules of the state");
  EXPECT_EQ(store().list_applied({}).value(),
            std::vector{as_kept(make_applied("acme", "sales", 1))});
  EXPECT_TRUE(store().list_versions({"acme", "other"}).value().empty());
}

TEST_P(StoreContract, RunsAreCountedByWhatTheyRan) {
  ChangeSet changes;
  for (RunNo no = 1; no <= 4; ++no) {
    RunRow run = make_run(no);
    run.ns = no == 4 ? "beta" : "acme";
    run.flow_id = "sales";
    run.flow_hash = no == 2 ? "h1" : "h2";
    changes.runs.push_back(run);
  }
  must_commit(changes);
  EXPECT_EQ(store().count_runs("acme", "sales").value(),
            (std::vector<HashRuns>{{"h1", 1}, {"h2", 2}}));
  EXPECT_EQ(store().count_runs("beta", "sales").value(), (std::vector<HashRuns>{{"h2", 1}}));
  EXPECT_TRUE(store().count_runs("acme", "none").value().empty());
}

TEST_P(StoreContract, AFlowIsDisabledByItsRowAndListedSo) {
  must_commit(of_applied({make_applied("acme", "orders", 1), make_applied("acme", "sales", 1)}));
  AppliedFlowRow disabled = make_applied("acme", "sales", 1);
  disabled.from = 1;
  disabled.disabled = {5000, "ann", "the source is broken"};
  ChangeSet changes;
  changes.applied = {disabled};
  must_commit(changes);
  restart();

  EXPECT_EQ(store().find_applied("acme", "sales").value(), disabled);
  EXPECT_EQ(store().list_applied({.disabled = true}).value(), std::vector{disabled});
  EXPECT_EQ(store().list_applied({}).value(),
            (std::vector{as_kept(make_applied("acme", "orders", 1)), disabled}));
  disabled.disabled = {};
  changes.applied = {disabled};
  must_commit(changes);
  EXPECT_TRUE(store().list_applied({.disabled = true}).value().empty());
}

}  // namespace
}  // namespace cordyna::contract
