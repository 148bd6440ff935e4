#include "process/data/sql/parameter.hpp"

#include <gtest/gtest.h>

#include "process/data/sql/row_json.hpp"

namespace cordyna::sql {
namespace {

TEST(ParameterTest, HasTheTypeOfItsLiteral) {
  EXPECT_EQ(parameter_of("3").type, kInt4);
  EXPECT_EQ(parameter_of("3000000000").type, kInt8);
  EXPECT_EQ(parameter_of("18446744073709551615").type, kNumeric);
  EXPECT_EQ(parameter_of("0.5").type, kNumeric);
  EXPECT_EQ(parameter_of("0.50").text, "0.50");
  EXPECT_EQ(parameter_of("true").type, kBool);
  EXPECT_EQ(parameter_of("\"it's\"").type, 0U);
  EXPECT_EQ(parameter_of("\"it's\"").text, "it's");
  EXPECT_EQ(parameter_of("null").text, std::nullopt);
  EXPECT_EQ(parameter_of(R"({"a":1})").text, R"({"a":1})");
}

TEST(ParameterTest, AListIsAnArray) {
  EXPECT_EQ(array_text("[1,null,true]"), "{1,NULL,true}");
  EXPECT_EQ(array_text(R"(["a","b\"c\\","NULL",""])"), R"({"a","b\"c\\","NULL",""})");
  EXPECT_EQ(array_text(R"([[1,2],[3,4]])"), "{{1,2},{3,4}}");
  EXPECT_EQ(array_text(R"([{"a":"b"}])"), R"({"{\"a\":\"b\"}"})");
  EXPECT_EQ(array_text("[]"), "{}");
}

}  // namespace
}  // namespace cordyna::sql
