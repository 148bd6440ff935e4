#include "http/url.hpp"

#include <gtest/gtest.h>

namespace cordyna::http {
namespace {

struct UrlCase {
  const char* name;
  const char* text;
  const char* whole;  ///< "" where it is refused
  const char* said;   ///< of the refusal
};

class UrlTest : public testing::TestWithParam<UrlCase> {};

TEST_P(UrlTest, IsTakenApartOrRefused) {
  const Result<Url> url = parse_url(GetParam().text);
  EXPECT_EQ(url.has_value() ? url->text() : "", GetParam().whole);
  if (!url.has_value()) {
    EXPECT_EQ(url.error().message, GetParam().said);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, UrlTest,
    testing::Values(
        UrlCase{"plain", "http://a.org/b.csv", "http://a.org/b.csv", ""},
        UrlCase{"no_path", "HTTPS://A.org", "https://a.org/", ""},
        UrlCase{"usual_port", "https://a.org:443/x", "https://a.org/x", ""},
        UrlCase{"own_port", "http://a.org:8080?x=1", "http://a.org:8080/?x=1", ""},
        UrlCase{"v6", "http://[::1]:81/x", "http://[::1]:81/x", ""},
        UrlCase{"blank_and_umlaut", "http://a/b c/\xc3\xa4#top", "http://a/b%20c/%C3%A4", ""},
        UrlCase{"line_break", "http://a/b\r\nX: y", "", "an address has no control characters"},
        UrlCase{"scheme", "ftp://a/b", "", "ftp://a/b: 'ftp://' is neither http:// nor https://"},
        UrlCase{"no_host", "http:///b?key=1", "", "http:///b: it names no host"},
        UrlCase{"port", "http://a:0/", "", "http://a:0/: '0' is no port"},
        UrlCase{"large_port", "http://a:70000/", "", "http://a:70000/: '70000' is no port"},
        UrlCase{"password", "http://u:pw@a/b?k=1", "",
                "http://a/b: user and password do not stand in an address: use the key 'auth'"},
        UrlCase{"v4_in_brackets", "http://[127.0.0.1]/", "",
                "http://[127.0.0.1]/: only an IPv6 address stands in brackets"},
        UrlCase{"odd_host", "http://a b/", "",
                "http://a b/: 'a b' is no host name; one beyond ASCII begins with xn--"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(UrlTest, RedirectsAreResolvedAgainstWhereTheyCameFrom) {
  const Url base = *parse_url("https://a.org:81/x/y?q=1");
  for (const auto& [location, whole] :
       {std::pair<const char*, const char*>{"http://b/z", "http://b/z"},
        {"//c/z", "https://c/z"},
        {"/z?r=http://d/", "https://a.org:81/z?r=http://d/"},
        {"z", "https://a.org:81/x/z"},
        {"../z", "https://a.org:81/z"},
        {"./", "https://a.org:81/x/"},
        {"?r=2", "https://a.org:81/x/y?r=2"}}) {
    const Result<Url> url = resolve_url(base, location);
    EXPECT_EQ(url.has_value() ? url->text() : url.error().message, whole);
  }
}

TEST(UrlTest, WhatIsShownHasNoQuery) {
  EXPECT_EQ(parse_url("https://a/b?sig=secret")->shown(), "https://a/b");
  EXPECT_EQ(shown_address("s3://u:p@b/k?x#y"), "s3://b/k");
  EXPECT_EQ(shown_address("/tmp/a@b"), "/tmp/a@b");
}

TEST(UrlTest, WhatOnlyThisMachineReaches) {
  for (const char* host : {"localhost", "::1", "127.0.0.1", "127.3.2.1"}) {
    EXPECT_TRUE(is_loopback(host)) << host;
  }
  for (const char* host : {"", "0.0.0.0", "::", "127.1", "127.0.0.1.example", "localhost.example",
                           "1270.0.1", "10.127.0.1"}) {
    EXPECT_FALSE(is_loopback(host)) << host;
  }
}

}  // namespace
}  // namespace cordyna::http
