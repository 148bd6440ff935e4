#include "flowtest/junit.hpp"

#include <gtest/gtest.h>

namespace cordyna::flowtest {
namespace {

TEST(JunitTest, CountsAndEscapes) {
  const std::vector<JunitSuite> suites{
      {"a.test.yaml",
       {{"good", 3, 12, ""}, {"<bad> & \"worse\"", 9, 1500, "x < y\nsecond\x01"}},
       ""},
      {"b.test.yaml", {}, "b.test.yaml:1:1: error: wrong"}};
  EXPECT_EQ(junit_xml(suites), R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="3" failures="1" errors="1" time="1.512">
  <testsuite name="a.test.yaml" tests="2" failures="1" errors="0" time="1.512">
    <testcase classname="a.test.yaml" name="good" file="a.test.yaml" line="3" time="0.012"/>
    <testcase classname="a.test.yaml" name="&lt;bad&gt; &amp; &quot;worse&quot;" file="a.test.yaml" line="9" time="1.500">
      <failure message="x &lt; y">x &lt; y&#10;second?</failure>
    </testcase>
  </testsuite>
  <testsuite name="b.test.yaml" tests="1" failures="0" errors="1" time="0.000">
    <testcase classname="b.test.yaml" name="the file" time="0.000">
      <error message="b.test.yaml:1:1: error: wrong">b.test.yaml:1:1: error: wrong</error>
    </testcase>
  </testsuite>
</testsuites>
)");
}

TEST(JunitTest, BytesThatAreNoTextDoNotBreakIt) {
  const std::string xml = junit_xml({{"a", {{"t", 1, 0, "\xff x"}}, ""}});
  EXPECT_NE(xml.find(">? x<"), std::string::npos);
}

}  // namespace
}  // namespace cordyna::flowtest
