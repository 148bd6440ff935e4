#include "shape/schema.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace cordyna::shape {
namespace {

std::string shown(const std::vector<Flaw>& flaws) {
  std::string out;
  for (const Flaw& flaw : flaws)
    out += fmt::format("{}{} {}", out.empty() ? "" : "; ", flaw.at, flaw.detail);
  return out;
}

/// What is wrong with the schema; empty: nothing.
std::string refused(std::string_view schema) {
  const SchemaOrFlaws made = compile_schema(schema);
  const auto* flaws = std::get_if<std::vector<Flaw>>(&made);
  return flaws == nullptr ? "" : shown(*flaws);
}

/// What is wrong with the value.
std::string found(std::string_view schema, std::string_view value) {
  const SchemaOrFlaws made = compile_schema(schema);
  if (const auto* flaws = std::get_if<std::vector<Flaw>>(&made))
    return "no schema: " + shown(*flaws);
  return shown(std::get<std::shared_ptr<const ValueCheck>>(made)->flaws_of(value));
}

struct Row {
  std::string_view name;
  std::string_view schema;
  std::string_view good;
  std::string_view bad;
  std::string_view flaws;
};

constexpr Row kRows[] = {
    {"type", R"({"type":"integer"})", "5", R"("5")", "# must be an integer, but is a text"},
    {"types", R"({"type":["integer","null"]})", "null", "true",
     "# must be null or an integer, but is true"},
    {"whole_number_is_an_integer", R"({"type":"integer"})", "5.0", "5.5",
     "# must be an integer, but is a number"},
    {"enum", R"({"enum":["a",1]})", "1", "2", R"(# must be one of "a", 1)"},
    {"const", R"({"const":{"a":[1]}})", R"({"a":[1.0]})", R"({"a":[2]})", R"(# must be {"a":[1]})"},
    {"pattern", R"({"pattern":"^[A-Z]{3}$"})", R"("ABC")", R"("abc")",
     "# must match the pattern ^[A-Z]{3}$"},
    {"bounds", R"({"minimum":1,"exclusiveMaximum":3,"multipleOf":0.5})", "2.5", "0.7",
     "# must be at least 1; # must be a multiple of 0.5"},
    {"lengths", R"({"minLength":2,"maxLength":3})", R"("äöü")", R"("ä")",
     "# must have at least 2 characters"},
    {"required", R"({"required":["a/b","c"]})", R"({"a/b":1,"c":2})", "{}",
     "#/a~1b is missing; #/c is missing"},
    {"no_more_fields", R"({"properties":{"a":true},"additionalProperties":false})", R"({"a":1})",
     R"({"a":1,"b":2})", "#/b is not known here"},
    {"fields_by_pattern", R"({"patternProperties":{"^n_":{"type":"number"}}})",
     R"({"n_a":1,"b":""})", R"({"n_a":""})", "#/n_a must be a number, but is a text"},
    {"names", R"({"propertyNames":{"maxLength":2}})", R"({"ab":1})", R"({"abc":1})",
     "# has a name that must have at most 2 characters"},
    {"nested_lists", R"({"items":{"items":{"type":"integer"}}})", "[[1],[2,3]]", R"([[1],[2,"x"]])",
     "#/1/1 must be an integer, but is a text"},
    {"tuple", R"({"prefixItems":[{"type":"integer"}],"items":false})", "[1]", "[1,2]",
     "#/1 may not be there"},
    {"unique", R"({"uniqueItems":true})", "[1,2]", "[1,1.0]", "# must have each item once"},
    {"contains", R"({"contains":{"type":"integer"},"minContains":2})", "[1,2]", R"([1,""])",
     "# must contain more or fewer items of a kind that it names"},
    {"any_of", R"({"anyOf":[{"type":"null"},{"type":"integer"}]})", "null", "1.5",
     "# must be null, but is a number, or must be an integer, but is a number"},
    {"any_of_the_likeliest_is_told",
     R"({"anyOf":[{"type":"null"},{"properties":{"a":{"type":"integer"}},"type":"object"}]})",
     R"({"a":1})", R"({"a":""})", "#/a must be an integer, but is a text"},
    {"one_of", R"({"oneOf":[{"minimum":1},{"maximum":2}]})", "3", "1.5",
     "# has more than one of the forms of which it may have one"},
    {"not", R"({"not":{"type":"null"}})", "1", "null", "# is what it must not be"},
    {"if_then", R"({"if":{"minimum":5},"then":{"maximum":6},"else":{"type":"integer"}})", "4", "7",
     "# must be at most 6"},
    {"reference",
     R"({"$ref":"#/$defs/a%20b","$defs":{"a b":{"$ref":"#c"},"d":{"$anchor":"c","type":"null"}}})",
     "null", "1", "# must be null, but is an integer"},
    {"recursion", R"({"type":"object","properties":{"next":{"$ref":"#"}}})",
     R"({"next":{"next":{}}})", R"({"next":{"next":1}})",
     "#/next/next must be an object, but is an integer"},
    {"unevaluated", R"({"allOf":[{"properties":{"a":true}}],"unevaluatedProperties":false})",
     R"({"a":1})", R"({"b":1})", "#/b is not known here"},
    {"dependent", R"({"dependentRequired":{"a":["b"]}})", R"({"b":1})", R"({"a":1})",
     "#/b is missing"},
    {"date", R"({"format":"date"})", R"("2026-02-28")", R"("2026-02-30")",
     "# must have the format 'date'"},
    {"date_time", R"({"format":"date-time"})", R"("2026-02-28T01:02:03.5+01:00")",
     R"("2026-02-28T01:02:03")", "# must have the format 'date-time'"},
    {"time", R"({"format":"time"})", R"("03:04:05.123")", R"("24:00:00")",
     "# must have the format 'time'"},
    {"uuid", R"({"format":"uuid"})", R"("0195d0c6-0000-7000-8000-000000000001")", R"("x")",
     "# must have the format 'uuid'"},
    {"unknown_format", R"({"format":"colour","type":"string"})", R"("red")", "1",
     "# must be a text, but is an integer"},
    {"draft_7", R"({"$schema":"http://json-schema.org/draft-07/schema#","$ref":"#/definitions/a",
                    "definitions":{"a":{"items":[{"type":"null"}]}}})",
     "[null,1]", "[1]", "#/0 must be null, but is an integer"},
    {"nothing_is_wanted", "{}", "1", "{",
     "# is no JSON: EOF while parsing an object at line 1 column 1"},
};

class Keyword : public testing::TestWithParam<Row> {};

TEST_P(Keyword, TakesTheGoodAndSaysWhatIsWrongWithTheBad) {
  const Row& row = GetParam();
  EXPECT_EQ(found(row.schema, row.good), "");
  EXPECT_EQ(found(row.schema, row.bad), row.flaws);
}

INSTANTIATE_TEST_SUITE_P(Schema, Keyword, testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

struct BadRow {
  std::string_view name;
  std::string_view schema;
  std::string_view flaws;
};

constexpr std::string_view kWithin =
    "must lead within the schema, as '#/$defs/name': nothing is fetched";

const BadRow kBadRows[] = {
    {"no_json", "{", "# is no JSON: EOF while parsing an object at line 1 column 1"},
    {"no_schema", "[]", "# must be true or false or an object, but is a list"},
    {"wrong_type", R"({"properties":{"day":{"type":"strin"}}})",
     R"(#/properties/day/type must be one of "array", "boolean", "integer", "null", "number", "object", "string", or must be a list, but is a text)"},
    {"wrong_bound", R"({"items":{"minLength":-1}})", "#/items/minLength must be at least 0"},
    {"wrong_pattern", R"({"pattern":"("})", "#/pattern must have the format 'regex'"},
    {"look_ahead", R"({"properties":{"a":{"pattern":"(?=a)b"}}})",
     "#/properties/a/pattern must have the format 'regex'"},
    {"nowhere", R"({"$ref":"#/$defs/a"})", "#/$ref leads to nothing: the schema has no such place"},
    {"no_anchor", R"({"items":{"$ref":"#a"}})",
     "#/items/$ref leads to nothing: the schema has no such place"},
    {"unknown_draft", R"({"$schema":"https://evil.example/meta"})",
     "#/$schema must be a draft that is known here: 2020-12, 2019-09, 7 or 6, as "
     "https://json-schema.org/draft/2020-12/schema"},
    {"second_document", R"({"$defs":{"a":{"$id":"https://x.example/a"}}})",
     "#/$defs/a/$id may stand at the top alone: use '$defs' with a reference such as "
     "'#/$defs/name', or '$anchor'"},
    {"circle",
     R"({"$ref":"#/$defs/a","$defs":{"a":{"anyOf":[{"$ref":"#/$defs/b"}]},"b":{"$ref":"#/$defs/a"}}})",
     "#/$defs/a leads back to itself without going further into the value"},
};

class BadSchema : public testing::TestWithParam<BadRow> {};

TEST_P(BadSchema, IsRefusedAtItsPlace) {
  EXPECT_EQ(refused(GetParam().schema), GetParam().flaws);
}

INSTANTIATE_TEST_SUITE_P(Schema, BadSchema, testing::ValuesIn(kBadRows),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(SchemaTest, NothingIsFetchedWhateverAReferenceSays) {
  for (const char* where :
       {"https://x.example/a.json", "http://127.0.0.1:1/", "file:///etc/passwd", "a.json", "//x"}) {
    EXPECT_EQ(refused(fmt::format(R"({{"items":{{"$ref":"{}"}}}})", where)),
              fmt::format("#/items/$ref {}", kWithin));
    EXPECT_EQ(refused(fmt::format(R"({{"$id":"https://y.example/","$dynamicRef":"{}"}})", where)),
              fmt::format("#/$dynamicRef {}", kWithin));
  }
  // Where no schema is looked for, nothing is, either.
  EXPECT_EQ(
      refused(
          R"({"default":{"$ref":"https://x.example/"},"properties":{"$ref":{"type":"string"}}})"),
      "");
}

TEST(SchemaTest, FlawsAreAtMostTenAndTellNoValue) {
  std::string list = R"(["secret")";
  for (int i = 0; i < 100; ++i) list += R"(,"secret")";
  const std::string all = found(R"({"items":{"type":"integer","maxLength":2}})", list + "]");
  EXPECT_EQ(std::ranges::count(all, ';'), 9);
  EXPECT_EQ(all.find("secret"), std::string::npos);
}

TEST(SchemaTest, OneCompiledSchemaServesManyThreads) {
  const auto check = schema_when_needed(R"({"items":{"type":"integer"}})");
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&check] {
      for (int k = 0; k < 200; ++k) {
        EXPECT_TRUE(check->flaws_of("[1,2,3]").empty());
        EXPECT_EQ(shown(check->flaws_of("[1,null]")), "#/1 must be an integer, but is null");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(SchemaTest, OneThatIsNoneRefusesWhateverItIsToCheck) {
  EXPECT_EQ(shown(schema_when_needed(R"({"type":1})")->flaws_of("1")).substr(0, 30),
            "# its schema is none: #/type: ");
}

// What somebody hostile would declare.

/// `count` definitions, each of which has `each` with the number of the next in it.
std::string chain(int count, std::string_view each, std::string_view last) {
  std::string defs;
  for (int i = 0; i < count; ++i) {
    defs += fmt::format(R"("a{}":{},)", i, fmt::format(fmt::runtime(each), i + 1));
  }
  return fmt::format(R"({{"$ref":"#/$defs/a0","$defs":{{{}"a{}":{}}}}})", defs, count, last);
}

TEST(HostileSchema, ThatMultipliesIsRefused) {
  constexpr std::string_view kTwice =
      R"({{"anyOf":[{{"$ref":"#/$defs/a{0}"}},{{"$ref":"#/$defs/a{0}"}}]}})";
  EXPECT_EQ(found(chain(6, kTwice, R"({"type":"null"})"), "null"), "");
  EXPECT_NE(refused(chain(40, kTwice, "false")).find("more than 1000 schemas at one place"),
            std::string::npos);
}

TEST(HostileSchema, ThatIsALongChainIsRefused) {
  constexpr std::string_view kNext = R"({{"$ref":"#/$defs/a{}"}})";
  EXPECT_EQ(found(chain(50, kNext, R"({"type":"null"})"), "1"),
            "# must be null, but is an integer");
  EXPECT_NE(refused(chain(5'000, kNext, "{}")).find("within each other"), std::string::npos);
}

TEST(HostileSchema, ThatIsVeryLargeOrDeepIsRefused) {
  EXPECT_EQ(refused(R"({"description":")" + std::string(1 << 20, 'x') + R"("})"),
            "# has 1048594 bytes; a schema has at most 262144");
  std::string deep;
  for (int i = 0; i < 70; ++i) deep += R"({"items":)";
  EXPECT_NE(refused(deep + "true" + std::string(70, '}')).find("is nested deeper than 64 levels"),
            std::string::npos);
  EXPECT_NE(refused(std::string(100'000, '[')).find("# is no JSON"), std::string::npos);
}

TEST(HostileSchema, WithManyOrHugePatternsIsRefused) {
  std::string patterns;
  for (int i = 0; i < 300; ++i) patterns += fmt::format(R"({}"a{}":{{}})", i == 0 ? "" : ",", i);
  EXPECT_NE(refused(fmt::format(R"({{"patternProperties":{{{}}}}})", patterns))
                .find("more than 200 patterns"),
            std::string::npos);
  EXPECT_NE(refused(R"x({"pattern":"(((a{1000}){1000}){1000})"})x"), "");
  // What would go back and forth for years is linear here.
  EXPECT_EQ(found(R"({"pattern":"^(a+)+$"})", '"' + std::string(100'000, 'a') + R"(b")"),
            "# must match the pattern ^(a+)+$");
}

/// A list in a list, so many times, with a number in the innermost.
std::string nested_lists(std::size_t count) {
  return std::string(count, '[') + "1" + std::string(count, ']');
}

TEST(HostileSchema, ThatMultipliesWithTheDepthOfTheValueIsStopped) {
  // Which of the two forms is wrong is asked at each level, of the next one twice.
  constexpr std::string_view kTree =
      R"({"type":"array","anyOf":[{"items":{"$ref":"#"}},{"items":{"$ref":"#"}}]})";
  EXPECT_NE(found(kTree, nested_lists(3)), "");
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_NE(found(kTree, nested_lists(30)).find("takes too much work to be checked"),
            std::string::npos);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

TEST(HostileSchema, ThatGoesDeepWithTheValueStaysOnTheStack) {
  std::string defs;
  for (int i = 0; i < 45; ++i) {
    defs += fmt::format(R"("a{}":{{"allOf":[{{"$ref":"#/$defs/a{}"}}]}},)", i, i + 1);
  }
  const std::string schema = fmt::format(
      R"({{"$ref":"#/$defs/a0","$defs":{{{}"a45":{{"type":"array","items":{{"$ref":"#/$defs/a0"}}}}}}}})",
      defs);
  EXPECT_EQ(found(schema, nested_lists(2)), "#/0/0 must be a list, but is an integer");
  EXPECT_NE(found(schema, nested_lists(125)), "");
}

}  // namespace
}  // namespace cordyna::shape
