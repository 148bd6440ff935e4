#include "process/data/sql/row_json.hpp"

#include <gtest/gtest.h>

namespace cordyna::sql {
namespace {

struct Case {
  const char* name;
  std::uint32_t type;
  const char* text;
  const char* expected;  ///< null: an error
  bool rounded = false;
};

constexpr std::uint32_t kInt4Array = 1007;
constexpr std::uint32_t kTextArray = 1009;
constexpr std::uint32_t kJsonbArray = 3807;
constexpr std::uint32_t kUuid = 2950;

class RowJsonTest : public testing::TestWithParam<Case> {};

TEST_P(RowJsonTest, KeepsTheType) {
  const Case& one = GetParam();
  bool rounded = false;
  const auto value = json_of(one.type, one.text, rounded);
  ASSERT_EQ(value.has_value(), one.expected != nullptr)
      << (value.has_value() ? *value : value.error().message);
  EXPECT_EQ(rounded, one.rounded);
  if (value.has_value()) {
    EXPECT_EQ(*value, one.expected);
  } else {
    EXPECT_EQ(value.error().code, TaskErrorCode::kOutputInvalid);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, RowJsonTest,
    testing::Values(
        Case{"truth", kBool, "t", "true"}, Case{"untruth", kBool, "f", "false"},
        Case{"whole", kInt8, "-9223372036854775808", "-9223372036854775808"},
        Case{"decimal", kNumeric, "-12.50", "-12.5"}, Case{"cents", kNumeric, "0.05", "0.05"},
        Case{"digits_15", kNumeric, "1234567890123.45", "1234567890123.45"},
        Case{"average", kNumeric, "3.3333333333333333", "3.3333333333333335", true},
        Case{"too_large_with_cents", kNumeric, "1234567890123456.78", nullptr},
        Case{"whole_numeric", kNumeric, "1234567890123456789", "1234567890123456789"},
        Case{"zeros_behind", kNumeric, "1234567890123456789.000", "1234567890123456789"},
        Case{"beyond_int64", kNumeric, "92233720368547758080", nullptr},
        Case{"nan", kNumeric, "NaN", nullptr}, Case{"infinite", kFloat8, "Infinity", nullptr},
        Case{"floating", kFloat8, "1e-07", "1e-07"},
        Case{"time", kTimestamp, "2026-11-30 17:13:00.5", "\"2026-11-30T17:13:00.5\""},
        Case{"utc", kTimestamptz, "2026-11-30 17:13:00+00", "\"2026-11-30T17:13:00Z\""},
        Case{"endless", kTimestamp, "infinity", "\"infinity\""},
        Case{"document", kJson, "{\"a\":\n [1]}", "{\"a\":  [1]}"},
        Case{"other", kUuid, "a\"b", "\"a\\\"b\""}, Case{"no_text", kText, "a\xff", nullptr},
        Case{"list", kInt4Array, "{1,NULL,3}", "[1,null,3]"},
        Case{"bounds", kInt4Array, "[0:1]={1,2}", "[1,2]"},
        Case{"matrix", kInt4Array, "{{1,2},{3,4}}", "[[1,2],[3,4]]"},
        Case{"texts", kTextArray, R"({a,"b,\"c\"","NULL",""})", R"(["a","b,\"c\"","NULL",""])"},
        Case{"documents", kJsonbArray, R"({"{\"a\": 1}"})", R"([{"a": 1}])"},
        Case{"none", kTextArray, "{}", "[]"}, Case{"cut", kTextArray, "{a", nullptr}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace cordyna::sql
