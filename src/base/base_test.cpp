#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/base64.hpp"
#include "base/bounded_queue.hpp"
#include "base/id.hpp"
#include "base/json_text.hpp"
#include "base/nearest.hpp"
#include "base/percent.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "base/words.hpp"

namespace cordyna {
namespace {

TEST(TimeTest, FormatsPointsAndDelays) {
  EXPECT_EQ(format_timestamp(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_timestamp(1'795'247'400'123), "2026-11-21T07:50:00.123Z");
  EXPECT_EQ(format_timestamp(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(format_timestamp(-62'135'596'800'000), "0001-01-01T00:00:00.000Z");
  EXPECT_EQ(format_timestamp(253'402'300'800'007), "10000-01-01T00:00:00.007Z");
  EXPECT_EQ(format_date(951'782'400'000), "2000-02-29");
  EXPECT_EQ(format_delay(-5), "0ms");
  EXPECT_EQ(format_delay(999), "999ms");
  EXPECT_EQ(format_delay(4'249), "4.2s");
  EXPECT_EQ(format_delay(192'000), "3m12s");
  EXPECT_EQ(format_delay(7'500'000), "2h05m");
  EXPECT_EQ(format_delay(273'600'000), "3d04h");
}

TEST(TimeTest, ReadsPoints) {
  constexpr Millis kAt = 1'795'247'400'000;
  for (const char* text :
       {"2026-11-21T07:50", "2026-11-21 07:50:00", "2026-11-21T07:50:00Z",
        "2026-11-21T07:50:00.000Z", "2026-11-21T09:50:00+02:00", "2026-11-20T22:20-09:30"}) {
    EXPECT_EQ(parse_timestamp(text), kAt) << text;
  }
  EXPECT_EQ(parse_timestamp("2026-11-21"), kAt - 28'200'000);
  EXPECT_EQ(parse_timestamp("2026-11-21T07:50:00.1239"), kAt + 123);
  EXPECT_EQ(parse_timestamp("1969-12-31T23:59:59Z"), -1000);
  for (const char* text : {"", "2026", "2026-02-30", "2026-11-21T", "2026-11-21T24:00",
                           "2026-11-21T07:60", "2026-11-21T07:50:61", "2026-11-21T07:50X",
                           "2026-11-21T07:50+15:00", "2026-11-21T07:50.", "x2026-11-21"}) {
    EXPECT_FALSE(parse_timestamp(text).has_value()) << text;
  }
}

TEST(IdTest, Uuid7IsOrderedByTimeAndWellFormed) {
  const std::array<std::uint8_t, 10> ones{255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
  EXPECT_EQ(make_uuid7(0x0123456789ab, ones), "01234567-89ab-7fff-bfff-ffffffffffff");
  EXPECT_LT(make_uuid7(1000), make_uuid7(1001));
  EXPECT_NE(make_uuid7(1000), make_uuid7(1000));
  EXPECT_TRUE(is_uuid(make_uuid7(1)));
  EXPECT_FALSE(is_uuid("01234567-89ab-7fff-bfff-fffffffffff"));
  EXPECT_FALSE(is_uuid("01234567-89AB-7fff-bfff-ffffffffffff"));
  EXPECT_FALSE(is_uuid("../../etc/passwd"));
}

TEST(JsonTextTest, EscapesWhatJsonWants) {
  EXPECT_EQ(json_string("a\"b\\c\n\t\x01 \xc3\xa9"), R"("a\"b\\c\n\t\u0001 )"
                                                     "\xc3\xa9\"");
}

TEST(NearestTest, FindsTypingMistakesOnly) {
  const std::vector<std::string_view> words{"needs", "retry", "timeouts", "timeout"};
  EXPECT_EQ(nearest("ned", words), "") << "two edits are too many for three letters";
  EXPECT_EQ(nearest("need", words), "needs");
  EXPECT_EQ(nearest("rtery", words), "retry");
  EXPECT_EQ(nearest("timeuot", words), "timeout");
  EXPECT_EQ(nearest("completely", words), "");
  EXPECT_EQ(nearest(std::string(10'000, 'x'), words), "");
}

Result<int> half(int n) {
  if (n % 2 != 0) return fail(ErrorCode::kInvalidArgument, "odd");
  return n / 2;
}

Result<int> quarter(int n) {
  TRY_ASSIGN(const int first, half(n));
  TRY(half(first));
  return half(first);
}

TEST(ResultTest, TryHandsTheErrorOn) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(6).error().message, "odd");
  EXPECT_EQ(Result<int>(fail("reading x", quarter(3).error())).error().message, "reading x: odd");
}

TEST(BoundedQueueTest, SlowsItsSourcesDownAndLosesNothing) {
  BoundedQueue<int> queue(4);
  std::vector<std::thread> sources;
  sources.reserve(3);
  for (int source = 0; source < 3; ++source) {
    sources.emplace_back([&queue] {
      for (int i = 1; i <= 1000; ++i) EXPECT_TRUE(queue.push(i));
    });
  }
  long sum = 0;
  std::size_t most = 0;
  for (std::size_t taken = 0; taken < 3000;) {
    const auto items = queue.drain(std::nullopt);
    most = std::max(most, items.size());
    taken += items.size();
    for (const int item : items) sum += item;
  }
  for (std::thread& source : sources) source.join();
  EXPECT_EQ(sum, 3L * 500'500);
  EXPECT_LE(most, 4u);
}

TEST(BoundedQueueTest, ItsDrainerNeverWaitsForItself) {
  BoundedQueue<int> queue(1);
  EXPECT_TRUE(queue.push(1));
  EXPECT_TRUE(queue.push_unbounded(2));
  EXPECT_EQ(queue.drain(std::nullopt).size(), 2u);
  queue.close();
  EXPECT_FALSE(queue.push(3));
  EXPECT_TRUE(queue.drain(std::nullopt).empty());
}

TEST(Base64Test, EndsArePadded) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foob"), "Zm9vYg==");
  EXPECT_EQ(base64(std::string_view("\xff\xfe\0\xfb", 4)), "//4A+w==");
}

TEST(Base64Test, ComesBackAndOnlyInItsOwnForm) {
  for (const std::string_view bytes :
       {std::string_view(""), std::string_view("f"), std::string_view("fo"),
        std::string_view("foo"), std::string_view("foob"), std::string_view("\xff\xfe\0\xfb", 4)}) {
    EXPECT_EQ(from_base64(base64(bytes)), std::string(bytes));
  }
  for (const char* text :
       {"Z", "Zg", "Zg=", "Zh==", "Zg==Zg==", "Zm9v\n", "Zm_v", "=", "Zm9v===="}) {
    EXPECT_EQ(from_base64(text), std::nullopt) << text;
  }
}

TEST(PercentTest, AllButUnreservedCharactersAreEncoded) {
  EXPECT_EQ(percent_encode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(percent_encode("a b/?#&=%ü"), "a%20b%2F%3F%23%26%3D%25%C3%BC");
  EXPECT_EQ(percent_encode("a/b c", "/"), "a/b%20c");
}

TEST(MentionsTest, WordsAreIdentifiers) {
  EXPECT_TRUE(mentions("upper(Name)", "name"));
  EXPECT_TRUE(mentions("\"name\"", "name"));
  EXPECT_FALSE(mentions("surname || name_2", "name"));
  EXPECT_TRUE(mentions("a+\"first name\"", "first name"));
}

}  // namespace
}  // namespace cordyna
