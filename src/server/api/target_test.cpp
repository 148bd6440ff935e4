#include "server/api/target.hpp"

#include <gtest/gtest.h>

namespace cordyna::server {
namespace {

TEST(TargetTest, APathIsItsDecodedSegments) {
  EXPECT_EQ(split_path("/"), std::vector<std::string>());
  EXPECT_EQ(split_path("/ui/"), std::vector<std::string>{"ui"});
  EXPECT_EQ(split_path("/api/v1/flows/acme.x/da%20ily"),
            (std::vector<std::string>{"api", "v1", "flows", "acme.x", "da ily"}));
  EXPECT_EQ(split_path("/%C3%A4"), std::vector<std::string>{"\xC3\xA4"});
}

TEST(TargetTest, WhatAProxyCouldReadOtherwiseIsRefused) {
  for (const char* bad :
       {"",      "a",         "//",     "/a//b",  "/a/",        "/a/./b", "/a/../b",
        "/a/..", "/%2e%2e/b", "/a/%2E", "/a%2Fb", "/a%252Fb",   "/a%5Cb", "/a\\b",
        "/ui//", "/ui/a/",    "/a;b",   "/a%3Bb", "/livez;x=1", "/a%00",  "/a%0d%0aX:1",
        "/a%zz", "/a%4",      "/a%",    "/%ff",   "/a%7f"}) {
    EXPECT_EQ(split_path(bad), std::nullopt) << bad;
  }
}

TEST(TargetTest, AQueryIsItsDecodedPairs) {
  EXPECT_EQ(split_query(""), QueryPairs());
  EXPECT_EQ(split_query("a=1&b=x+y%26z&c&&d="),
            (QueryPairs{{"a", "1"}, {"b", "x y&z"}, {"c", ""}, {"d", ""}}));
  for (const char* bad : {"a=%", "a=%g0", "%00=1", "a=%00", "a=%ff"}) {
    EXPECT_EQ(split_query(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace cordyna::server
