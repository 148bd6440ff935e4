#include "cli/run_lookup.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "store/memory/memory_store.hpp"

namespace cordyna::cli {
namespace {

class RunLookupTest : public testing::Test {
 protected:
  void add(RunNo no, const std::string& id) {
    ChangeSet changes;
    FlowVersionRow flow{"hash", "f", "", "{}"};
    changes.flows.push_back(flow);
    RunRow run;
    run.no = no;
    run.id = RunId{id};
    run.flow_id = "f";
    run.flow_hash = "hash";
    run.folder = "/";
    run.inputs = "{}";
    changes.runs.push_back(run);
    ASSERT_TRUE(store_.commit(changes).has_value());
  }
  std::string error(const std::string& name, ErrorCode code) {
    const auto found = find_run(store_, name);
    EXPECT_FALSE(found.has_value()) << name;
    if (found.has_value()) return {};
    EXPECT_EQ(found.error().code, code) << name << ": " << found.error().message;
    return found.error().message;
  }
  RunNo found(const std::string& name) {
    const auto run = find_run(store_, name);
    EXPECT_TRUE(run.has_value()) << name << ": " << run.error().message;
    return run.has_value() ? run->no : 0;
  }

  MemoryStore store_;
};

TEST_F(RunLookupTest, TakesNumberIdFrontAndLast) {
  add(1, "01a1fdf1-297b-7406-8fa9-d3d429eb9043");
  add(2, "01a1fdf2-297b-7406-8fa9-d3d429eb9043");
  EXPECT_EQ(found("1"), 1);
  EXPECT_EQ(found("01a1fdf1-297b-7406-8fa9-d3d429eb9043"), 1);
  EXPECT_EQ(found("01A1FDF2-297b-7406-8fa9-d3d429eb9043"), 2);
  EXPECT_EQ(found("01a1fdf2"), 2);
  EXPECT_EQ(found("last"), 2);
}

TEST_F(RunLookupTest, DigitsAreANumberFirst) {
  add(1234, "01a1fdf1-297b-7406-8fa9-d3d429eb9043");
  add(1235, "12345678-297b-7406-8fa9-d3d429eb9043");
  EXPECT_EQ(found("1234"), 1234);
  EXPECT_EQ(found("123456"), 1235);
}

TEST_F(RunLookupTest, WhatFitsSeveralSaysWhich) {
  add(1, "01a1fdf1-297b-7406-8fa9-d3d429eb9043");
  add(2, "01a1fdf2-297b-7406-8fa9-d3d429eb9043");
  const std::string message = error("01a1fdf", ErrorCode::kInvalidArgument);
  EXPECT_NE(message.find("1 (01a1fdf1"), std::string::npos) << message;
  EXPECT_NE(message.find("2 (01a1fdf2"), std::string::npos) << message;
}

TEST_F(RunLookupTest, WhatIsNotThereIsNotFound) {
  EXPECT_NE(error("last", ErrorCode::kNotFound).find("no runs yet"), std::string::npos);
  add(1, "01a1fdf1-297b-7406-8fa9-d3d429eb9043");
  for (const char* name : {"2", "0", "-1", "ffff", "../1", "xyz", "99999999999999999999",
                           "11a1fdf1-297b-7406-8fa9-d3d429eb9043"}) {
    error(name, ErrorCode::kNotFound);
  }
  error("01a", ErrorCode::kInvalidArgument);
}

TEST_F(RunLookupTest, LooksThroughAllPages) {
  for (RunNo no = 1; no <= 1200; ++no) {
    add(no, fmt::format("{:08x}-297b-7406-8fa9-d3d429eb9043", 0xa0000000 + no));
  }
  EXPECT_EQ(found("a0000001"), 1);
}

}  // namespace
}  // namespace cordyna::cli
