#include <gtest/gtest.h>

#include "flow/flow_file.hpp"
#include "flow/typed_input.hpp"

namespace cordyna::flow {
namespace {

using Given = std::vector<std::pair<std::string, std::string>>;

std::shared_ptr<const Flow> flow_with(const std::string& inputs) {
  const Parsed parsed =
      parse("id: f\ntasks: [{id: a, type: log, message: x}]\ninputs:\n" + inputs, "f", "/");
  EXPECT_NE(parsed.flow, nullptr) << format(parsed.diagnostics.front());
  return parsed.flow;
}

constexpr std::string_view kContext = R"({"run":{"id":"r","date":"2026-11-21"}})";

TEST(Inputs, AreConvertedToTheirTypesAndDefaultsFilledIn) {
  const auto flow = flow_with(
      "  - {id: s}\n  - {id: n, type: int}\n  - {id: x, type: float, default: 2}\n"
      "  - {id: b, type: bool, default: false}\n  - {id: d, type: date, default: '{{ run.date "
      "}}'}\n"
      "  - {id: j, type: json}\n  - {id: o, required: false}\n");
  const auto json = resolve_inputs(
      *flow, Given{{"n", "-5"}, {"s", "$(touch /tmp/x) \"'\n-rf"}, {"j", R"({"b":1,"a":[true]})"}},
      kContext);
  ASSERT_TRUE(json.has_value()) << json.error().message;
  EXPECT_EQ(*json, R"({"s":"$(touch /tmp/x) \"'\n-rf","n":-5,"x":2.0,"b":false,"d":"2026-11-21",)"
                   R"("j":{"a":[true],"b":1},"o":null})");
}

TEST(Inputs, TheContextMayBeTheRunItself) {
  const auto flow = flow_with("  - {id: d, type: date, default: '{{ run.date }}'}\n");
  const auto json = resolve_inputs(*flow, {}, R"({"date":"2026-01-02"})");
  ASSERT_TRUE(json.has_value()) << json.error().message;
  EXPECT_EQ(*json, R"({"d":"2026-01-02"})");
}

TEST(Inputs, AllProblemsComeInOneMessage) {
  const auto flow = flow_with("  - {id: county}\n  - {id: n, type: int}\n  - {id: r}\n");
  const auto json = resolve_inputs(
      *flow, Given{{"conty", "x"}, {"n", "5x"}, {"county", "a"}, {"county", "b"}}, kContext);
  ASSERT_FALSE(json.has_value());
  EXPECT_EQ(json.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(json.error().message,
            "unknown input 'conty'; did you mean 'county'?\n"
            "input 'county' is given twice\n"
            "input 'n' wants a whole number, not '5x'\n"
            "input 'r' is required (string); give it with --input r=…");
}

TEST(Inputs, ADefaultThatDoesNotRenderToItsTypeIsRefused) {
  const auto flow = flow_with("  - {id: n, type: int, default: '{{ run.date }}'}\n");
  const auto json = resolve_inputs(*flow, {}, kContext);
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
  const auto flow = flow_with("  - {id: s}\n");
  const auto json = resolve_inputs(*flow, Given{{"s", "a\xff"}}, kContext);
  ASSERT_FALSE(json.has_value());
  EXPECT_NE(json.error().message.find("UTF-8"), std::string::npos);
}

}  // namespace
}  // namespace cordyna::flow
