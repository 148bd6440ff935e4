#include "server/tasks/socket_link.hpp"

#include <mutex>
#include <utility>

#include "protocol/messages.hpp"

namespace cordyna::server {
namespace {

/// The end that leads to the server, for as long as the state machine knows it.
class SocketLink final : public TaskLink {
 public:
  explicit SocketLink(std::shared_ptr<WebSocket> socket) : socket_(std::move(socket)) {}

  void send(std::vector<std::string> messages) override {
    std::string frame;
    std::size_t count = 0;
    const auto flush = [&] {
      if (count == 0) return;
      if (count > 1) frame = "[" + frame + "]";
      (void)socket_->send(std::exchange(frame, {}));
      count = 0;
    };
    for (std::string& one : messages) {
      if (count == protocol::kBatchMax || frame.size() + one.size() + 2 > protocol::kListMax) {
        flush();
      }
      if (count > 0) frame += ',';
      frame += one;
      ++count;
    }
    flush();
  }

  void close() override { socket_->close(CloseCode::kNormal, "goodbye"); }

 private:
  std::shared_ptr<WebSocket> socket_;
};

class TaskSocket final : public WebSocketPeer {
 public:
  TaskSocket(TaskServers& servers, network::Credential who, std::string address,
             std::shared_ptr<void> place)
      : servers_(servers),
        who_(std::move(who)),
        address_(std::move(address)),
        place_(std::move(place)) {}

  void opened(std::shared_ptr<WebSocket> socket) override {
    link_ = servers_.open(std::move(who_), address_, false,
                          std::make_shared<SocketLink>(std::move(socket)));
  }

  void received(std::string text, Done done) override {
    servers_.receive(link_, std::move(text), std::move(done));
  }

  void closed() override {
    servers_.closed(link_);
    place_.reset();
  }

 private:
  TaskServers& servers_;
  network::Credential who_;
  std::string address_;
  std::shared_ptr<void> place_;
  network::LinkNo link_ = 0;
};

}  // namespace

std::shared_ptr<WebSocketPeer> make_task_peer(TaskServers& servers, network::Credential who,
                                              std::string address, std::shared_ptr<void> place) {
  return std::make_shared<TaskSocket>(servers, std::move(who), std::move(address),
                                      std::move(place));
}

WebSocketStart start_task_socket(TaskServers& servers, const Caller& caller, std::string address,
                                 std::shared_ptr<void> place) {
  network::Credential who;
  who.allows = [caller](std::string_view team) { return caller.speaks_for(team); };
  who.actor = caller.actor;
  WebSocketStart start;
  start.peer = make_task_peer(servers, std::move(who), std::move(address), std::move(place));
  start.protocol = kTaskProtocol;
  start.outlives_drain = true;  // what its server is at may end meanwhile
  start.limits.message_bytes = protocol::kListMax;
  return start;
}

}  // namespace cordyna::server
