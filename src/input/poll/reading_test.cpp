#include "input/poll/reading.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "input/poll/poll_fixture.hpp"

namespace cordyna::input {
namespace {

class NoSource final : public PollSource {
 public:
  std::expected<PollAnswer, PollFailure> poll(const PollPosition& /*position*/,
                                              std::size_t /*known*/, bool /*newest*/) override {
    return PollAnswer();
  }
  std::string location() const override { return "place"; }
  const char* member() const override { return "row"; }
};

PollItem item(const std::string& id, int cursor) {
  return {fmt::format(R"({{"id":"{}"}})", id), id, id, PollCursor{true, fmt::format("{}", cursor)},
          ""};
}

struct Polled {
  explicit Polled(PollOptions given = {.cursor = "c"}) : options(std::move(given)) {}

  Result<> take(const PollAnswer& answer) {
    KeptSink sink(kept);
    sink.refuse(refused);
    PollReading reading(options, options.cursor.empty() ? PollBy::kKeys : PollBy::kCursor,
                        options.cursor, sink);
    TRY(reading.begin(1'700'000'000'000));
    return reading.take(source, answer, 1'700'000'000'000);
  }

  PollOptions options;
  NoSource source;
  Kept kept;
  std::string refused;
};

TEST(PollReading, ThingsOfTheHighestCursorAreEachNewOnce) {
  Polled polled;
  ASSERT_TRUE(polled.take({.items = {item("a", 1), item("b", 2)}}).has_value());
  ASSERT_TRUE(polled.take({.items = {item("b", 2), item("c", 2)}}).has_value());
  ASSERT_TRUE(polled.take({.items = {item("c", 2), item("b", 2)}}).has_value());
  ASSERT_TRUE(polled.take({.items = {item("b", 2), item("b", 3), item("late", 1)}}).has_value());
  EXPECT_EQ(told_of(polled.kept), (std::vector<std::string>{"a", "b", "c", "b"}));
  EXPECT_EQ(polled.kept.marks.size(), 1U) << "only of the highest cursor";
  EXPECT_EQ(polled.kept.events[3].data, R"({"row":{"id":"b"},"cursor":3})");
  EXPECT_EQ(polled.kept.events[0].location, "place");
  std::set<std::string> keys;
  for (const Event& event : polled.kept.events) keys.insert(event.key);
  EXPECT_EQ(keys.size(), 4U);
}

TEST(PollReading, OfTheLatestNothingOfBeforeIsTold) {
  Polled polled({.cursor = "c", .start = PollStart::kLatest});
  ASSERT_TRUE(polled.take({.items = {item("a", 1), item("b", 2)}, .more = true}).has_value());
  ASSERT_TRUE(polled.take({.items = {item("b", 2), item("x", 2)}}).has_value());
  ASSERT_TRUE(polled.take({.items = {item("b", 2), item("x", 2), item("c", 2)}}).has_value());
  EXPECT_EQ(told_of(polled.kept), std::vector<std::string>{"c"});
}

TEST(PollReading, WithoutACursorWhatWasNotThereBeforeIsNew) {
  Polled polled(PollOptions{});
  ASSERT_TRUE(polled.take({.items = {item("a", 0), item("b", 0), item("a", 0)}}).has_value());
  ASSERT_TRUE(polled.take({.items = {item("b", 0), item("c", 0)}}).has_value());
  ASSERT_TRUE(polled.take({.is_same = true}).has_value());
  ASSERT_TRUE(polled.take({.items = {item("a", 0)}}).has_value());
  EXPECT_EQ(told_of(polled.kept), (std::vector<std::string>{"a", "b", "c", "a"}));
  EXPECT_EQ(polled.kept.marks.size(), 1U);
}

TEST(PollReading, AnotherCursorIsRefusedUnlessGapsAreFine) {
  Polled polled;
  ASSERT_TRUE(polled.take({.items = {item("a", 1)}}).has_value());
  polled.options.cursor = "d";
  const auto refused = polled.take({.items = {item("a", 1)}});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_NE(refused.error().message.find("'cursor c'"), std::string::npos);
  polled.options.over_gaps = true;
  ASSERT_TRUE(polled.take({.items = {item("a", 1)}}).has_value());
  EXPECT_EQ(told_of(polled.kept), (std::vector<std::string>{"a", "a"}));
  EXPECT_NE(polled.kept.events[0].key, polled.kept.events[1].key);
}

TEST(PollReading, ACursorOfAnotherKindIsRefused) {
  Polled polled;
  PollItem text = item("b", 2);
  text.cursor->is_number = false;
  const auto refused = polled.take({.items = {item("a", 1), text}});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(polled.kept.events.empty());
}

TEST(PollReading, TheOrderOfADatabaseIsItsOwn) {
  Polled polled;
  const auto row = [](const std::string& id, const std::string& cursor) {
    PollItem one = item(id, 0);
    one.cursor = {false, cursor};
    return one;
  };
  ASSERT_TRUE(
      polled.take({.items = {row("a", "9"), row("b", "10")}, .is_ordered = true}).has_value());
  ASSERT_TRUE(
      polled.take({.items = {row("b", "10"), row("c", "10"), row("d", "2")}, .is_ordered = true})
          .has_value());
  EXPECT_EQ(told_of(polled.kept), (std::vector<std::string>{"a", "b", "c", "d"}));
  EXPECT_EQ(polled.kept.marks.size(), 1U);
}

TEST(PollReading, WhatCannotBeAnEventHoldsUpNoOther) {
  Polled polled;
  polled.refused = R"("row":{"id":"b"})";
  ASSERT_TRUE(polled.take({.items = {item("a", 1), item("b", 2), item("c", 3)}}).has_value());
  EXPECT_EQ(told_of(polled.kept, true),
            (std::vector<std::string>{R"(a {"row":{"id":"a"},"cursor":1})",
                                      R"(b {"problem":"it is too large","cursor":2})",
                                      R"(c {"row":{"id":"c"},"cursor":3})"}));
}

/// A table that grows, read in pages by an input that falls over before and after its commits.
class PollWorld {
 public:
  explicit PollWorld(unsigned seed) : random_(seed) {}

  void play() {
    Polled polled;
    for (int step = 0; step < 40; ++step) {
      write();
      KeptSink sink(polled.kept);
      if (draw(3) == 0) sink.fall_in(static_cast<int>(draw(2)), draw(2) == 0);
      PollReading reading(polled.options, PollBy::kCursor, "c", sink);
      ASSERT_TRUE(reading.begin(1).has_value());
      for (bool more = true; more;) {
        const PollAnswer answer = page(reading);
        more = reading.take(polled.source, answer, 1).has_value() && answer.more;
      }
    }
    KeptSink sink(polled.kept);
    PollReading reading(polled.options, PollBy::kCursor, "c", sink);
    ASSERT_TRUE(reading.begin(1).has_value());
    for (bool more = true; more;) {
      const PollAnswer answer = page(reading);
      ASSERT_TRUE(reading.take(polled.source, answer, 1).has_value());
      more = answer.more;
    }
    std::vector<std::string> told = told_of(polled.kept);
    std::vector<std::string> wanted;
    wanted.reserve(table_.size());
    for (const PollItem& one : table_) wanted.push_back(one.id);
    std::ranges::sort(told);
    std::ranges::sort(wanted);
    EXPECT_EQ(told, wanted);
  }

 private:
  std::uint64_t draw(std::uint64_t below) { return random_() % below; }

  /// Some rows of the newest cursor, in any order of their keys; now and then a newer one.
  void write() {
    for (std::uint64_t i = draw(6); i > 0; --i) {
      if (draw(3) == 0) ++now_;
      table_.push_back(item(fmt::format("{}-{}", draw(1'000), table_.size()), now_));
    }
  }

  PollAnswer page(const PollReading& reading) {
    std::vector<PollItem> rows;
    for (const PollItem& one : table_) {
      const auto& cursor = reading.position().cursor;
      if (!cursor.has_value() || order(*one.cursor, *cursor) >= 0) rows.push_back(one);
    }
    std::ranges::sort(rows, [](const PollItem& a, const PollItem& b) {
      const auto by = order(*a.cursor, *b.cursor);
      return by != 0 ? by < 0 : a.id < b.id;
    });
    const std::size_t limit = reading.known() + 3;
    const bool more = rows.size() >= limit;
    if (more) rows.resize(limit);
    return {.items = std::move(rows), .more = more};
  }

  std::mt19937_64 random_;
  std::vector<PollItem> table_;
  int now_ = 1;
};

TEST(PollReading, LosesAndDoublesNothingWhoeverFallsOver) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    PollWorld(seed).play();
  }
}

}  // namespace
}  // namespace cordyna::input
