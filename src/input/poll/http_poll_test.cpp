#include <fmt/format.h>
#include <gtest/gtest.h>

#include "http/server_fixture.hpp"
#include "input/poll/poll_fixture.hpp"

namespace cordyna::input {
namespace {

using http::answer;
using http::Reply;
using http::SeenRequest;
using http::TestServer;

Reply ok(const std::string& body, const std::string& headers = "") {
  return {answer(200, body, headers)};
}

/// A service that answers as told, and an input that asks it.
class HttpPolled {
 public:
  explicit HttpPolled(TestServer::Handler handler) : server(std::move(handler)) {
    options.url = server.url("/orders?limit=5&key=hidden");
    options.poll.every = std::chrono::milliseconds(10);
  }

  /// What it ends with; of one that goes on until so many calls of the sink, "".
  std::string poll(int sends = 1) {
    auto input = http_poll_input("orders", options);
    if (!input.has_value()) return input.error().message;
    KeptSink sink(kept);
    const auto ended = poll_until(**input, sink, sends);
    last_told = sink.state();
    return ended.has_value() ? "" : ended.error().message;
  }
  [[nodiscard]] std::vector<std::string> targets() const {
    std::vector<std::string> all;
    for (const SeenRequest& one : server.seen()) all.push_back(one.target);
    return all;
  }

  TestServer server;
  HttpPoll options;
  Kept kept;
  std::string last_told;
};

TEST(HttpPoll, ItemsComeInTheOrderOfTheCursorWhichGoesBackToTheService) {
  HttpPolled polled([](const SeenRequest& /*request*/, int number) {
    if (number == 0) {
      return ok(R"({"data":{"list":[{"id":2,"at":"2026-01-01T00:00:00.5Z","n":1.50},)"
                R"({"id":1,"at":"2026-01-01T00:00:00Z"}]}})");
    }
    return ok(R"({"data":{"list":[{"id":3,"at":"2026-01-01T00:00:00.50Z"},)"
              R"({"id":2,"at":"2026-01-01T00:00:00.5Z","n":9}]}})");
  });
  polled.options.items = "data.list";
  polled.options.poll.cursor = "at";
  polled.options.poll.key = {"id"};
  polled.options.send.query = "since";
  EXPECT_EQ(polled.poll(2), "");
  EXPECT_EQ(
      told_of(polled.kept, true),
      (std::vector<std::string>{
          R"(1 {"item":{"id":1,"at":"2026-01-01T00:00:00Z"},"cursor":"2026-01-01T00:00:00Z"})",
          R"(2 {"item":{"id":2,"at":"2026-01-01T00:00:00.5Z","n":1.50},)"
          R"("cursor":"2026-01-01T00:00:00.5Z"})",
          R"(3 {"item":{"id":3,"at":"2026-01-01T00:00:00.50Z"},)"
          R"("cursor":"2026-01-01T00:00:00.50Z"})"}));
  EXPECT_EQ(polled.kept.events[0].location, polled.server.url("/orders"));
  EXPECT_EQ(polled.targets()[0], "/orders?limit=5&key=hidden");
  EXPECT_EQ(polled.targets()[1], "/orders?limit=5&key=hidden&since=2026-01-01T00%3A00%3A00.5Z");
}

TEST(HttpPoll, PagesOfOnePollAreGatheredBeforeTheyCount) {
  HttpPolled polled([](const SeenRequest& request, int /*number*/) {
    if (request.target.find("page=2") != std::string::npos) return ok(R"({"list":[{"id":1}]})");
    return ok(R"({"list":[{"id":3},{"id":2}],"next":"/orders?page=2"})");
  });
  polled.options.items = "list";
  polled.options.next = "next";
  polled.options.poll.cursor = "id";
  polled.options.poll.key = {"id"};
  EXPECT_EQ(polled.poll(), "");
  EXPECT_EQ(told_of(polled.kept), (std::vector<std::string>{"1", "2", "3"}));
}

TEST(HttpPoll, ATokenAloneIsTheCursor) {
  const auto serve = [](const SeenRequest& request, int /*number*/) {
    if (request.target.find("token=t1") != std::string::npos) {
      return ok(R"({"list":[{"n":3},{"n":1}],"meta":{"next":"t2"}})");
    }
    if (request.target.find("token=t2") != std::string::npos) {
      return ok(R"({"list":[{"n":4}],"meta":{"next":"t2"}})");
    }
    return ok(R"({"list":[{"n":1},{"n":2}],"meta":{"next":"t1"}})");
  };
  HttpPolled polled(serve);
  polled.options.items = "list";
  polled.options.next = "meta.next";
  polled.options.send_next.query = "token";
  polled.options.poll.key = {"n"};
  EXPECT_EQ(polled.poll(3), "");
  EXPECT_EQ(polled.poll(), "");
  EXPECT_EQ(told_of(polled.kept), (std::vector<std::string>{"1", "2", "3", "1", "4"}))
      << "what an answer brings is new, but what the last one brought";
}

TEST(HttpPoll, AnAnswerThatIsNoListIsAnEventEachTimeItHasChanged) {
  HttpPolled polled([](const SeenRequest& request, int number) {
    const std::string* tag = http::find_header(request.headers, "If-None-Match");
    if (tag != nullptr && *tag == "\"b\"" && number < 5) return Reply{answer(304, "")};
    return ok(number == 1 || number > 4 ? R"({"state":"down"})" : R"({"state":"up"})",
              number == 2 ? "ETag: \"b\"\r\n" : "");
  });
  EXPECT_EQ(polled.poll(4), "");
  EXPECT_EQ(told_of(polled.kept, true),
            (std::vector<std::string>{R"( {"item":{"state":"up"},"cursor":null})",
                                      R"( {"item":{"state":"down"},"cursor":null})",
                                      R"( {"item":{"state":"up"},"cursor":null})",
                                      R"( {"item":{"state":"down"},"cursor":null})"}));
}

TEST(HttpPoll, WhoAsksAndWhatForIsSaid) {
  HttpPolled polled(
      [](const SeenRequest& /*request*/, int /*number*/) { return ok(R"([{"id":"a","n":7}])"); });
  polled.options.method = "POST";
  polled.options.json = R"({"filter":{"kind":"x"}})";
  polled.options.headers = {{"X-Team", "data"}};
  polled.options.token = "s3cret";
  polled.options.poll.cursor = "n";
  polled.options.send.body = "filter.since";
  EXPECT_EQ(polled.poll(), "");
  polled.options.token_header = "X-Api-Key";
  polled.options.send = {.query = "", .header = "X-Since", .body = ""};
  EXPECT_EQ(polled.poll(), "");
  const std::vector<SeenRequest> seen = polled.server.seen();
  EXPECT_EQ(seen[0].body, R"({"filter":{"kind":"x"}})");
  EXPECT_EQ(*http::find_header(seen[0].headers, "Authorization"), "Bearer s3cret");
  EXPECT_EQ(*http::find_header(seen[0].headers, "X-Team"), "data");
  const SeenRequest& last = seen.back();
  EXPECT_EQ(*http::find_header(last.headers, "X-Since"), "7");
  EXPECT_EQ(*http::find_header(last.headers, "X-Api-Key"), "s3cret");
  EXPECT_EQ(http::find_header(last.headers, "Authorization"), nullptr);
}

TEST(HttpPoll, ACursorCannotWriteHeaders) {
  HttpPolled polled([](const SeenRequest& /*request*/, int /*number*/) {
    return ok(R"([{"n":"a\r\nX-Evil: 1"}])");
  });
  polled.options.poll.cursor = "n";
  polled.options.send.header = "X-Since";
  EXPECT_NE(polled.poll(2).find("cannot be the value of the header X-Since"), std::string::npos);
  EXPECT_EQ(polled.server.seen().size(), 1U);
  polled.options.send = {.query = "since", .header = "", .body = ""};
  EXPECT_EQ(polled.poll(), "");
  EXPECT_EQ(polled.targets().back(), "/orders?limit=5&key=hidden&since=a%0D%0AX-Evil%3A%201");
}

TEST(HttpPoll, WhatAnAnswerLacksIsSaid) {
  std::string body;
  HttpPolled polled([&](const SeenRequest& /*request*/, int /*number*/) { return ok(body); });
  polled.options.items = "data";
  polled.options.poll.cursor = "n";
  polled.options.poll.key = {"id"};
  const std::pair<const char*, const char*> rows[] = {
      {"{\"data\"", "no JSON"},
      {R"({"dat":[],"x":1})", "the answer has no 'data'; it has: dat, x"},
      {R"({"data":{"a":1}})", "'data' is an object, not a list"},
      {R"({"data":[{"id":1,"n":1},{"id":2}]})", "item 2: it has no 'n'; it has: id"},
      {R"({"data":[{"id":{},"n":1}]})", "item 1: 'id' is an object"},
      {R"({"data":[{"id":1,"n":true}]})", "'n' is true or false"},
      {R"({"data":[{"id":1,"n":1},{"id":2,"n":"b"}]})", "'n' is a number in one place"},
  };
  for (const auto& [given, wanted] : rows) {
    body = given;
    const std::string told = polled.poll();
    EXPECT_NE(told.find(wanted), std::string::npos) << given << ": " << told;
    EXPECT_EQ(told.find("hidden"), std::string::npos) << told;
  }
  body = R"({"data":null})";
  EXPECT_EQ(polled.poll(), "");
  polled.options.answer_bytes = 8;
  EXPECT_NE(polled.poll().find("larger than 8 bytes"), std::string::npos);
  EXPECT_TRUE(polled.kept.events.empty());
}

TEST(HttpPoll, WhatTheServiceAsksToBeWaitedForIsWaitedFor) {
  HttpPolled polled([](const SeenRequest& /*request*/, int number) {
    if (number == 1) return Reply{answer(429, "slow down s3cret", "Retry-After: 1\r\n")};
    return ok("[1]");
  });
  polled.options.token = "s3cret";
  auto input = http_poll_input("orders", polled.options);
  ASSERT_TRUE(input.has_value());
  KeptSink sink(polled.kept);
  std::string told;
  std::stop_source stop;
  std::jthread thread([&] { EXPECT_TRUE((*input)->handle(stop.get_token(), sink).has_value()); });
  sink.wait([&] {
    if (sink.state() != "listens") told = sink.state();
    return sink.sends() == 2;
  });
  stop.request_stop();
  thread.join();
  EXPECT_NE(told.find("429"), std::string::npos);
  EXPECT_NE(told.find("left alone for 1.0s"), std::string::npos) << told;
  EXPECT_EQ(told.find("s3cret"), std::string::npos) << told;
  EXPECT_EQ(polled.kept.events.size(), 1U);
}

TEST(HttpPoll, AnotherOriginGetsNothingOfThisOne) {
  HttpPolled polled([](const SeenRequest& /*request*/, int /*number*/) {
    return ok(R"({"list":[],"next":"http://127.0.0.2/orders"})");
  });
  polled.options.items = "list";
  polled.options.next = "next";
  polled.options.poll.cursor = "id";
  EXPECT_NE(polled.poll().find("another origin"), std::string::npos);
}

TEST(HttpPoll, OptionsThatGoTogetherAreChecked) {
  const auto refusal = [](const std::function<void(HttpPoll&)>& change) {
    HttpPoll options;
    options.url = "https://api.example/x?key=hidden";
    change(options);
    const auto made = http_poll_input("orders", options);
    return made.has_value() ? std::string() : made.error().message;
  };
  EXPECT_EQ(refusal([](HttpPoll&) {}), "");
  const std::pair<std::function<void(HttpPoll&)>, const char*> rows[] = {
      {[](HttpPoll& o) { o.url = "ftp://x"; }, "input 'orders': url"},
      {[](HttpPoll& o) { o.method = "PUT"; }, "method: GET or POST"},
      {[](HttpPoll& o) { o.json = "{}"; }, "json: a body wants the method POST"},
      {[](HttpPoll& o) { o.headers = {{"Host", "x"}}; }, "headers.Host"},
      {[](HttpPoll& o) { o.headers = {{"A", "x\r\ny"}}; }, "headers.A"},
      {[](HttpPoll& o) { o.token = "a", o.user = "b"; }, "not both"},
      {[](HttpPoll& o) { o.user = "b"; }, "a user without ':' and a password"},
      {[](HttpPoll& o) { o.send.query = "since"; }, "send: there is no 'cursor'"},
      {[](HttpPoll& o) { o.send_next.query = "t"; }, "send_next: there is no 'next'"},
      {[](HttpPoll& o) { o.poll.cursor = "a", o.send = {"a", "b", ""}; }, "send: one of"},
      {[](HttpPoll& o) { o.poll.cursor = "a..b"; }, "cursor: 'a..b' is no path"},
      {[](HttpPoll& o) { o.poll.key = {""}; }, "key: a path is empty"},
      {[](HttpPoll& o) { o.poll.every = {}; }, "every: 10 milliseconds"},
      {[](HttpPoll& o) { o.answer_bytes = 0; }, "max_size"},
  };
  for (const auto& [change, wanted] : rows) {
    const std::string told = refusal(change);
    EXPECT_NE(told.find(wanted), std::string::npos) << wanted << ": " << told;
    EXPECT_EQ(told.find("hidden"), std::string::npos);
  }
}

TEST(HttpPoll, ARegistryMakesIt) {
  InputRegistry registry;
  ASSERT_TRUE(registry.add("poll", make_poll_input).has_value());
  EXPECT_TRUE(registry.make({"a", "poll", "https://h/a", {}}).has_value());
  EXPECT_FALSE(registry.make({"a", "poll", "h/a", {}}).has_value());
  EXPECT_FALSE(registry.make({"a", "poll", "https://h/a", {Operation::kDelete}}).has_value());
}

}  // namespace
}  // namespace cordyna::input
