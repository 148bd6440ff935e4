#include "cli/flow_lookup.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "flow/flow_file.hpp"
#include "store/memory/memory_store.hpp"

namespace cordyna::cli {
namespace {

class FlowLookupTest : public testing::Test {
 protected:
  FlowLookupTest() {
    std::string name = testing::TempDir() + "/lookupXXXXXX";
    folder_ = std::filesystem::canonical(::mkdtemp(name.data())).string();
  }
  ~FlowLookupTest() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& file, const std::string& id, const std::string& ns) {
    std::ofstream(folder_ + "/" + file) << text(id, ns);
  }
  /// A run of a flow whose file is gone.
  void had(RunNo no, const std::string& id, const std::string& ns) {
    const flow::Parsed parsed = flow::parse(text(id, ns), "f.yaml", folder_);
    RunRow run;
    run.no = no;
    run.id = RunId{"r" + std::to_string(no)};
    run.flow_id = id;
    run.ns = ns;
    run.flow_hash = parsed.flow->hash;
    run.folder = folder_;
    run.state = RunState::kCompleted;
    ChangeSet changes;
    changes.flows.push_back({run.flow_hash, id, ns, parsed.canonical});
    changes.runs.push_back(run);
    ASSERT_TRUE(store_.commit(changes).has_value());
  }
  static std::string text(const std::string& id, const std::string& ns) {
    return "id: " + id + "\n" + (ns.empty() ? "" : "namespace: " + ns + "\n") +
           "tasks: [{id: a, type: log, message: x}]\n";
  }

  std::string folder_;
  MemoryStore store_;
};

TEST_F(FlowLookupTest, AFlowThatLiesHereComesFirst) {
  write("sales.yaml", "sales", "acme");
  had(1, "sales", "old");
  EXPECT_EQ(find_flow(store_, folder_, "sales")->name(), "acme/sales");
  EXPECT_EQ(find_flow(store_, folder_, "old/sales")->name(), "old/sales");
  EXPECT_EQ(find_flow(store_, folder_, "acme/sales")->flow->tasks.size(), 1U);
}

TEST_F(FlowLookupTest, AnAppliedFlowNeedsNeitherAFileHereNorARun) {
  const flow::Parsed parsed = flow::parse(text("sales", "acme"), "f.yaml", "/elsewhere");
  AppliedFlowRow row;
  row.ns = "acme";
  row.flow_id = "sales";
  row.version = 1;
  row.hash = parsed.flow->hash;
  row.folder = "/elsewhere";
  row.file = "/elsewhere/f.yaml";
  ChangeSet changes;
  changes.flows.push_back({row.hash, "sales", "acme", parsed.canonical});
  changes.applied.push_back(row);
  ASSERT_TRUE(store_.commit(changes).has_value());
  EXPECT_EQ(find_flow(store_, folder_, "sales")->flow->folder, "/elsewhere");
  EXPECT_EQ(find_flow(store_, folder_, "acme/sales")->name(), "acme/sales");
}

TEST_F(FlowLookupTest, SeveralNamespacesAreNamed) {
  write("a.yaml", "sales", "acme");
  write("b.yaml", "sales", "zoo");
  const auto several = find_flow(store_, folder_, "sales");
  EXPECT_EQ(several.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(several.error().message,
            "several flows have the id 'sales'; name one: acme/sales, zoo/sales");
}

TEST_F(FlowLookupTest, WhatIsNotThereHasTheNearestName) {
  write("a.yaml", "sales", "");
  const auto none = find_flow(store_, folder_, "saels");
  EXPECT_EQ(none.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(none.error().message, "there is no run and no flow 'saels'; did you mean 'sales'?");
  EXPECT_EQ(find_flow(store_, folder_, "qqqqqq").error().message, "");
}

TEST_F(FlowLookupTest, FilesAreKnownByTheirNames) {
  write("flow.yaml", "sales", "");
  EXPECT_TRUE(names_flow_file("x.yaml"));
  EXPECT_TRUE(names_flow_file(folder_));
  EXPECT_FALSE(names_flow_file("12"));
}

}  // namespace
}  // namespace cordyna::cli
