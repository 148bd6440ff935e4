#include "server/http/listen.hpp"

#include <gtest/gtest.h>

namespace cordyna::server {
namespace {

TEST(Listen, AnAddressHasAPort) {
  const auto usual = parse_listen("127.0.0.2:7070").value();
  EXPECT_EQ(usual.address, "127.0.0.2");
  EXPECT_EQ(usual.port, 7070);
  const auto six = parse_listen("[::1]:0").value();
  EXPECT_EQ(six.address, "::1");
  EXPECT_EQ(six.port, 0);
  EXPECT_EQ(parse_listen(":65535").value().address, HttpSettings().address);
}

TEST(Listen, AnythingElseIsNone) {
  for (const char* text : {"", "7070", "127.0.0.1", "127.0.0.1:", "a:-1", "a:65536", "a:1x",
                           "::1:80", "a: 1", "http://a:b"}) {
    const auto parsed = parse_listen(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace cordyna::server
