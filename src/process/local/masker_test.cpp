#include "process/local/masker.hpp"

#include <gtest/gtest.h>

#include <random>

namespace cordyna::local {
namespace {

std::string mask(const std::vector<std::string>& secrets, const std::vector<std::string>& reads) {
  const MaskSet masks(secrets);
  Masker masker(masks);
  std::string out;
  for (const std::string& bytes : reads) masker.feed(bytes, out);
  masker.finish(out);
  return out;
}

TEST(MaskerTest, NoSecretsPassEverythingAtOnce) {
  const MaskSet masks(std::vector<std::string>{});
  Masker masker(masks);
  std::string out;
  masker.feed("any\0thing", out);
  EXPECT_EQ(out, "any");
}

TEST(MaskerTest, ASecretIsFoundAtEachPlaceAReadCanCutIt) {
  const std::string text = "before hunter2-token after";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(mask({"hunter2-token"}, {text.substr(0, cut), text.substr(cut)}), "before *** after");
  }
}

TEST(MaskerTest, ByteByByteIsTheSameAsAtOnce) {
  std::mt19937_64 random(7);
  const std::vector<std::string> secrets{"abab", "ababc", "b", "caab"};
  for (int round = 0; round < 200; ++round) {
    std::string text;
    for (int i = 0; i < 60; ++i) text += static_cast<char>('a' + random() % 4);
    std::vector<std::string> bytes;
    for (const char c : text) bytes.emplace_back(1, c);
    EXPECT_EQ(mask(secrets, bytes), mask(secrets, {text})) << text;
    EXPECT_EQ(mask(secrets, {text}).find('b'), std::string::npos);
  }
}

TEST(MaskerTest, TheLongestFormWins) {
  EXPECT_EQ(mask({"abc", "abcdef"}, {"xabcde", "fx abcx"}), "x***x ***x");
}

TEST(MaskerTest, AHalfSecretAtTheEndIsStillShown) {
  EXPECT_EQ(mask({"hunter2"}, {"my hunt"}), "my hunt");
}

struct Form {
  const char* name;
  std::string printed;
};

class MaskedForm : public testing::TestWithParam<Form> {};

// The secret is: p@ss w/ü"1'
TEST_P(MaskedForm, IsMasked) {
  const std::string secret = "p@ss w/\xc3\xbc\"1'";
  const std::string out = mask({secret}, {"<" + GetParam().printed + ">"});
  EXPECT_NE(out.find("***"), std::string::npos) << out;
  EXPECT_EQ(out.find(GetParam().printed), std::string::npos);
  EXPECT_LT(out.size(), 14U) << out;  // at most the cut characters of base64 are left
}

INSTANTIATE_TEST_SUITE_P(Forms, MaskedForm,
                         testing::Values(Form{"plain", "p@ss w/\xc3\xbc\"1'"},
                                         Form{"base64_at_0", "cEBzcyB3L8O8IjEn"},
                                         Form{"base64_at_1", "eHBAc3Mgdy/DvCIxJw=="},
                                         Form{"base64_at_2", "eHlwQHNzIHcvw7wiMSc="},
                                         Form{"base64_for_urls", "eHBAc3Mgdy_DvCIxJw=="},
                                         Form{"url", "p%40ss%20w%2F%C3%BC%221%27"},
                                         Form{"url_lower", "p%40ss%20w%2f%c3%bc%221%27"},
                                         Form{"url_plus", "p%40ss+w%2F%C3%BC%221%27"},
                                         Form{"url_of_python", "p%40ss%20w/%C3%BC%221%27"},
                                         Form{"url_of_javascript", "p%40ss%20w%2F%C3%BC%221'"},
                                         Form{"json", "p@ss w/\xc3\xbc\\\"1'"},
                                         Form{"json_ascii", "p@ss w/\\u00fc\\\"1'"},
                                         Form{"json_slash", "p@ss w\\/\xc3\xbc\\\"1'"},
                                         Form{"shell", "p@ss w/\xc3\xbc\"1'\\''"},
                                         Form{"hex",
                                              "70407373"
                                              "20772fc3"
                                              "bc223127"}),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(MaskerTest, LinesOfASecretWithSeveralAreMaskedOneByOne) {
  const std::string key = "-----BEGIN KEY-----\nAAAABBBBCCCC\nDDDDEEEEFFFF\n-----END KEY-----\n";
  EXPECT_EQ(mask({key}, {"x " + key + "y"}), "x ***y");
  EXPECT_EQ(mask({key}, {"  DDDDEEEEFFFF\r\n"}), "  ***\r\n");
}

// 64 bytes, as `base64`, `openssl base64` and `xxd -p` break them.
TEST(MaskerTest, LongSecretsAreFoundInBrokenLines) {
  const std::string secret = "0123456789abcdef0123456789ABCDEF0123456789ghijkl0123456789GHIJKL";
  EXPECT_EQ(mask({secret},
                 {"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlBQkNERUYwMTIzNDU2Nzg5Z2hpamtsMDEyMzQ1Njc4\n"
                  "OUdISUpLTA==\n"}),
            "***\n***A==\n");
  EXPECT_EQ(mask({secret}, {"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlBQkNERUYwMTIzNDU2Nzg5Z2hpamts\n"
                            "MDEyMzQ1Njc4OUdISUpLTA==\n"}),
            "***\n***A==\n");
  EXPECT_EQ(mask({secret}, {"303132333435363738396162636465663031323334353637383941424344\n"
                            "454630313233343536373839"
                            "6768696a6b6c303132333435363738394748\n494a4b4c\n"}),
            "***\n***\n***\n");
}

TEST(MaskerTest, AShortLastLineIsMaskedToo) {
  const std::string secret = "0123456789abcdef0123456789ABCDEF0123456789ghijkl0123456789";
  EXPECT_EQ(mask({secret},
                 {"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlBQkNERUYwMTIzNDU2Nzg5Z2hpamtsMDEyMzQ1Njc4\n",
                  "OQ==\n"}),
            "***Q==\n");
  EXPECT_EQ(mask({secret.substr(0, 31)},
                 {"303132333435363738396162636465663031323334353637383941424344\n45\n"}),
            "***\n");
}

TEST(MaskerTest, TheFormsOfALongSecretAreBounded) {
  std::string secret;
  for (int i = 0; i < 64 << 10; ++i) secret += static_cast<char>(i % 7 == 0 ? '\n' : 'a' + i % 26);
  const std::string out = mask({secret}, {secret, secret});
  EXPECT_EQ(out, "******");
}

TEST(MaskerTest, ALineEndAfterTheSecretNeedNotBePrinted) {
  EXPECT_EQ(mask({"hunter2\n"}, {"a hunter2 b"}), "a *** b");
}

TEST(MaskerTest, ShortSecretsHaveNoDerivedForms) {
  // base64 of "ab" is "YWI=": its two certain characters would hit any text.
  EXPECT_EQ(mask({"ab"}, {"ab YW"}), "*** YW");
}

}  // namespace
}  // namespace cordyna::local
