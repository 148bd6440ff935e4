#include "flow/yaml_tree.hpp"

#include <gtest/gtest.h>

#include "flow/json_text.hpp"

namespace cordyna::flow {
namespace {

/// The JSON of a YAML text, or "code" of what was wrong with it.
std::string as_json(std::string_view text) {
  Findings findings;
  Reporter reporter(findings, "f", text);
  YamlTree tree;
  const Node* root = tree.load(text, reporter);
  if (root == nullptr || findings.has_error()) return findings.take("f").front().code;
  std::string json;
  append_json(json, *root, KeyOrder::kAsWritten);
  return json;
}

struct Scalar {
  std::string text;
  std::string json;
};

TEST(YamlScalars, FollowTheCoreSchemaOfYaml12) {
  const Scalar rows[] = {
      {"null", "null"},
      {"~", "null"},
      {"Null", "null"},
      {"nULL", R"("nULL")"},
      {"true", "true"},
      {"True", "true"},
      {"FALSE", "false"},
      {"yes", R"("yes")"},
      {"no", R"("no")"},
      {"on", R"("on")"},
      {"off", R"("off")"},
      {"y", R"("y")"},
      {"12", "12"},
      {"-12", "-12"},
      {"+12", "12"},
      {"-0", "0"},
      {"0o17", "15"},
      {"0x1F", "31"},
      {"017", "17"},
      {"0b11", R"("0b11")"},
      {"1_000", R"("1_000")"},
      {"12:30", R"("12:30")"},
      {"1.5", "1.5"},
      {"1.", "1.0"},
      {".5", "0.5"},
      {"1e3", "1000.0"},
      {"1e", R"("1e")"},
      {".", R"(".")"},
      {"+", R"("+")"},
      {"-", R"([null])"},
      {"1.2.3", R"("1.2.3")"},
      {"2026-11-21", R"("2026-11-21")"},
      {"'12'", R"("12")"},
      {"\"true\"", R"("true")"},
      {"9223372036854775807", "9223372036854775807"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"9223372036854775808", "bad_value"},
      {".nan", "bad_value"},
      {"-.inf", "bad_value"},
  };
  for (const Scalar& row : rows) {
    EXPECT_EQ(as_json("- " + row.text), row.json.front() == 'b' ? row.json : "[" + row.json + "]")
        << row.text;
  }
}

TEST(YamlScalars, TagsOfTheCoreSchemaDecide) {
  EXPECT_EQ(as_json("[!!str 5, !!int '5', !!float 5, ! true, !!null '']"),
            R"(["5",5,5.0,"true",null])");
}

TEST(YamlTree, KeepsStructureStylesAndAliases) {
  EXPECT_EQ(as_json("a: &x [1, {b: c}]\nd: *x\ne: |\n  one\n  two\nf: >-\n  one\n  two\n"),
            R"({"a":[1,{"b":"c"}],"d":[1,{"b":"c"}],"e":"one\ntwo\n","f":"one two"})");
}

TEST(YamlTree, AnAnchorMayBeGivenAgain) {
  EXPECT_EQ(as_json("[&a 1, *a, &a 2, *a]"), "[1,1,2,2]");
  EXPECT_EQ(as_json("[&a [&a 1, *a], *a]"), "[[1,1],1]");
}

TEST(YamlTree, KeysAreTextWhateverTheyLookLike) {
  EXPECT_EQ(as_json("1: a\ntrue: b\n\"x y\": c\nnull: d"),
            R"({"1":"a","true":"b","x y":"c","null":"d"})");
}

TEST(YamlTree, KnowsThePlaceOfEachValue) {
  Findings findings;
  const std::string_view text = "\xEF\xBB\xBFä: ü\nb:\n  - \"x\"\n";
  Reporter reporter(findings, "f", text);
  YamlTree tree;
  const Node* root = tree.load(text, reporter);
  ASSERT_NE(root, nullptr);
  const Node* first = root->find("ä");
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->mark.line, 1U);
  EXPECT_EQ(first->mark.column, 4U);
  const Node* item = root->find("b")->first;
  EXPECT_EQ(item->mark.line, 3U);
  EXPECT_EQ(item->mark.column, 5U);
  EXPECT_EQ(root->find("c"), nullptr);
}

TEST(YamlTree, FindsAPlaceInsideEveryStyleOfString) {
  const std::string text =
      "a: plain {{ x }}\n"
      "b: 'it''s {{ x }}'\n"
      "c: \"t\\tab {{ x }}\"\n"
      "d: |\n    {{ y }}\n\n      {{ x }}\n"
      "e: >\n  folded\n  {{ x }} {{ x }}\n";
  Findings findings;
  Reporter reporter(findings, "f", text);
  YamlTree tree;
  const Node* root = tree.load(text, reporter);
  ASSERT_NE(root, nullptr);
  const auto place = [&](std::string_view key) {
    const Node* node = root->find(key);
    const Mark mark = reporter.place_in(*node, node->text.rfind("x }}"));
    return std::to_string(mark.line) + ":" + std::to_string(mark.column);
  };
  EXPECT_EQ(place("a"), "1:13");
  EXPECT_EQ(place("b"), "2:14");
  EXPECT_EQ(place("c"), "3:14");
  EXPECT_EQ(place("d"), "7:10");
  EXPECT_EQ(place("e"), "10:14");
}

TEST(JsonTree, GivesTheSameTreeWithoutMarks) {
  YamlTree tree;
  const auto root = tree.load_json(R"({"a":[1,-2.5,true,null,"x\ud83d\ude00"],"b":{}})");
  ASSERT_TRUE(root.has_value());
  std::string json;
  append_json(json, **root, KeyOrder::kAsWritten);
  EXPECT_EQ(json, "{\"a\":[1,-2.5,true,null,\"x\U0001F600\"],\"b\":{}}");
  EXPECT_EQ((*root)->mark.line, 0U);
}

TEST(JsonTree, RefusesWhatIsNotJson) {
  YamlTree tree;
  EXPECT_EQ(tree.load_json("{a: 1}").error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(tree.load_json("").error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(tree.load_json(std::string(100'000, '[')).error().code, ErrorCode::kCorrupt);
}

TEST(JsonText, YamlReadsTheSameStringsFromIt) {
  std::string text;
  for (int c = 1; c < 0xA1; ++c) {
    if (c < 0x80) {
      text += static_cast<char>(c);
    } else {
      text += static_cast<char>(0xC2);
      text += static_cast<char>(c);
    }
  }
  text += "\u2028\u2029\uFEFF\U0001F600\"\\/";
  std::string json;
  append_json_string(json, text);
  Findings findings;
  Reporter reporter(findings, "f", json);
  YamlTree tree;
  const Node* root = tree.load(json, reporter);
  ASSERT_NE(root, nullptr) << findings.take("f").front().message;
  EXPECT_EQ(root->text, text);
  YamlTree other;
  EXPECT_EQ((*other.load_json(json))->text, text);
}

}  // namespace
}  // namespace cordyna::flow
