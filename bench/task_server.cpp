// task_server PORT TOKEN TEAM SERVERS TASKS SLOTS [FILE]
//
// Compiled task servers whose tasks do nothing: SERVERS connections of one process, each a server
// of its own (s0, s1, …) of TEAM (with more than one server: TEAM0, TEAM1, … ) with TASKS tasks.
// Says "ready N" once all are, and "again N" each time that all are again after their connections
// were lost. Ends with its standard input. FILE: of each invoke, when it came, a line of seconds.
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
namespace json = boost::json;
using Tcp = asio::ip::tcp;

namespace {

struct Wish {
  unsigned short port = 0;
  std::string token;
  std::string team;
  int servers = 1;
  int tasks = 1;
  int slots = 1000;
};

struct Crowd {
  asio::io_context io{1};
  Wish wish;
  int ready = 0;
  bool was_ready = false;
  std::ofstream file;

  void became_ready() {
    if (++ready < wish.servers) return;
    std::cout << (was_ready ? "again " : "ready ") << ready << std::endl;
    was_ready = true;
  }
};

class TaskServer : public std::enable_shared_from_this<TaskServer> {
 public:
  TaskServer(Crowd& crowd, int number)
      : crowd_(crowd),
        team_(crowd.wish.servers > 1 ? crowd.wish.team + std::to_string(number) : crowd.wish.team),
        name_("s" + std::to_string(number)),
        beat_(crowd.io) {}

  void connect() {
    stream_ = std::make_unique<websocket::stream<beast::tcp_stream>>(crowd_.io);
    outbox_.clear();
    batch_.clear();
    in_batch_ = 0;
    writing_ = false;
    is_ready_ = false;
    beast::get_lowest_layer(*stream_).async_connect(
        Tcp::endpoint(asio::ip::address_v4::loopback(), crowd_.wish.port),
        [self = shared_from_this()](beast::error_code error) {
          if (error) return self->again();
          self->shake();
        });
  }

 private:
  void shake() {
    beast::get_lowest_layer(*stream_).socket().set_option(Tcp::no_delay(true));
    stream_->set_option(websocket::stream_base::decorator([this](websocket::request_type& request) {
      request.set("Authorization", "Bearer " + crowd_.wish.token);
      request.set("Sec-WebSocket-Protocol", "cordyna.v1+cloudevents.json");
    }));
    stream_->read_message_max(std::size_t{4} << 20);
    stream_->async_handshake("127.0.0.1:" + std::to_string(crowd_.wish.port), "/api/v1/ts/socket",
                             [self = shared_from_this()](beast::error_code error) {
                               if (error) return self->again();
                               self->say("server.hello",
                                         R"({"protocol":{"min":1,"max":1},"server":")" +
                                             self->name_ + R"(","boot":"b1","level":2,)" +
                                             R"("declaration_hash":"h1"})");
                               self->flush();
                               self->read();
                             });
  }

  void again() {
    if (is_ready_) --crowd_.ready;
    is_ready_ = false;
    beat_.expires_after(std::chrono::milliseconds(100 + std::rand() % 400));
    beat_.async_wait([self = shared_from_this()](beast::error_code) { self->connect(); });
  }

  void say(const char* kind, const std::string& data) {
    if (in_batch_ == 1000) close_batch();  // more are refused
    if (in_batch_++ > 0) batch_ += ',';
    batch_ += R"({"specversion":"1.0","id":"m)" + std::to_string(++ids_) +
              R"(","source":"urn:cordyna:ts:)" + team_ + "/" + name_ + R"(","type":"cordyna.)" +
              kind + R"(.v1","data":)" + data + "}";
  }

  void close_batch() {
    if (in_batch_ > 0) outbox_.push_back("[" + std::exchange(batch_, {}) + "]");
    in_batch_ = 0;
  }

  void flush() {
    close_batch();
    if (writing_ || outbox_.empty()) return;
    writing_ = true;
    stream_->text(true);
    stream_->async_write(asio::buffer(outbox_.front()),
                         [self = shared_from_this()](beast::error_code error, std::size_t) {
                           self->writing_ = false;
                           if (error) return;
                           self->outbox_.pop_front();
                           self->flush();
                         });
  }

  void read() {
    stream_->async_read(buffer_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (error) return self->again();
      self->take();
      self->buffer_.consume(self->buffer_.size());
      self->flush();
      self->read();
    });
  }

  void take() {
    const auto bytes = buffer_.cdata();
    const json::value frame = json::parse({static_cast<const char*>(bytes.data()), bytes.size()});
    if (!frame.is_array()) return take_one(frame.as_object());
    for (const json::value& one : frame.as_array()) take_one(one.as_object());
  }

  void take_one(const json::object& message) {
    const std::string_view type = message.at("type").as_string();
    const json::object& data = message.at("data").as_object();
    if (type == "cordyna.task.invoke.v1") return run(data);
    if (type == "cordyna.server.welcome.v1") {
      if (data.at("want_declaration").as_bool()) return declare();
      return say("server.resume", R"({"boot":"b1","attempts":[]})");
    }
    if (type == "cordyna.server.declared.v1") {
      return say("server.resume", R"({"boot":"b1","attempts":[]})");
    }
    if (type == "cordyna.server.resumed.v1") {
      say("server.ready", R"({"slots":{"default":)" + std::to_string(crowd_.wish.slots) + "}}");
      is_ready_ = true;
      beat();
      crowd_.became_ready();
    }
    if (type == "cordyna.message.problem.v1") std::cerr << json::serialize(message) << std::endl;
  }

  void declare() {
    std::string tasks;
    for (int i = 0; i < crowd_.wish.tasks; ++i) {
      tasks += std::string(i == 0 ? "" : ",") + R"({"id":"t)" + std::to_string(i) +
               R"(","description":"Does nothing.","overlap":"allow","owner":{"team":")" + team_ +
               R"(","contacts":["a@example.com"]}})";
    }
    say("server.declare", R"({"revision":1,"tasks":[)" + tasks + "]}");
  }

  void run(const json::object& data) {
    if (crowd_.file.is_open()) {
      const auto now = std::chrono::system_clock::now().time_since_epoch();
      crowd_.file << std::fixed << std::chrono::duration<double>(now).count() << std::endl;
    }
    const std::string about = R"({"attempt":)" + json::serialize(data.at("attempt")) +
                              R"(,"fence":)" + json::serialize(data.at("fence"));
    say("task.queued", about + "}");
    say("task.started", about + "}");
    say("task.completed", about + R"(,"output":{"n":1}})");
  }

  void beat() {
    beat_.expires_after(std::chrono::seconds(10));
    beat_.async_wait([self = shared_from_this()](beast::error_code error) {
      if (error || !self->is_ready_) return;
      self->say("server.heartbeat", R"({"in_flight":[]})");
      self->flush();
      self->beat();
    });
  }

  Crowd& crowd_;
  std::string team_;
  std::string name_;
  asio::steady_timer beat_;
  std::unique_ptr<websocket::stream<beast::tcp_stream>> stream_;
  beast::flat_buffer buffer_;
  std::string batch_;
  int in_batch_ = 0;
  std::deque<std::string> outbox_;
  std::uint64_t ids_ = 0;
  bool writing_ = false;
  bool is_ready_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 7) {
    std::fputs("usage: task_server PORT TOKEN TEAM SERVERS TASKS SLOTS [FILE]\n", stderr);
    return 2;
  }
  Crowd crowd;
  crowd.wish = {static_cast<unsigned short>(std::atoi(argv[1])),
                argv[2],
                argv[3],
                std::atoi(argv[4]),
                std::atoi(argv[5]),
                std::atoi(argv[6])};
  if (argc > 7) crowd.file.open(argv[7], std::ios::app);
  std::vector<std::shared_ptr<TaskServer>> servers;
  for (int i = 0; i < crowd.wish.servers; ++i) {
    servers.push_back(std::make_shared<TaskServer>(crowd, i));
    servers.back()->connect();
  }
  asio::posix::stream_descriptor input(crowd.io, 0);
  char byte = 0;
  asio::async_read(input, asio::buffer(&byte, 1),
                   [&crowd](beast::error_code, std::size_t) { crowd.io.stop(); });
  crowd.io.run();
  return 0;
}
