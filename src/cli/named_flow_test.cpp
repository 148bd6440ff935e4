#include "cli/named_flow.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "store/memory/memory_store.hpp"

namespace cordyna::cli {
namespace {

class NamedFlowTest : public testing::Test {
 protected:
  void apply(const std::string& ns, const std::string& id, bool removed = false) {
    const flow::Parsed parsed = flow::parse("id: " + id + (ns.empty() ? "" : "\nnamespace: " + ns) +
                                                "\ntasks: [{id: a, type: log, message: hi}]\n",
                                            id + ".yaml", "/flows");
    ChangeSet changes;
    changes.flows.push_back({parsed.flow->hash, id, ns, parsed.canonical});
    AppliedFlowRow row;
    row.ns = ns;
    row.flow_id = id;
    row.version = 1;
    row.hash = parsed.flow->hash;
    row.folder = "/flows";
    row.removed_at = removed ? 5000 : 0;
    changes.applied.push_back(row);
    ASSERT_TRUE(store_.commit(changes).has_value());
  }
  std::string found(const std::string& name) {
    const auto row = find_by_name(store_, name);
    return row.has_value() ? flow_name(row->ns, row->flow_id) : row.error().message;
  }

  MemoryStore store_;
};

TEST_F(NamedFlowTest, ANameIsWholeOrAnIdThatOneNamespaceHas) {
  apply("acme", "daily");
  apply("acme", "sales");
  apply("beta", "sales");
  EXPECT_EQ(found("acme/daily"), "acme/daily");
  EXPECT_EQ(found("daily"), "acme/daily");
  EXPECT_EQ(found("beta/sales"), "beta/sales");
  EXPECT_EQ(found("sales"),
            "several flows have the id 'sales': acme/sales, beta/sales; name one of them with its "
            "namespace");
  apply("", "sales");
  EXPECT_EQ(found("sales"), "sales") << "the id is the whole name of this one";
}

TEST_F(NamedFlowTest, WhatIsNotThereIsToldWithTheNearest) {
  EXPECT_EQ(found("daily"),
            "no applied flow 'daily'; none is: 'dyna apply PATH' makes flows known by name");
  apply("acme", "daily");
  EXPECT_EQ(found("dialy"), "no applied flow 'dialy'; did you mean 'daily'?");
  EXPECT_EQ(found("acme/dayly"), "no applied flow 'acme/dayly'; did you mean 'acme/daily'?");
  EXPECT_EQ(found("weekly"), "no applied flow 'weekly'; 'dyna flows' lists those that are");
  apply("acme", "old", true);
  EXPECT_EQ(found("old"),
            "flow 'acme/old' was removed at 1970-01-01T00:00:05Z; 'dyna apply' of its file brings "
            "it back");
  EXPECT_EQ(find_by_name(store_, "old").error().code, ErrorCode::kNotFound);
}

TEST_F(NamedFlowTest, FilesAreToldFromNames) {
  std::string folder = testing::TempDir() + "/named_XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  std::ofstream(folder + "/flow") << "id: a\n";
  EXPECT_TRUE(is_file_name("nowhere.yaml"));
  EXPECT_TRUE(is_file_name("nowhere.yml"));
  EXPECT_TRUE(is_file_name("."));
  EXPECT_TRUE(is_file_name(folder));
  EXPECT_TRUE(is_file_name(folder + "/flow"));
  EXPECT_FALSE(is_file_name("acme/daily"));
  EXPECT_FALSE(is_file_name("daily"));
  std::filesystem::remove_all(folder);
}

TEST_F(NamedFlowTest, TheFinderLooksInTheNamespaceOfWhoAsks) {
  apply("acme", "daily");
  apply("", "plain");
  apply("acme", "old", true);
  FlowCache cache;
  AppliedFinder finder(store_, cache);
  const FoundFlow daily = finder.find("daily", "acme").value();
  EXPECT_EQ(daily.flow->id, "daily");
  EXPECT_EQ(daily.flow->folder, "/flows");
  EXPECT_EQ(daily.flow->hash, store_.find_applied("acme", "daily")->hash);
  EXPECT_FALSE(daily.canonical.empty());
  EXPECT_EQ(finder.find("acme/daily", "other").value().flow->id, "daily");
  EXPECT_EQ(finder.find("plain", "").value().flow->id, "plain");
  EXPECT_EQ(finder.find("daily", "other").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(finder.find("old", "acme").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace cordyna::cli
