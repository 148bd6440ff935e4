#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

#include "flow/flow_file.hpp"
#include "flow/typed_input.hpp"

namespace cordyna::flow {
namespace {

using Given = std::vector<std::pair<std::string, std::string>>;

std::shared_ptr<const Flow> flow_of_inputs(const std::string& inputs) {
  const Parsed parsed =
      parse("id: f\ntasks: [{id: a, type: log, message: x}]\ninputs:\n" + inputs, "f", "/");
  EXPECT_NE(parsed.flow, nullptr) << format(parsed.diagnostics.front());
  return parsed.flow;
}

constexpr std::string_view kRunContext = R"({"run":{"id":"r","date":"2026-11-21"}})";

TEST(Inputs, AreConvertedToTheirTypesAndDefaultsFilledIn) {
  const auto flow = flow_of_inputs(
      "  - {id: s}\n  - {id: n, type: int}\n  - {id: x, type: float, default: 2}\n"
      "  - {id: b, type: bool, default: false}\n  - {id: d, type: date, default: '{{ run.date "
      "}}'}\n"
      "  - {id: j, type: json}\n  - {id: o, required: false}\n");
  const auto json = resolve_inputs(
      *flow, Given{{"n", "-5"}, {"s", "$(touch /tmp/x) \"'\n-rf"}, {"j", R"({"b":1,"a":[true]})"}},
      kRunContext);
  ASSERT_TRUE(json.has_value()) << json.error().message;
  EXPECT_EQ(*json, R"({"s":"$(touch /tmp/x) \"'\n-rf","n":-5,"x":2.0,"b":false,"d":"2026-11-21",)"
                   R"("j":{"a":[true],"b":1},"o":null})");
}

/// `schema` stands in single quotes; `more`: keys of the task.
Parsed flow_with_schema(std::string_view schema, std::string_view more) {
  return parse(fmt::format("id: f\nnamespace: n\n"
                           "inputs: [{{id: a, type: json, required: false}}, {{id: n, type: int, "
                           "default: 3}}]\ntasks:\n  - {{id: t, type: invoke, server: s, "
                           "input_schema: '{}'{}}}\n",
                           schema, more),
               "f", "/");
}

TEST(Inputs, AreHeldToTheSchemaOfATaskThatGetsThem) {
  constexpr std::string_view kSchema =
      R"({"properties":{"a":{"items":{"type":"integer"}},"n":{"maximum":5}}})";
  const Parsed parsed = flow_with_schema(kSchema, "");
  ASSERT_NE(parsed.flow, nullptr) << format(parsed.diagnostics.front());
  const auto stored = from_canonical(parsed.canonical, "/");
  ASSERT_TRUE(stored.has_value());
  for (const Flow* flow : {parsed.flow.get(), stored->get()}) {
    // What is not given is null, and no list of integers.
    EXPECT_EQ(resolve_inputs(*flow, {}, kRunContext), R"({"a":null,"n":3})");
    const auto wrong = resolve_inputs(*flow, {{"a", R"([1,"x"])"}, {"n", "6"}}, kRunContext);
    ASSERT_FALSE(wrong.has_value());
    EXPECT_EQ(wrong.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(wrong.error().message,
              "#/inputs/a/1 must be an integer, but is a text\n#/inputs/n must be at most 5");
  }
}

TEST(Inputs, OfATaskThatHasItsOwnAreNotThoseOfTheRun) {
  const Parsed parsed = flow_with_schema(R"({"required":["other"]})", ", inputs: {other: 1}");
  ASSERT_NE(parsed.flow, nullptr) << format(parsed.diagnostics.front());
  EXPECT_TRUE(resolve_inputs(*parsed.flow, {}, kRunContext).has_value());
  EXPECT_NE(parsed.flow->tasks[0].contract.own_inputs, nullptr);
}

TEST(Inputs, WhatIsNoSchemaIsAnErrorOfTheFlow) {
  const Parsed parsed = flow_with_schema(R"({"type":"text"})", "");
  ASSERT_EQ(parsed.diagnostics.size(), 1U);
  EXPECT_EQ(parsed.diagnostics[0].code, "bad_value");
  EXPECT_EQ(parsed.diagnostics[0].message.substr(0, 42),
            "is no JSON Schema: #/type: must be one of ");
}

TEST(Inputs, TheContextMayBeTheRunItself) {
  const auto flow = flow_of_inputs("  - {id: d, type: date, default: '{{ run.date }}'}\n");
  const auto json = resolve_inputs(*flow, {}, R"({"date":"2026-01-02"})");
  ASSERT_TRUE(json.has_value()) << json.error().message;
  EXPECT_EQ(*json, R"({"d":"2026-01-02"})");
}

TEST(Inputs, AllProblemsComeInOneMessage) {
  const auto flow = flow_of_inputs("  - {id: county}\n  - {id: n, type: int}\n  - {id: r}\n");
  const auto json = resolve_inputs(
      *flow, Given{{"conty", "x"}, {"n", "5x"}, {"county", "a"}, {"county", "b"}}, kRunContext);
  ASSERT_FALSE(json.has_value());
  EXPECT_EQ(json.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(json.error().message,
            "unknown input 'conty'; did you mean 'county'?\n"
            "input 'county' is given twice\n"
            "input 'n' wants a whole number, not '5x'\n"
            "input 'r' is required (string); give it with --input r=…");
}

TEST(Inputs, ADefaultThatDoesNotRenderToItsTypeIsRefused) {
  const auto flow = flow_of_inputs("  - {id: n, type: int, default: '{{ run.date }}'}\n");
  const auto json = resolve_inputs(*flow, {}, kRunContext);
  ASSERT_FALSE(json.has_value());
  EXPECT_NE(json.error().message.find("input 'n' (default) wants a whole number"),
            std::string::npos);
}

struct Case {
  InputType type;
  std::string text;
  std::string expected;  // empty: refused
};

TEST(TypedInput, TakesWhatItsTypeTakes) {
  using T = InputType;
  const Case rows[] = {
      {T::kInt, "+7", "7"},
      {T::kInt, "9223372036854775808", ""},
      {T::kInt, "0x1", ""},
      {T::kInt, " 1", ""},
      {T::kFloat, "1e3", "1000.0"},
      {T::kFloat, "nan", ""},
      {T::kFloat, "1,5", ""},
      {T::kBool, "true", "true"},
      {T::kBool, "yes", ""},
      {T::kDate, "2024-02-29", R"("2024-02-29")"},
      {T::kDate, "2023-02-29", ""},
      {T::kDate, "2024-1-1", ""},
      {T::kDate, "2024-01-01T00:00", ""},
      {T::kDatetime, "2024-01-01T10:30", R"("2024-01-01T10:30")"},
      {T::kDatetime, "2024-01-01T10:30:00.25+02:00", R"("2024-01-01T10:30:00.25+02:00")"},
      {T::kDatetime, "2024-01-01T25:00", ""},
      {T::kDatetime, "2024-01-01", ""},
      {T::kDatetime, "2024-01-01T10:30:00.Z", ""},
      {T::kDuration, "1h30m", R"("1h30m")"},
      {T::kDuration, "soon", ""},
      {T::kJson, "[1, 2]", "[1,2]"},
      {T::kJson, "abc", ""},
      {T::kString, "", R"("")"},
  };
  for (const Case& row : rows) {
    const auto json = typed_input(row.type, row.text);
    EXPECT_EQ(json.has_value(), !row.expected.empty()) << row.text;
    if (json.has_value()) {
      EXPECT_EQ(*json, row.expected);
    } else {
      EXPECT_EQ(json.error().code, ErrorCode::kInvalidArgument);
    }
  }
}

TEST(Inputs, BytesThatAreNotUtf8AreRefused) {
  const auto flow = flow_of_inputs("  - {id: s}\n");
  const auto json = resolve_inputs(*flow, Given{{"s", "a\xff"}}, kRunContext);
  ASSERT_FALSE(json.has_value());
  EXPECT_NE(json.error().message.find("UTF-8"), std::string::npos);
}

Result<GivenInputs> from_file(const Flow& flow, std::string_view text) {
  const std::string path = testing::TempDir() + "/inputs.yaml";
  std::ofstream(path) << text;
  return read_inputs_file(flow, path);
}

TEST(InputsFile, ValuesAreTextAsOnACommandLine) {
  const auto flow = flow_of_inputs(
      "  - {id: s}\n  - {id: n, type: int, default: 1}\n  - {id: b, type: bool, default: true}\n"
      "  - {id: j, type: json, default: 1}\n  - {id: zip}\n");
  const auto given =
      from_file(*flow, "s: \"a: b\"\nn: null\nb: false\nj: {x: [1, null]}\nzip: 098001\n");
  ASSERT_TRUE(given.has_value()) << given.error().message;
  EXPECT_EQ(
      *given,
      (GivenInputs{{"s", "a: b"}, {"b", "false"}, {"j", R"({"x":[1,null]})"}, {"zip", "098001"}}));
}

TEST(InputsFile, AllThatIsWrongIsToldWithItsPlace) {
  const auto flow = flow_of_inputs("  - {id: county}\n  - {id: n, type: int}\n");
  const auto given = from_file(*flow, "conty: x\nn: five\ncounty: [a]\n");
  ASSERT_FALSE(given.has_value());
  EXPECT_EQ(given.error().code, ErrorCode::kInvalidArgument);
  const std::string& message = given.error().message;
  EXPECT_NE(message.find("inputs.yaml:1:1: error: unknown input 'conty'"), std::string::npos);
  EXPECT_NE(message.find("inputs.yaml:2:4: error: input 'n' wants a whole number, not 'five'"),
            std::string::npos);
  EXPECT_NE(message.find("inputs.yaml:3:9: error: input 'county' wants one value (string), not a "
                         "list"),
            std::string::npos);
  for (const char* text : {"- a\n", "a: b: c\n", "", "county: x\ncounty: y\n"}) {
    EXPECT_FALSE(from_file(*flow, text).has_value()) << text;
  }
  EXPECT_EQ(read_inputs_file(*flow, "/nowhere.yaml").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace cordyna::flow
