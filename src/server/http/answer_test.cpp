#include "server/http/answer.hpp"

#include <gtest/gtest.h>

#include "server/http/gzip.hpp"

namespace cordyna::server {
namespace {

class EmptySource final : public BodySource {
 public:
  Pulled pull(std::string&) override { return Pulled::kEnd; }
  void on_wake(std::function<void()>) override {}
};

HttpResponse text_of(std::size_t bytes, http::Headers headers = {}) {
  headers.insert(headers.begin(), {"Content-Type", "application/json"});
  return {.headers = std::move(headers), .body = std::string(bytes, 'x')};
}
HttpResponse stream(int status = 200) {
  return {.status = status, .source = std::make_unique<EmptySource>()};
}

TEST(AnswerTest, TheHeadHasStatusHeadersAndLength) {
  const Answer answer =
      make_answer({.status = 404, .headers = {{"X-A", "1"}, {"X-A", "2"}}, .body = "no"}, {});
  EXPECT_EQ(answer.head, "HTTP/1.1 404 Not Found\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 2\r\n");
  EXPECT_EQ(answer.body, "no");
  EXPECT_FALSE(answer.close);
  EXPECT_EQ(answer.wrong, "");
  EXPECT_EQ(make_answer({.status = 299}, {}).head, "HTTP/1.1 299 \r\nContent-Length: 0\r\n");
}

TEST(AnswerTest, FixedHeadersGoOutAsTheyAre) {
  HttpResponse response{.headers = {{"X-A", "1"}}, .body = "no"};
  response.fixed_headers = "X-B: 2\r\nX-C: 3\r\n";
  EXPECT_EQ(make_answer(std::move(response), {}).head,
            "HTTP/1.1 200 OK\r\nX-A: 1\r\nX-B: 2\r\nX-C: 3\r\nContent-Length: 2\r\n");
}

TEST(AnswerTest, TheHeadEndsWithDateAndConnection) {
  EXPECT_EQ(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(http_date(1'795'861'860), "Sat, 28 Nov 2026 10:31:00 GMT");
  EXPECT_EQ(head_end("now", false), "Date: now\r\n\r\n");
  EXPECT_EQ(head_end("now", true), "Date: now\r\nConnection: close\r\n\r\n");
}

TEST(AnswerTest, HeadersOfTheServerAreLeftOut) {
  const Answer answer = make_answer({.headers = {{"content-length", "99"},
                                                 {"Transfer-Encoding", "chunked"},
                                                 {"CONNECTION", "keep-alive"},
                                                 {"Date", "yesterday"}},
                                     .body = "a"},
                                    {});
  EXPECT_EQ(answer.head, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n");
}

TEST(AnswerTest, SomeHaveNoBody) {
  for (const int status : {204, 304}) {
    for (const bool streamed : {false, true}) {
      HttpResponse response = streamed ? stream(status) : HttpResponse{.status = status};
      response.body = streamed ? "" : "never sent";
      const Answer answer = make_answer(std::move(response), {});
      EXPECT_EQ(answer.head.find("Content-Length"), std::string::npos) << status;
      EXPECT_EQ(answer.head.find("Transfer-Encoding"), std::string::npos) << status;
      EXPECT_EQ(answer.body, "");
      EXPECT_EQ(answer.source, nullptr);
    }
  }
}

TEST(AnswerTest, HeadKeepsTheLengthAndLosesTheBody) {
  const Asked head{.head = true};
  EXPECT_EQ(make_answer({.body = "hello"}, head).head, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n");
  EXPECT_EQ(make_answer({.body = "hello"}, head).body, "");
  const Answer zipped = make_answer(text_of(5000), {.gzip = true, .head = true});
  EXPECT_EQ(zipped.head, make_answer(text_of(5000), {.gzip = true}).head);
  EXPECT_EQ(zipped.body, "");
  const Answer streamed = make_answer(stream(), head);
  EXPECT_EQ(streamed.head, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n");
  EXPECT_EQ(streamed.source, nullptr);
}

TEST(AnswerTest, ASourceIsChunkedOrEndsTheConnection) {
  const Answer chunked = make_answer(stream(), {});
  EXPECT_EQ(chunked.head, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n");
  EXPECT_TRUE(chunked.chunked);
  EXPECT_FALSE(chunked.close);
  EXPECT_NE(chunked.source, nullptr);
  const Answer old = make_answer(stream(), {.http10 = true});
  EXPECT_EQ(old.head, "HTTP/1.1 200 OK\r\n");
  EXPECT_FALSE(old.chunked);
  EXPECT_TRUE(old.close);
  EXPECT_EQ(chunk_begin(26), "1a\r\n");
}

TEST(AnswerTest, WhatWouldSplitTheResponseIsWrong) {
  using std::string_literals::operator""s;
  for (const http::Header& header : http::Headers{{"X-A", "1\r\nSet-Cookie: a=b"},
                                                  {"X-A", "1\n2"},
                                                  {"X-A", "1\r2"},
                                                  {"X-A", "1\0002"s},
                                                  {"X A", "1"},
                                                  {"X-A\r\nX-B", "1"},
                                                  {"X-A:", "1"},
                                                  {"", "1"},
                                                  {"Date", "a\r\nb"}}) {
    EXPECT_NE(make_answer({.headers = {header}}, {}).wrong, "") << header.name;
  }
  for (const int status : {-1, 0, 100, 101, 199, 600, 1000}) {
    EXPECT_NE(make_answer({.status = status}, {}).wrong, "") << status;
  }
}

TEST(AnswerTest, LongTextIsCompressedForThoseWhoWantIt) {
  const Answer zipped = make_answer(text_of(5000, {{"ETag", "\"a\""}}), {.gzip = true});
  EXPECT_NE(zipped.head.find("Content-Encoding: gzip\r\n"), std::string::npos);
  EXPECT_NE(zipped.head.find("Vary: Accept-Encoding\r\n"), std::string::npos);
  EXPECT_NE(zipped.head.find("ETag: W/\"a\"\r\n"), std::string::npos);
  EXPECT_NE(zipped.head.find("Content-Length: " + std::to_string(zipped.body.size()) + "\r\n"),
            std::string::npos);
  EXPECT_LT(zipped.body.size(), 500U);
  const Answer plain = make_answer(text_of(5000, {{"ETag", "\"a\""}}), {});
  EXPECT_EQ(plain.head.find("Content-Encoding"), std::string::npos);
  EXPECT_NE(plain.head.find("Vary: Accept-Encoding\r\n"), std::string::npos);
  EXPECT_NE(plain.head.find("ETag: \"a\"\r\n"), std::string::npos);
  EXPECT_EQ(plain.body.size(), 5000U);
}

HttpResponse packed_of(const std::string& text, const std::string& packed) {
  HttpResponse response{.headers = {{"Content-Type", "text/html"}, {"ETag", "\"a\""}}};
  response.packed = PackedBody{packed, text.size()};
  return response;
}

TEST(AnswerTest, WhatIsPackedGoesOutSoOrUnpacked) {
  const std::string text(5000, 'x');
  const std::string small = gzip(text);
  const Answer zipped = make_answer(packed_of(text, small), {.gzip = true});
  EXPECT_EQ(zipped.body, small);
  EXPECT_NE(zipped.head.find("Content-Encoding: gzip\r\n"), std::string::npos);
  EXPECT_NE(zipped.head.find("ETag: W/\"a\"\r\n"), std::string::npos);
  const Answer plain = make_answer(packed_of(text, small), {});
  EXPECT_EQ(plain.body, text);
  EXPECT_EQ(plain.head.find("Content-Encoding"), std::string::npos);
  for (const Answer* answer : {&zipped, &plain}) {
    EXPECT_NE(answer->head.find("Vary: Accept-Encoding\r\n"), std::string::npos);
  }
  EXPECT_NE(make_answer(packed_of(text, "no gzip"), {}).wrong, "");
}

TEST(AnswerTest, OthersAreNotCompressed) {
  std::vector<HttpResponse> responses;
  responses.push_back(text_of(1024));
  responses.push_back(text_of(5000, {{"Content-Encoding", "br"}}));
  responses.push_back({.headers = {{"Content-Type", "image/png"}}, .body = std::string(5000, 'x')});
  responses.push_back({.body = std::string(5000, 'x')});
  responses.push_back(text_of(5000));
  responses.back().status = 206;
  for (HttpResponse& response : responses) {
    const std::size_t size = response.body.size();
    const Answer answer = make_answer(std::move(response), {.gzip = true});
    EXPECT_EQ(answer.head.find("gzip"), std::string::npos) << answer.head;
    EXPECT_EQ(answer.head.find("Vary"), std::string::npos) << answer.head;
    EXPECT_EQ(answer.body.size(), size);
  }
}

TEST(AnswerTest, VaryIsSaidOnce) {
  for (const char* vary : {"*", "Accept-Encoding", "Origin, accept-encoding"}) {
    const std::string head = make_answer(text_of(5000, {{"Vary", vary}}), {.gzip = true}).head;
    EXPECT_EQ(head.find("Vary"), head.rfind("Vary")) << head;
  }
}

}  // namespace
}  // namespace cordyna::server
