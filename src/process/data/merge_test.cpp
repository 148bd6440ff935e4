#include "process/data/step_fixture.hpp"

namespace cordyna::data {
namespace {

class MergeTest : public StepTest {
 protected:
  void source(const std::string& id, const std::string& text) {
    file(id + ".csv", text);
    ASSERT_EQ(run("load", id, R"({"from": ")" + id + R"(.csv"})"), 0) << error_message();
  }
  void SetUp() override {
    StepTest::SetUp();
    source("a", "k,x,only_a\n1,10,p\n2,20,q\n3,,r\n");
    source("b", "k,x,only_b\n1,11,u\n3,33,v\n4,44,w\n");
  }
  int merge(const std::string& more) {
    return run("merge", "m", R"({"of": ["a", "b"], "on": "k")" + more + "}");
  }
};

TEST_F(MergeTest, InnerTakesTheFirstSourceAndKeepsConflicts) {
  ASSERT_EQ(merge(""), 0) << error_message();
  EXPECT_EQ(rows("FROM {m} ORDER BY k"), (Lines{R"({"k":1,"x":10,"only_a":"p","only_b":"u"})",
                                                R"({"k":3,"x":33,"only_a":"r","only_b":"v"})"}));
  EXPECT_EQ(output("conflicts"), "1");
  EXPECT_EQ(rows("FROM '" + output_text("conflicts_file") + "'"),
            (Lines{R"({"k":1,"column":"x","taken_from":"a","taken":"10","other_from":"b",)"
                   R"("other":"11"})"}));
  EXPECT_EQ(output("unmatched"), R"({"a":1,"b":1})");
  EXPECT_EQ(output("rows_in"), "6");
}

TEST_F(MergeTest, PreferDecidesByColumnThenByDefault) {
  ASSERT_EQ(merge(R"(, "prefer": {"default": "b"})"), 0);
  EXPECT_EQ(rows("SELECT x FROM {m} ORDER BY k"), (Lines{R"({"x":11})", R"({"x":33})"}));
  ASSERT_EQ(merge(R"(, "prefer": {"x": "a", "default": "b"})"), 0);
  EXPECT_EQ(rows("SELECT x FROM {m} ORDER BY k"), (Lines{R"({"x":10})", R"({"x":33})"}));
}

TEST_F(MergeTest, PreferMayChooseTheLargestOrTheLeastValue) {
  ASSERT_EQ(merge(R"(, "how": "full", "prefer": {"default": "b", "x": "max"})"), 0)
      << error_message();
  EXPECT_EQ(rows("SELECT x FROM {m} ORDER BY k"),
            (Lines{R"({"x":11})", R"({"x":20})", R"({"x":33})", R"({"x":44})"}));
  EXPECT_EQ(rows("FROM '" + output_text("conflicts_file") + "'"),
            (Lines{R"({"k":1,"column":"x","taken_from":"b","taken":"11","other_from":"a",)"
                   R"("other":"10"})"}));
  ASSERT_EQ(merge(R"(, "prefer": {"x": "min"})"), 0) << error_message();
  EXPECT_EQ(rows("SELECT x FROM {m} ORDER BY k"), (Lines{R"({"x":10})", R"({"x":33})"}));
  EXPECT_EQ(output("conflicts"), "1");
  ASSERT_EQ(merge(R"(, "prefer": {"default": "b", "x": "non_null"})"), 0) << error_message();
  EXPECT_EQ(rows("SELECT x FROM {m} ORDER BY k"), (Lines{R"({"x":10})", R"({"x":33})"}));
}

TEST_F(MergeTest, PreferNewestTakesTheValueOfTheLatestRowThatHasOne) {
  source("p", "k,v,at\n1,a1,2024-01-01\n2,a2,2024-01-09\n3,,2024-01-09\n4,a4,\n5,a5,2024-01-01\n");
  source("q",
         "k,v,at\n1,b1,2024-01-02\n2,b2,2024-01-02\n3,b3,2024-01-02\n4,b4,2020-01-01\n"
         "5,b5,2024-01-01\n");
  source("r", "k,v,at\n1,c1,2024-01-03\n2,c2,2024-01-03\n3,c3,2024-01-01\n6,c6,\n");
  ASSERT_EQ(run("merge", "m", R"j({"of": ["p", "q", "r"], "on": "k", "how": "full",
                "prefer": {"v": "newest(at)", "at": "max"}})j"),
            0)
      << error_message();
  EXPECT_EQ(rows("SELECT k, v FROM {m} ORDER BY k"),
            (Lines{R"({"k":1,"v":"c1"})", R"({"k":2,"v":"a2"})", R"({"k":3,"v":"b3"})",
                   R"({"k":4,"v":"b4"})", R"({"k":5,"v":"a5"})", R"({"k":6,"v":"c6"})"}));
  EXPECT_EQ(rows("SELECT taken_from, taken, other_from, other FROM '" +
                 output_text("conflicts_file") + "' WHERE \"column\" = 'v' AND k IN (1, 3, 5)"),
            (Lines{R"({"taken_from":"r","taken":"c1","other_from":"p","other":"a1"})",
                   R"({"taken_from":"r","taken":"c1","other_from":"q","other":"b1"})",
                   R"({"taken_from":"q","taken":"b3","other_from":"r","other":"c3"})",
                   R"({"taken_from":"p","taken":"a5","other_from":"q","other":"b5"})"}));
}

TEST_F(MergeTest, APreferenceThatCannotBeFollowedIsAnError) {
  EXPECT_EQ(merge(R"j(, "prefer": {"x": "newest(at)"})j"), 1);
  EXPECT_EQ(error_code(), "MERGE_FAILED");
  EXPECT_TRUE(has(error_message(), "newest(at) chooses 'x', and a has the one without the other"));
  EXPECT_EQ(merge(R"(, "prefer": {"y": "b"})"), 1);
  EXPECT_TRUE(has(error_message(), "'prefer' names 'y', a column that no source has"));
  EXPECT_EQ(merge(R"j(, "prefer": {"x": "newest()"})j"), 1);
  EXPECT_TRUE(has(error_message(),
                  "prefer.x: 'newest()' is not among 'of', nor non_null, max, min "
                  "or newest(column)"));
}

TEST_F(MergeTest, LeftAndFullKeepRowsWithoutAPartner) {
  ASSERT_EQ(merge(R"(, "how": "left")"), 0);
  EXPECT_EQ(rows("SELECT k FROM {m} ORDER BY k"),
            (Lines{R"({"k":1})", R"({"k":2})", R"({"k":3})"}));
  ASSERT_EQ(merge(R"(, "how": "full")"), 0);
  EXPECT_EQ(
      rows("SELECT k, x FROM {m} ORDER BY k"),
      (Lines{R"({"k":1,"x":10})", R"({"k":2,"x":20})", R"({"k":3,"x":33})", R"({"k":4,"x":44})"}));
}

TEST_F(MergeTest, ThreeSourcesJoinOnTheSameKeys) {
  source("c", "k,x,only_c\n3,34,y\n4,44,z\n");
  ASSERT_EQ(run("merge", "m", R"({"of": ["a", "b", "c"], "on": ["k"], "how": "full"})"), 0)
      << error_message();
  EXPECT_EQ(rows("SELECT k, x, only_c FROM {m} ORDER BY k"),
            (Lines{R"({"k":1,"x":10,"only_c":null})", R"({"k":2,"x":20,"only_c":null})",
                   R"({"k":3,"x":33,"only_c":"y"})", R"({"k":4,"x":44,"only_c":"z"})"}));
  EXPECT_EQ(output("conflicts"), "2");
}

TEST_F(MergeTest, UnexpectedDuplicatesFailWithTheirKeys) {
  source("d", "k,y\n1,1\n1,2\n2,3\n");
  const std::string of = R"({"of": ["a", "d"], "on": "k", "expect": ")";
  EXPECT_EQ(run("merge", "m", of + R"(one_to_one"})"), 1);
  EXPECT_EQ(error_code(), "MERGE_FAILED");
  EXPECT_TRUE(has(error_message(), "one_to_one is expected, but d has 1 keys (k) more than once"));
  EXPECT_TRUE(has(error_message(), R"({"k":1,"times":2})"));
  EXPECT_EQ(run("merge", "m", of + R"(many_to_one"})"), 1);
  EXPECT_EQ(run("merge", "m", of + R"(one_to_many"})"), 0) << error_message();
  EXPECT_EQ(output("rows"), "3");
}

TEST_F(MergeTest, DedupeKeepsTheFirstInTheOrderGiven) {
  source("d", "k,y\n1,1\n1,2\n2,3\n2,3\n");
  ASSERT_EQ(run("merge", "m", R"({"of": ["a", "d"], "on": "k", "expect": "one_to_one",
                "dedupe": {"d": {"by": ["k"], "keep": "y desc"}}})"),
            0)
      << error_message();
  EXPECT_EQ(rows("SELECT k, y FROM {m} ORDER BY k"),
            (Lines{R"({"k":1,"y":2})", R"({"k":2,"y":3})"}));
  EXPECT_EQ(output("duplicates"), "2");
}

TEST_F(MergeTest, KeysThatCannotBeComparedAreRefused) {
  source("t", "k,z\n01x,1\n");
  EXPECT_EQ(run("merge", "m", R"({"of": ["a", "t"], "on": "k"})"), 1);
  EXPECT_EQ(error_code(), "MERGE_FAILED");
  EXPECT_TRUE(has(error_message(), "key 'k' is BIGINT in a but VARCHAR in t"));
  EXPECT_EQ(run("merge", "m", R"({"of": ["a", "t"], "on": "nokey"})"), 1);
  EXPECT_TRUE(has(error_message(), "'on' names 'nokey', which a does not have; its columns: k, x"));
}

TEST_F(MergeTest, ColumnsAreLookedUpWhereNobodyReportedThem) {
  upstream_["a"].as_object().erase("schema");
  ASSERT_EQ(merge(""), 0) << error_message();
  EXPECT_EQ(output("rows"), "2");
}

TEST_F(MergeTest, KeysThatAreNullMatchNothing) {
  source("n1", "k,x\n,1\n5,2\n");
  source("n2", "k,y\n,3\n5,4\n");
  ASSERT_EQ(run("merge", "m", R"({"of": ["n1", "n2"], "on": "k"})"), 0);
  EXPECT_EQ(rows("FROM {m}"), (Lines{R"({"k":5,"x":2,"y":4})"}));
}

}  // namespace
}  // namespace cordyna::data
