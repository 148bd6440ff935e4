#include "input/postgres/pgoutput.hpp"

#include <gtest/gtest.h>

namespace cordyna::input {
namespace {

/// Puts messages together as a server does.
class Bytes {
 public:
  explicit Bytes(char kind) { text_ += kind; }
  Bytes& number(std::uint64_t value, int bytes) {
    for (int i = bytes - 1; i >= 0; --i) {
      text_ += static_cast<char>(value >> static_cast<unsigned>(8 * i) & 0xff);
    }
    return *this;
  }
  Bytes& text(const std::string& value) {
    text_ += value;
    text_ += '\0';
    return *this;
  }
  Bytes& letter(char c) {
    text_ += c;
    return *this;
  }
  Bytes& value(const std::string& value) {
    letter('t').number(value.size(), 4);
    text_ += value;
    return *this;
  }
  [[nodiscard]] const std::string& done() const { return text_; }

 private:
  std::string text_;
};

template <class T>
T parsed(const Bytes& bytes) {
  const auto message = parse_pgoutput(bytes.done());
  EXPECT_TRUE(message.has_value());
  const T* found = message.has_value() ? std::get_if<T>(&*message) : nullptr;
  EXPECT_NE(found, nullptr);
  return found == nullptr ? T{} : *found;
}

TEST(PgOutput, LsnsAreWrittenAsTheServerDoes) {
  EXPECT_EQ(lsn_text(0x16B374D848), "16/B374D848");
  EXPECT_EQ(parse_lsn("16/B374D848"), 0x16B374D848);
  EXPECT_EQ(parse_lsn(lsn_text(0)), Lsn{0});
  EXPECT_EQ(parse_lsn("FFFFFFFF/FFFFFFFF"), ~Lsn{0});
  for (const char* text : {"", "/", "1", "1/", "/1", "1/x", "1/100000000", "-1/1", "1/1 "}) {
    EXPECT_EQ(parse_lsn(text), std::nullopt) << text;
  }
}

TEST(PgOutput, ATransactionHasItsPlaceAndTime) {
  const auto begin =
      parsed<PgoBegin>(Bytes('B').number(0x1600000001, 8).number(86'400'000'000, 8).number(7, 4));
  EXPECT_EQ(begin.final_lsn, 0x1600000001U);
  EXPECT_EQ(begin.at, 946'771'200'000);
  const auto commit = parsed<PgoCommit>(
      Bytes('C').number(0, 1).number(5, 8).number(9, 8).number(86'400'000'000, 8));
  EXPECT_EQ(commit.end_lsn, 9U);
}

TEST(PgOutput, ATableHasItsColumns) {
  const auto relation = parsed<PgoRelation>(Bytes('R')
                                                .number(42, 4)
                                                .text("sales")
                                                .text("orders")
                                                .letter('d')
                                                .number(2, 2)
                                                .number(1, 1)
                                                .text("id")
                                                .number(23, 4)
                                                .number(~0ULL, 4)
                                                .number(0, 1)
                                                .text("item")
                                                .number(25, 4)
                                                .number(~0ULL, 4));
  EXPECT_EQ(relation.id, 42U);
  EXPECT_EQ(relation.schema, "sales");
  EXPECT_EQ(relation.name, "orders");
  ASSERT_EQ(relation.columns.size(), 2U);
  EXPECT_EQ(relation.columns[0].name, "id");
  EXPECT_EQ(relation.columns[0].type, 23U);
  EXPECT_EQ(relation.columns[1].name, "item");
}

TEST(PgOutput, ChangesHaveWhatTheServerTells) {
  const auto insert = parsed<PgoChange>(
      Bytes('I').number(42, 4).letter('N').number(3, 2).value("1").letter('n').letter('u'));
  EXPECT_EQ(insert.kind, PgoChange::Kind::kInsert);
  ASSERT_TRUE(insert.after.has_value());
  ASSERT_EQ(insert.after->size(), 3U);
  EXPECT_EQ((*insert.after)[0].text, "1");
  EXPECT_EQ((*insert.after)[1].kind, PgoValue::Kind::kNull);
  EXPECT_EQ((*insert.after)[2].kind, PgoValue::Kind::kUnchanged);
  const auto update = parsed<PgoChange>(
      Bytes('U').number(42, 4).letter('O').number(1, 2).value("1").letter('N').number(1, 2).value(
          "2"));
  EXPECT_TRUE(update.before_whole);
  EXPECT_EQ((*update.before)[0].text, "1");
  EXPECT_EQ((*update.after)[0].text, "2");
  const auto gone = parsed<PgoChange>(Bytes('D').number(42, 4).letter('K').number(1, 2).value("1"));
  EXPECT_EQ(gone.kind, PgoChange::Kind::kDelete);
  EXPECT_FALSE(gone.before_whole);
  EXPECT_FALSE(gone.after.has_value());
  const auto emptied =
      parsed<PgoTruncate>(Bytes('T').number(2, 4).number(0, 1).number(42, 4).number(43, 4));
  EXPECT_EQ(emptied.relations, (std::vector<std::uint32_t>{42, 43}));
}

TEST(PgOutput, WhatIsOfNoMatterIsPassedOverAndWhatIsNoneRefused) {
  for (const char kind : {'O', 'Y', 'M'}) {
    const auto message = parse_pgoutput(Bytes(kind).text("x").done());
    ASSERT_TRUE(message.has_value());
    EXPECT_TRUE(std::holds_alternative<std::monostate>(*message));
  }
  const std::string whole = Bytes('U')
                                .number(42, 4)
                                .letter('O')
                                .number(1, 2)
                                .value("abc")
                                .letter('N')
                                .number(1, 2)
                                .value("defg")
                                .done();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(parse_pgoutput(whole.substr(0, size)).error().code, ErrorCode::kCorrupt) << size;
  }
  for (const char* text : {"X", "I\0\0\0\1Q", "z"}) {
    EXPECT_FALSE(parse_pgoutput(text).has_value());
  }
}

TEST(PgOutput, TheConnectionSaysHowFarItIs) {
  const std::string data = Bytes('w').number(7, 8).number(9, 8).number(0, 8).letter('B').done();
  const auto wal = parse_replication(data);
  ASSERT_TRUE(wal.has_value());
  EXPECT_EQ(std::get<WalData>(*wal).payload, "B");
  const auto alive = parse_replication(Bytes('k').number(9, 8).number(0, 8).number(1, 1).done());
  EXPECT_EQ(std::get<KeepAlive>(*alive).end, 9U);
  EXPECT_TRUE(std::get<KeepAlive>(*alive).reply);
  EXPECT_FALSE(parse_replication("k").has_value());
  EXPECT_FALSE(parse_replication("").has_value());
  const std::string status = standby_status(0x1600000001, 946'684'800'001);
  ASSERT_EQ(status.size(), 34U);
  EXPECT_EQ(status.substr(0, 9), std::string("r\0\0\0\x16\0\0\0\x01", 9));
  EXPECT_EQ(status.substr(25, 8), std::string("\0\0\0\0\0\0\x03\xe8", 8));
}

}  // namespace
}  // namespace cordyna::input
