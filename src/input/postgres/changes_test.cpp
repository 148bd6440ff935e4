#include "input/postgres/changes.hpp"

#include <gtest/gtest.h>

namespace cordyna::input {
namespace {

constexpr std::size_t kRowBytes = 1'000;

PgoValue value_of(std::string text) {
  return {PgoValue::Kind::kText, std::move(text)};
}
const PgoValue kNothing{};
const PgoValue kAsItWas{PgoValue::Kind::kUnchanged, ""};

PgoRelation orders() {
  return {42, "sales", "orders", {{"id", 23}, {"item", 25}, {"note", 25}}};
}

ChangeReader reader_at(ChangePosition position, bool whole_rows = true) {
  return ChangeReader(std::move(position), whole_rows, kRowBytes,
                      [](const PgoRelation&) -> Result<TableFacts> {
                        return TableFacts{{"id"}, {{23, 0}, {25, 0}, {25, 0}}};
                      });
}

PgoChange insert_of(std::string id, std::string item) {
  return {.kind = PgoChange::Kind::kInsert,
          .relation = 42,
          .after = PgoRow{value_of(std::move(id)), value_of(std::move(item)), kNothing}};
}

std::vector<ChangeEvent> taken(ChangeReader& reader, const std::vector<PgoMessage>& messages) {
  std::vector<ChangeEvent> out;
  for (const PgoMessage& message : messages) EXPECT_TRUE(reader.take(message, out).has_value());
  return out;
}

TEST(PgChanges, APositionComesBackFromItsText) {
  const ChangePosition position{"7301", 0x16B374D848, 3};
  EXPECT_EQ(parse_change_position(to_text(position)).value(), position);
  EXPECT_EQ(parse_change_position("").value(), ChangePosition{});
  for (const char* text : {"x", "{}", R"({"system":"1","xid":"2","id":"3"})",
                           R"({"system":"1","lsn":"1","changes":"3"})",
                           R"({"system":"1","lsn":"0/1","changes":"x"})"}) {
    EXPECT_EQ(parse_change_position(text).error().code, ErrorCode::kCorrupt) << text;
  }
}

TEST(PgChanges, RowsBecomeEvents) {
  ChangeReader reader = reader_at({"s", 0, 0});
  PgoChange update{.kind = PgoChange::Kind::kUpdate,
                   .relation = 42,
                   .after = PgoRow{value_of("1"), value_of("milk"), kAsItWas}};
  PgoChange gone{.kind = PgoChange::Kind::kDelete,
                 .relation = 42,
                 .before = PgoRow{value_of("1"), kNothing, kNothing}};
  const auto events =
      taken(reader, {PgoBegin{0x10, 1'700'000'000'123}, orders(), insert_of("1", "tea"), update,
                     gone, PgoTruncate{{42}}, PgoCommit{0x20}});
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[0].event.location, "sales.orders");
  EXPECT_EQ(events[0].event.operation, Operation::kCreate);
  EXPECT_EQ(events[0].event.id, "1");
  EXPECT_EQ(events[0].event.key, "pgl:s:0/10:1");
  EXPECT_EQ(events[0].event.at.time_since_epoch().count(), 1'700'000'000'123);
  EXPECT_EQ(events[0].event.data, R"({"key":{"id":1},"row":{"id":1,"item":"tea","note":null}})");
  EXPECT_EQ(events[1].event.data,
            R"({"key":{"id":1},"row":{"id":1,"item":"milk"},"unchanged":["note"]})");
  EXPECT_EQ(events[2].event.operation, Operation::kDelete);
  EXPECT_EQ(events[2].event.data, R"({"key":{"id":1},"row":null})");
  EXPECT_EQ(events[3].event.data, R"({"key":null,"row":null})");
  EXPECT_EQ(events[3].event.id, "");
  EXPECT_EQ(events[3].position, (ChangePosition{"s", 0x10, 4}));
  EXPECT_EQ(reader.whole(), Lsn{0x20});
}

TEST(PgChanges, TheRowBeforeHasWhatIsNotTold) {
  ChangeReader reader = reader_at({"s", 0, 0});
  PgoChange update{.kind = PgoChange::Kind::kUpdate,
                   .relation = 42,
                   .before = PgoRow{value_of("1"), value_of("tea"), value_of("long")},
                   .before_whole = true,
                   .after = PgoRow{value_of("1"), value_of("milk"), kAsItWas}};
  PgoChange gone{.kind = PgoChange::Kind::kDelete,
                 .relation = 42,
                 .before = PgoRow{value_of("1"), value_of("tea"), kNothing},
                 .before_whole = true};
  const auto events = taken(reader, {PgoBegin{0x10, 0}, orders(), update, gone});
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].event.data, R"({"key":{"id":1},"row":{"id":1,"item":"milk","note":"long"}})");
  EXPECT_EQ(events[1].event.data, R"({"key":{"id":1},"row":{"id":1,"item":"tea","note":null}})");
  EXPECT_EQ(reader.whole(), std::nullopt);
}

TEST(PgChanges, WhatWasKeptIsPassedOver) {
  ChangeReader reader = reader_at({"s", 0x10, 1});
  const auto events =
      taken(reader, {PgoBegin{0x08, 0}, orders(), insert_of("1", "a"), PgoCommit{0x09},
                     PgoBegin{0x10, 0}, insert_of("2", "b"), insert_of("3", "c"), PgoCommit{0x18},
                     PgoBegin{0x20, 0}, insert_of("4", "d")});
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].event.key, "pgl:s:0/10:2");
  EXPECT_EQ(events[1].event.key, "pgl:s:0/20:1");
}

TEST(PgChanges, KeysAloneAndRowsThatAreTooLarge) {
  ChangeReader keys = reader_at({"s", 0, 0}, false);
  EXPECT_EQ(taken(keys, {PgoBegin{1, 0}, orders(), insert_of("1", "a")}).at(0).event.data,
            R"({"key":{"id":1}})");
  ChangeReader whole = reader_at({"s", 0, 0});
  const auto large =
      taken(whole, {PgoBegin{1, 0}, orders(), insert_of("1", std::string(2'000, 'x'))});
  EXPECT_TRUE(large.at(0).event.data.starts_with(R"({"key":{"id":1},"problem":"the row has 2)"));
}

TEST(PgChanges, OurOwnTablesAreNobodysEvents) {
  ChangeReader reader = reader_at({"s", 0, 0});
  PgoRelation own = orders();
  own.schema = "cordyna";
  EXPECT_TRUE(taken(reader, {PgoBegin{1, 0}, own, insert_of("1", "a")}).empty());
}

TEST(PgChanges, WhatFitsNothingIsRefused) {
  std::vector<ChangeEvent> out;
  ChangeReader outside = reader_at({"s", 0, 0});
  EXPECT_EQ(outside.take(insert_of("1", "a"), out).error().code, ErrorCode::kCorrupt);
  ChangeReader unknown = reader_at({"s", 0, 0});
  ASSERT_TRUE(unknown.take(PgoBegin{1, 0}, out).has_value());
  EXPECT_EQ(unknown.take(insert_of("1", "a"), out).error().code, ErrorCode::kCorrupt);
  ASSERT_TRUE(unknown.take(orders(), out).has_value());
  PgoChange short_row = insert_of("1", "a");
  short_row.after->pop_back();
  EXPECT_EQ(unknown.take(short_row, out).error().code, ErrorCode::kCorrupt);
  EXPECT_TRUE(out.empty());
}

}  // namespace
}  // namespace cordyna::input
