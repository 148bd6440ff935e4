// Bodies that come bit by bit.
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <future>
#include <stdexcept>

#include "server/http/test_handler.hpp"

namespace cordyna::server {
namespace {

/// What a test knows of its source, also after that has gone.
struct Watched {
  std::atomic<std::size_t> given = 0;
  std::promise<void> gone;
  std::promise<std::function<void()>> wake;
};

class TestSource final : public BodySource {
 public:
  using Pull = std::function<Pulled(std::string& out)>;
  explicit TestSource(Pull pull, std::shared_ptr<Watched> watched = nullptr)
      : pull_(std::move(pull)), watched_(std::move(watched)) {}
  ~TestSource() override {
    if (watched_ != nullptr) watched_->gone.set_value();
  }
  TestSource(const TestSource&) = delete;
  TestSource& operator=(const TestSource&) = delete;
  Pulled pull(std::string& out) override {
    const Pulled pulled = pull_(out);
    if (watched_ != nullptr) watched_->given += out.size();
    return pulled;
  }
  void on_wake(std::function<void()> wake) override {
    if (watched_ != nullptr) watched_->wake.set_value(std::move(wake));
  }
  void show_life(std::string& out) override {
    if (life_) life_(out);
  }
  std::function<void(std::string& out)> life_{};

 private:
  Pull pull_;
  std::shared_ptr<Watched> watched_;  // the server may outlive the test
};

using Pulled = BodySource::Pulled;

class StreamTest : public HttpServerTest {
 protected:
  void stream(TestSource::Pull pull, std::shared_ptr<Watched> watched = nullptr) {
    handler_.on = [pull = std::move(pull), watched = std::move(watched)](HttpRequest request,
                                                                         Respond respond) {
      if (request.path == "/plain") return respond({.body = "plain"});
      HttpResponse response;
      response.source = std::make_unique<TestSource>(pull, watched);
      respond(std::move(response));
    };
  }
  static bool ends(Watched& watched) {
    return watched.gone.get_future().wait_for(std::chrono::seconds(20)) ==
           std::future_status::ready;
  }
};

TestSource::Pull counted(int pieces) {
  return [pieces, n = std::make_shared<int>(0)](std::string& out) {
    out += std::to_string((*n)++) + ",";
    return *n % pieces == 0 ? Pulled::kEnd : Pulled::kMore;
  };
}

TEST_F(StreamTest, PiecesAreChunksAndTheConnectionGoesOn) {
  stream(counted(3));
  start();
  TestClient client(port());
  client.send(get("/") + get("/plain") + get("/"));
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.header("Transfer-Encoding"), "chunked");
  EXPECT_EQ(reply.header("Content-Length"), "");
  EXPECT_EQ(reply.body, "0,1,2,");
  EXPECT_TRUE(reply.whole);
  EXPECT_EQ(client.read_reply().body, "plain");
  EXPECT_EQ(client.read_reply().body, "3,4,5,");
}

TEST_F(StreamTest, Http10ReadsUntilTheEnd) {
  stream(counted(3));
  start();
  TestClient client(port());
  client.send("GET / HTTP/1.0\r\n\r\n");
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.header("Transfer-Encoding"), "");
  EXPECT_EQ(reply.header("Connection"), "close");
  EXPECT_EQ(reply.body, "0,1,2,");
}

TEST_F(StreamTest, HeadPullsNothing) {
  const auto kept = std::make_shared<Watched>();
  Watched& watched = *kept;
  stream(counted(3), kept);
  start();
  TestClient client(port());
  client.send("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n" + get("/plain"));
  EXPECT_EQ(client.read_reply(true).header("Transfer-Encoding"), "chunked");
  EXPECT_EQ(client.read_reply().body, "plain");
  EXPECT_TRUE(ends(watched));
  EXPECT_EQ(watched.given, 0U);
}

TEST_F(StreamTest, AnEmptyBodyEnds) {
  stream([n = std::make_shared<int>(0)](std::string&) {
    return ++*n % 3 == 0 ? Pulled::kEnd : Pulled::kMore;
  });
  start();
  TestClient client(port());
  client.send(get("/"));
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.body, "");
  EXPECT_TRUE(reply.whole);
  client.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.read_reply().status, 200);
}

TEST_F(StreamTest, AWakeFromAnotherThreadContinues) {
  const auto kept = std::make_shared<Watched>();
  Watched& watched = *kept;
  std::atomic<int> there = 0;
  stream(
      [&there, told = std::make_shared<int>(0)](std::string& out) {
        while (*told < there) out += std::to_string((*told)++) + ",";
        return *told == 5 ? Pulled::kEnd : Pulled::kWait;
      },
      kept);
  start();
  TestClient client(port());
  client.send(get("/"));
  const std::function<void()> wake = watched.wake.get_future().get();
  std::thread other([&] {
    for (int i = 0; i < 5; ++i) {
      ++there;
      for (int n = 0; n < 1000; ++n) wake();
    }
  });
  EXPECT_EQ(client.read_reply().body, "0,1,2,3,4,");
  other.join();
  EXPECT_TRUE(ends(watched));
  wake();
  client.send(get("/plain"));
  EXPECT_EQ(client.read_reply().body, "plain");
}

TEST_F(StreamTest, AWakeWithinThePullIsNotLost) {
  const auto kept = std::make_shared<Watched>();
  Watched& watched = *kept;
  std::function<void()> wake;
  stream(
      [&](std::string& out) {
        if (!wake) wake = watched.wake.get_future().get();
        out += "x";
        wake();
        return watched.given >= 5 ? Pulled::kEnd : Pulled::kWait;
      },
      kept);
  start();
  EXPECT_EQ(ask(get("/")).body, "xxxxxx");
  EXPECT_TRUE(ends(watched));
}

TEST_F(StreamTest, AQuietStreamShowsThatItLives) {
  // Three signs of life, and the news that the third brings: neither is lost beside the other.
  const auto kept = std::make_shared<Watched>();
  Watched& watched = *kept;
  std::function<void()> wake;
  handler_.on = [&](HttpRequest, Respond respond) {
    auto source = std::make_unique<TestSource>(
        [n = std::make_shared<int>(0)](std::string& out) {
          out += ++*n == 1 ? "begin," : "news";
          return *n == 1 ? Pulled::kWait : Pulled::kEnd;
        },
        kept);
    source->life_ = [&, n = std::make_shared<int>(0)](std::string& out) {
      out += "alive,";
      if (++*n < 3) return;
      if (!wake) wake = watched.wake.get_future().get();
      wake();
    };
    HttpResponse response;
    response.source = std::move(source);
    respond(std::move(response));
  };
  settings_.limits.quiet = 1;
  start();
  EXPECT_EQ(ask(get("/")).body, "begin,alive,alive,alive,news");
}

TEST_F(StreamTest, AQuietStreamThatHasNoSuchWordSaysNothing) {
  const auto kept = std::make_shared<Watched>();
  Watched& watched = *kept;
  std::atomic<int> asked = 0;
  handler_.on = [&](HttpRequest, Respond respond) {
    auto source = std::make_unique<TestSource>(
        [&](std::string& out) {
          out += asked < 2 ? "" : "news";
          return asked < 2 ? Pulled::kWait : Pulled::kEnd;
        },
        kept);
    source->life_ = [&, wake = std::function<void()>()](std::string&) mutable {
      if (!wake) wake = watched.wake.get_future().get();
      if (++asked == 2) wake();
    };
    HttpResponse response;
    response.source = std::move(source);
    respond(std::move(response));
  };
  settings_.limits.quiet = 1;
  start();
  EXPECT_EQ(ask(get("/")).body, "news");
}

TEST_F(StreamTest, AWakeAfterEverythingHasGone) {
  std::function<void()> wake;
  {
    const auto kept = std::make_shared<Watched>();
    Watched& watched = *kept;
    stream([](std::string&) { return Pulled::kWait; }, kept);
    start();
    TestClient client(port());
    client.send(get("/"));
    wake = watched.wake.get_future().get();
    client.close();
    EXPECT_TRUE(ends(watched));  // nothing is written, and still it is seen
    wake();
  }
  server_.reset();
  wake();
}

TEST_F(StreamTest, TheServerGoesInTheMiddle) {
  const auto kept = std::make_shared<Watched>();
  Watched& watched = *kept;
  stream([](std::string&) { return Pulled::kWait; }, kept);
  start();
  TestClient client(port());
  client.send(get("/"));
  const std::function<void()> wake = watched.wake.get_future().get();
  server_.reset();
  EXPECT_TRUE(ends(watched));
  wake();
  EXPECT_FALSE(client.read_reply().whole);
}

TEST_F(StreamTest, DrainEndsStreamsAtOnce) {
  const auto kept = std::make_shared<Watched>();
  Watched& watched = *kept;
  stream(
      [n = std::make_shared<int>(0)](std::string& out) {
        if ((*n)++ == 0) out += "first";
        return Pulled::kWait;
      },
      kept);
  start();
  TestClient client(port());
  client.send(get("/"));
  std::string line;
  while (client.read_line(line) && line != "first") {
  }
  server_->drain();
  EXPECT_TRUE(client.is_closed());  // without the last chunk: it was not whole
  EXPECT_TRUE(ends(watched));
}

TEST_F(StreamTest, NoStreamBeginsWhenDrained) {
  keep();
  start();
  TestClient client(port());
  client.send(get("/"));
  eventually([this] { return kept_.size() == 1; });
  server_->drain();
  HttpResponse response;
  response.source = std::make_unique<TestSource>(counted(3));
  kept_.take()(std::move(response));
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.header("Connection"), "close");
}

TEST_F(StreamTest, AnExceptionOfOnWakeIs500) {
  class Broken final : public BodySource {
   public:
    Pulled pull(std::string&) override { return Pulled::kEnd; }
    void on_wake(std::function<void()>) override { throw std::runtime_error("a bug"); }
  };
  handler_.on = [](HttpRequest, Respond respond) {
    HttpResponse response;
    response.source = std::make_unique<Broken>();
    respond(std::move(response));
  };
  start();
  TestClient client(port());
  for (int i = 0; i < 2; ++i) {
    client.send(get("/"));
    EXPECT_EQ(client.read_reply().status, 500);
  }
}

TEST_F(StreamTest, AnExceptionOfTheSourceCutsTheBody) {
  for (const char* version : {"1.1", "1.0"}) {
    const auto kept = std::make_shared<Watched>();
    Watched& watched = *kept;
    stream([](std::string&) -> Pulled { throw std::runtime_error("a bug"); }, kept);
    start();
    EXPECT_FALSE(ask(std::string("GET / HTTP/") + version + "\r\nHost: localhost\r\n\r\n").whole);
    EXPECT_TRUE(ends(watched));
    server_.reset();
  }
}

/// How much can lie between the server and a client that does not read.
std::size_t kernel_bytes() {
  std::ifstream file("/proc/sys/net/ipv4/tcp_wmem");
  std::size_t least = 0, first = 0, most = 4 << 20;
  file >> least >> first >> most;
  return most * 2;
}

TEST_F(StreamTest, ASlowReaderIsNotGivenMoreThanItTakes) {
  const std::size_t ahead = kernel_bytes() + (std::size_t{1} << 20);
  const std::size_t total = std::max<std::size_t>(10 << 20, ahead * 2);
  const auto kept = std::make_shared<Watched>();
  Watched& watched = *kept;
  stream(
      [&](std::string& out) {
        out.append(30'000, 'x');
        return watched.given + 30'000 >= total ? Pulled::kEnd : Pulled::kMore;
      },
      kept);
  start();
  TestClient client(port(), {.receive_bytes = 8192});
  client.send(get("/"));
  std::size_t read = 0;
  std::string line;
  while (client.read_line(line) && !line.empty()) {
  }
  while (client.read_line(line) && line != "0") {
    std::string piece;
    ASSERT_TRUE(client.read_bytes(std::stoul(line, nullptr, 16) + 2, piece));
    read += piece.size() - 2;
    ASSERT_LE(watched.given, read + ahead);
  }
  EXPECT_EQ(read, watched.given);
  EXPECT_TRUE(ends(watched));
}

TEST_F(StreamTest, WhoDoesNotTakeAPieceIsThrownOut) {
  settings_.limits.write_wait = 50;
  const auto kept = std::make_shared<Watched>();
  Watched& watched = *kept;
  stream(
      [](std::string& out) {
        out.append(30'000, 'x');
        return Pulled::kMore;
      },
      kept);
  start();
  TestClient client(port(), {.receive_bytes = 4096});
  client.send(get("/"));
  EXPECT_TRUE(ends(watched));
  EXPECT_TRUE(client.is_reset());
}

TEST_F(StreamTest, WaitingForMoreIsNotSlow) {
  settings_.limits = {.head_wait = 20, .body_wait = 20, .idle_wait = 20, .write_wait = 20};
  const auto kept = std::make_shared<Watched>();
  Watched& watched = *kept;
  std::atomic<bool> last = false;
  stream(
      [&last](std::string& out) {
        out += "x";
        return last ? Pulled::kEnd : Pulled::kWait;
      },
      kept);
  start();
  TestClient client(port());
  client.send(get("/"));
  const std::function<void()> wake = watched.wake.get_future().get();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(TestClient(port()).is_closed());
  last = true;
  wake();
  EXPECT_TRUE(client.read_reply().whole);
  EXPECT_TRUE(ends(watched));
}

}  // namespace
}  // namespace cordyna::server
