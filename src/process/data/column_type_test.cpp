// How text becomes values, as DuckDB really does it.
#include <gtest/gtest.h>

#include "process/data/column_type.hpp"
#include "process/data/sql_text.hpp"
#include "process/data/step_fixture.hpp"

namespace cordyna::data {
namespace {

struct CastCase {
  const char* name;
  const char* type;
  const char* format;
  std::vector<std::pair<std::string, std::string>> values;  ///< text → value; "" for NULL
};

class CastTest : public StepTest, public testing::WithParamInterface<CastCase> {};

TEST_P(CastTest, GivesTheValueOrNull) {
  const CastCase& test = GetParam();
  std::string list;
  for (const auto& [text, value] : test.values) {
    list += (list.empty() ? "(" : ", (") + quote_text(text) + ")";
  }
  const std::string cast = strict_cast("v", *parse_type(test.type), test.format);
  const Lines found = rows("SET TimeZone='UTC'; SELECT coalesce((" + cast +
                           ")::VARCHAR, '') AS c FROM (VALUES " + list + ") t(v)");
  ASSERT_EQ(found.size(), test.values.size()) << found.front();
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i], "{\"c\":\"" + test.values[i].second + "\"}") << test.values[i].first;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, CastTest,
    testing::Values(
        CastCase{"Int64",
                 "int64",
                 "",
                 {{"12", "12"},
                  {"-007", "-7"},
                  {"12.7", ""},
                  {"1e3", ""},
                  {"1_0", ""},
                  {"0x1", ""},
                  {"9223372036854775807", "9223372036854775807"},
                  {"9223372036854775808", ""},
                  {"1,234", ""},
                  {"--", ""},
                  {"true", ""}}},
        CastCase{"Int32", "int32", "", {{"2147483647", "2147483647"}, {"2147483648", ""}}},
        CastCase{"Double",
                 "double",
                 "",
                 {{"1.5", "1.5"},
                  {".5", "0.5"},
                  {"1e5", "100000.0"},
                  {"nan", ""},
                  {"inf", ""},
                  {"1e400", ""},
                  {"1_0", ""},
                  {"1,5", ""}}},
        CastCase{"Decimal",
                 "decimal(5,2)",
                 "",
                 {{"1.5", "1.50"},
                  {"1.2300", "1.23"},
                  {"1.239", ""},
                  {"1000.00", ""},
                  {"1e2", ""},
                  {".25", "0.25"},
                  {"7", "7.00"}}},
        CastCase{"Date",
                 "date",
                 "",
                 {{"2024-01-02", "2024-01-02"},
                  {"2024-02-30", ""},
                  {"2024-1-2", ""},
                  {"2024-01-02x", ""},
                  {"2024-01-02 10:00", ""},
                  {"infinity", ""},
                  {"epoch", ""}}},
        CastCase{"UsDate",
                 "date",
                 "%m/%d/%Y",
                 {{"01/02/2024", "2024-01-02"},
                  {"1/2/2024", "2024-01-02"},
                  {"01/02/24", ""},
                  {"13/02/2024", ""},
                  {"2024-01-02", ""}}},
        CastCase{"Timestamp",
                 "timestamp",
                 "",
                 {{"2024-01-02T10:00:00Z", "2024-01-02 10:00:00"},
                  {"2024-01-02 10:00:00+02:00", "2024-01-02 08:00:00"},
                  {"2024-01-02", "2024-01-02 00:00:00"},
                  {"2024-01-02 25:00:00", ""}}},
        CastCase{"Packed",
                 "timestamp",
                 "%Y%m%dT%H%M%S",
                 {{"20141013T000000", "2014-10-13 00:00:00"}, {"20141313T000000", ""}}},
        CastCase{"Bool",
                 "bool",
                 "",
                 {{"true", "true"}, {"F", "false"}, {"Yes", "true"}, {"0", "false"}, {"2", ""}}}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace cordyna::data
