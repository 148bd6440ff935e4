#include "server/http/request_reader.hpp"

#include <gtest/gtest.h>

#include <random>

#include "server/http/target.hpp"

namespace cordyna::server {
namespace {

using Found = RequestReader::Found;

const ReaderRules kRules{.head_bytes = 16384, .headers = 100, .hosts = {}};

/// What one reader makes of the bytes, which come in pieces of the sizes that `next` says.
struct Outcome {
  Found found = Found::kMore;
  int status = 0;
  std::string method, path, query, body;
  std::size_t headers = 0;
  std::size_t used = 0;
  bool operator==(const Outcome&) const = default;
};

Outcome read_in_pieces(const std::string& bytes, const std::function<std::size_t()>& next) {
  RequestReader reader(kRules);
  Outcome outcome;
  std::size_t there = 0;
  while (true) {
    const std::string_view unused =
        std::string_view(bytes).substr(outcome.used, there - outcome.used);
    const RequestReader::Step step = reader.feed(unused);
    EXPECT_LE(step.used, unused.size());
    outcome.used += step.used;
    outcome.found = step.found;
    if (step.found == Found::kHead) {
      if (reader.limit_body(1000)) continue;
      outcome.found = Found::kRefused;
    }
    if (outcome.found != Found::kMore || there == bytes.size()) break;
    there = std::min(bytes.size(), there + next());
  }
  outcome.status = reader.refusal().status;
  if (outcome.found != Found::kWhole) return outcome;
  const HttpRequest request = reader.take();
  outcome.method = request.method;
  outcome.path = request.path;
  outcome.query = request.query;
  outcome.body = request.body;
  outcome.headers = request.headers.size();
  return outcome;
}

const std::string kGood =
    "\r\nPOST /a%2Fb//c?x=1&y=%0d HTTP/1.1\r\nHost: localhost:8080\r\nX-Empty:\r\nX-Tab:\ta\tb \r\n"
    "Transfer-Encoding: Chunked\r\n\r\n5;ext=\"a b\"\r\nhello\r\n1\r\n!\r\n00\r\nContent-Type: "
    "trailer\r\n\r\nGET /next";

TEST(RequestReaderTest, AWholeRequestIsRead) {
  const Outcome outcome = read_in_pieces(kGood, [] { return kGood.size(); });
  EXPECT_EQ(outcome, (Outcome{.found = Found::kWhole,
                              .method = "POST",
                              .path = "/a%2Fb//c",
                              .query = "x=1&y=%0d",
                              .body = "hello!",
                              .headers = 4,
                              .used = kGood.size() - 9}));
}

TEST(RequestReaderTest, HoweverItIsSplit) {
  std::mt19937_64 draw(1);
  const Outcome whole = read_in_pieces(kGood, [] { return kGood.size(); });
  EXPECT_EQ(read_in_pieces(kGood, [] { return std::size_t{1}; }), whole);
  for (int i = 0; i < 2000; ++i) {
    EXPECT_EQ(read_in_pieces(kGood, [&] { return 1 + draw() % 40; }), whole) << i;
  }
}

TEST(RequestReaderTest, NoBytesCrashIt) {
  std::mt19937_64 draw(2);
  // Half of them nearly right: those get further.
  constexpr std::string_view kPieces = "\r\n: ;GETHTP/1.0\t\0\x7f\xff,chunked[]#%";
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = i % 2 == 0 ? kGood : std::string(draw() % 200, '\0');
    if (i % 2 == 1) {
      for (char& c : bytes) c = static_cast<char>(draw());
    }
    for (std::size_t n = 1 + draw() % 4; n > 0 && i % 2 == 0; --n) {
      bytes[draw() % bytes.size()] = kPieces[draw() % kPieces.size()];
      if (draw() % 4 == 0) bytes.erase(draw() % bytes.size(), 1 + draw() % 8);
    }
    const std::uint64_t seed = draw();
    std::mt19937_64 one(seed);
    const Outcome outcome = read_in_pieces(bytes, [&] { return 1 + one() % 64; });
    // Of a refusal it may depend on the split how much had been used.
    const Outcome again = read_in_pieces(bytes, [] { return std::size_t{1}; });
    EXPECT_EQ(outcome.found, again.found) << i;
    EXPECT_EQ(outcome.status, again.status) << i;
  }
}

TEST(TargetTest, OriginAndAbsoluteForm) {
  const auto path_of = [](std::string_view text) {
    const std::optional<Target> target = parse_target(text);
    return target.has_value() ? target->path + "|" + target->query : "none";
  };
  EXPECT_EQ(path_of("/"), "/|");
  EXPECT_EQ(path_of("//a/../b?c?d"), "//a/../b|c?d");
  EXPECT_EQ(path_of("http://a"), "/|");
  EXPECT_EQ(path_of("HTTPS://a:1?q"), "/|q");
  EXPECT_EQ(path_of("http://[::1]/x?y"), "/x|y");
  for (const char* none : {"", "*", "a:443", "http:/a", "http://", "http:///x", "http://u@a/",
                           "ftp://a/", "/a#b", "/\x7f", "/\x80", "://a", "http://a:b/", "a/b"}) {
    EXPECT_EQ(path_of(none), "none") << none;
  }
}

TEST(TargetTest, Authorities) {
  const auto host_of = [](std::string_view text) {
    const std::optional<Authority> authority = parse_authority(text);
    return authority.has_value() ? authority->host + "|" + authority->port : "none";
  };
  EXPECT_EQ(host_of("LocalHost"), "localhost|");
  EXPECT_EQ(host_of("a.b:65535"), "a.b|65535");
  EXPECT_EQ(host_of("a:"), "a|");
  EXPECT_EQ(host_of("[::1]"), "[::1]|");
  EXPECT_EQ(host_of("[FE80::1]:80"), "[fe80::1]|80");
  for (const char* none : {"", ":80", "a:65536", "a:-1", "a:b", "a:1:2", "a b", "a@b", "a/b", "::1",
                           "[", "[]", "[::1", "[::1]x", "[a b]", "a\\b"}) {
    EXPECT_EQ(host_of(none), "none") << none;
  }
  const auto same = [](const char* a, const char* b) {
    return same_authority(*parse_authority(a), *parse_authority(b), "80");
  };
  EXPECT_TRUE(same("a", "A:80"));
  EXPECT_TRUE(same("a:81", "a:81"));
  EXPECT_FALSE(same("a", "a:81"));
  EXPECT_FALSE(same("a", "b"));
}

}  // namespace
}  // namespace cordyna::server
