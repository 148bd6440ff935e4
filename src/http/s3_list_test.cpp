#include <fmt/format.h>
#include <gtest/gtest.h>

#include "http/s3.hpp"
#include "http/server_fixture.hpp"

namespace cordyna::http {
namespace {

std::string page(const std::string& objects, const std::string& next = {}) {
  return fmt::format(
      "<?xml version=\"1.0\"?><ListBucketResult><EncodingType>url</EncodingType>"
      "<IsTruncated>{}</IsTruncated>{}{}</ListBucketResult>",
      next.empty() ? "false" : "true", objects,
      next.empty() ? "" : "<NextContinuationToken>" + next + "</NextContinuationToken>");
}

std::string object(const std::string& key, int bytes) {
  return fmt::format(
      "<Contents><Key>{}</Key><ETag>&quot;e{}&quot;</ETag><Size>{}</Size></Contents>", key, bytes,
      bytes);
}

S3Place place_at(const TestServer& server) {
  return {server.url(""), "us-east-1", {"access", "secret", ""}};
}

TryOptions quick_tries(int attempts = 2) {
  TryOptions tries;
  tries.attempts = attempts;
  tries.delay = 1;
  return tries;
}

const auto kAll = [](std::string_view) { return true; };

TEST(S3ListTest, PagesAreReadToTheLast) {
  const TestServer server([](const SeenRequest&, int number) {
    return Reply{number == 0 ? answer(200, page(object("a/1%2B+.csv", 3), "to&amp;ken=="))
                             : answer(200, page(object("a/2.csv", 4) + object("b", 1)))};
  });
  const auto found = list_s3(place_at(server), {"lake", "a/"}, 10, quick_tries(), kAll);
  ASSERT_TRUE(found.has_value()) << found.error().message;
  ASSERT_EQ(found->size(), 2U);  // what does not begin so is not taken, whoever says it
  EXPECT_EQ((*found)[0].key, "a/1+ .csv");
  EXPECT_EQ((*found)[0].etag, "\"e3\"");
  EXPECT_EQ((*found)[1].bytes, 4U);
  const auto seen = server.seen();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].target, "/lake/?encoding-type=url&list-type=2&prefix=a%2F");
  EXPECT_TRUE(seen[1].target.ends_with("&continuation-token=to%26ken%3D%3D"));
}

TEST(S3ListTest, ABusyServerIsAskedAgainAndARefusalIsNot) {
  const TestServer busy([](const SeenRequest&, int number) {
    return Reply{number == 0 ? answer(503, "") : answer(200, page(object("a", 1)))};
  });
  EXPECT_TRUE(list_s3(place_at(busy), {"lake", ""}, 10, quick_tries(), kAll).has_value());
  const TestServer missing([](const SeenRequest&, int) {
    return Reply{answer(404, "<Error><Code>NoSuchBucket</Code><Message>None</Message></Error>")};
  });
  const auto found = list_s3(place_at(missing), {"lake", "x"}, 10, quick_tries(), kAll);
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(found.error().message,
            "s3://lake/x: the server answered 404 Status (NoSuchBucket: None)");
  EXPECT_EQ(missing.seen().size(), 1U);
}

TEST(S3ListTest, AListThatWasCutOrIsNoneIsAnError) {
  for (const std::string& body : {page(object("a", 1)).substr(0, 90), std::string("hello"),
                                  page("<Contents><Key>a</Key><Size>x</Size></Contents>")}) {
    const TestServer server([&body](const SeenRequest&, int) { return Reply{answer(200, body)}; });
    const auto found = list_s3(place_at(server), {"lake", ""}, 10, quick_tries(1), kAll);
    ASSERT_FALSE(found.has_value());
    EXPECT_EQ(found.error().code, ErrorCode::kUnavailable);
  }
}

TEST(S3ListTest, MoreThanWantedIsAnError) {
  const TestServer server([](const SeenRequest&, int) {
    return Reply{answer(200, page(object("a", 1) + object("b", 2) + object("c", 3)))};
  });
  const auto found = list_s3(place_at(server), {"lake", ""}, 2, quick_tries(), kAll);
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().message, "s3://lake/: more than 2 objects; name a longer beginning");
  const auto wanted = [](std::string_view key) { return key == "c"; };
  EXPECT_EQ(list_s3(place_at(server), {"lake", ""}, 2, quick_tries(), wanted)->size(), 1U);
}

TEST(S3ListTest, AKeyHasNoPartThatLeadsElsewhere) {
  for (const char* address : {"s3://lake/../other/x", "s3://lake/a/..", "s3://lake/./x"}) {
    const auto name = parse_s3(address);
    ASSERT_FALSE(name.has_value()) << address;
    EXPECT_NE(name.error().message.find("a part of a key is not '.' or '..'"), std::string::npos);
  }
  EXPECT_TRUE(parse_s3("s3://lake/a..b/...").has_value());
}

TEST(S3ListTest, TheStyleOfAnAddressCanBeChosen) {
  const S3Name name{"lake", "a/b c"};
  S3Place place{"https://store.example.org:9000/", "eu-1", {}};
  EXPECT_EQ(s3_url(place, name)->text(), "https://store.example.org:9000/lake/a/b%20c");
  place.path_style = false;
  EXPECT_EQ(s3_url(place, name)->text(), "https://lake.store.example.org:9000/a/b%20c");
  place.endpoint.clear();
  place.path_style = true;
  EXPECT_EQ(s3_url(place, name)->text(), "https://s3.eu-1.amazonaws.com/lake/a/b%20c");
}

}  // namespace
}  // namespace cordyna::http
