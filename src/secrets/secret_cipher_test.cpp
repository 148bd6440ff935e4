#include "secrets/secret_cipher.hpp"

#include <gtest/gtest.h>

#include <set>
#include <utility>

namespace cordyna {
namespace {

TEST(SecretKeyTest, AMadeOneIsReadFromItsText) {
  const SecretKey key = SecretKey::make();
  const auto again = SecretKey::parse(" " + key.text() + "\n");
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->text(), key.text());
  EXPECT_NE(SecretKey::make().text(), key.text());
}

TEST(SecretKeyTest, Base64AndHexOf32BytesAreTaken) {
  for (const char* text : {"+/+/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                           "+/+/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                           "-_-_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                           "-_-_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                           "fbffbf0000000000000000000000000000000000000000000000000000000000",
                           "FBFFBF0000000000000000000000000000000000000000000000000000000000"}) {
    const auto key = SecretKey::parse(text);
    ASSERT_TRUE(key.has_value()) << text;
    EXPECT_EQ(key->text(), "+/+/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
  }
}

TEST(SecretKeyTest, AnythingElseIsRefused) {
  for (const char* text :
       {"", " \n", "hunter2", "AAAA", "+/+/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
        "fbffbf000000000000000000000000000000000000000000000000000000000",
        "zbffbf0000000000000000000000000000000000000000000000000000000000",
        "+/+/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}) {
    EXPECT_FALSE(SecretKey::parse(text).has_value()) << text;
  }
}

TEST(SealTest, OpensWithItsKeyAndContextOnly) {
  const SecretKey key = SecretKey::make();
  for (const std::size_t size : {1U, 63U, 64U, 65U, 4096U}) {
    std::string value(size, 'v');
    value.back() = '\x80';  // what padding begins with
    const std::string sealed = seal(key, "A", value);
    EXPECT_EQ(unseal(key, "A", sealed), value);
    EXPECT_EQ(unseal(key, "B", sealed), std::nullopt);
    EXPECT_EQ(unseal(SecretKey::make(), "A", sealed), std::nullopt);
  }
}

TEST(SealTest, TheSameValueNeverLooksTheSame) {
  const SecretKey key = SecretKey::make();
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) seen.insert(seal(key, "A", "value"));
  EXPECT_EQ(seen.size(), 100U);
}

TEST(SealTest, TheLengthShowsInStepsOnly) {
  const SecretKey key = SecretKey::make();
  EXPECT_EQ(seal(key, "A", "1").size(), seal(key, "A", std::string(63, 'x')).size());
  EXPECT_LT(seal(key, "A", "1").size(), seal(key, "A", std::string(64, 'x')).size());
}

TEST(SealTest, EachChangedCharacterIsNoticed) {
  const SecretKey key = SecretKey::make();
  const std::string sealed = seal(key, "A", "hunter2");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(unseal(key, "A", changed), std::nullopt) << i;
    EXPECT_EQ(unseal(key, "A", sealed.substr(0, i)), std::nullopt) << i;
  }
  EXPECT_EQ(unseal(key, "A", sealed + "A"), std::nullopt);
}

}  // namespace
}  // namespace cordyna
