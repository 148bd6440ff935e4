#include "input/host/flow_sink.hpp"

#include <gtest/gtest.h>

#include "cordyna/postgres.hpp"

namespace cordyna::input {
namespace {

TEST(FlowInputIdTest, HasAShortName) {
  EXPECT_EQ((FlowInputId{"acme", "orders", "rows"}.text()), "acme/orders/rows");
  EXPECT_EQ((FlowInputId{"acme", "orders", "rows"}.short_text()), "acme.orders.rows");
  EXPECT_EQ((FlowInputId{"", "orders", "rows"}.short_text()), "orders.rows");
  const std::string is_long(60, 'a');
  const std::string one = FlowInputId{is_long, "orders", "rows"}.short_text();
  const std::string other = FlowInputId{is_long, "orders", "rows2"}.short_text();
  EXPECT_EQ(one.size(), kPostgresIdMax);
  EXPECT_NE(one, other);
  EXPECT_EQ(one, "aaaaaaaaaaaaaaaaaaaaaaa.7bdceb10911049b3") << "as it is in databases already";
}

TEST(PayloadTest, IsWhatARunSees) {
  Event event{.location = "public.\"x", .operation = Operation::kUpdate, .id = "7"};
  event.at = EventTime(std::chrono::milliseconds(1767323045006));
  event.data = R"({"key":{"id" : 7}})";
  EXPECT_EQ(payload_of(event), R"({"location":"public.\"x","operation":"update","id":"7",)"
                               R"("at":"2026-01-02T03:04:05.006Z","data":{"key":{"id" : 7}}})");
}

TEST(DedupeKeyTest, IsApartFromThoseOfInputsAndOfBoundedSize) {
  EXPECT_EQ(dedupe_key("42"), "d:42");
  EXPECT_EQ(dedupe_key("ä"), "d:ä");
  EXPECT_EQ(dedupe_key(std::string(kEventKeyMax - 2, 'x')).size(), kEventKeyMax);
  for (const std::string& none : {std::string(), std::string(kEventKeyMax - 1, 'x'),
                                  std::string("a\nb"), std::string("\xff")}) {
    EXPECT_EQ(dedupe_key(none), "") << none.size();
  }
}

}  // namespace
}  // namespace cordyna::input
