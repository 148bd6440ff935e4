/// For tests: a daemon with one container, whose answers a test replaces. It is asked by one
/// thread.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/server_fixture.hpp"

namespace cordyna::docker {

/// Of a stream: 1 is output, 2 errors.
inline std::string frame(char stream, std::string_view bytes) {
  std::string out{stream, 0, 0, 0, 0, 0, 0, static_cast<char>(bytes.size())};
  return out + std::string(bytes);
}

inline std::string refusal(const std::string& message) {
  return R"({"message":")" + message + R"("})";
}

class FakeDaemon {
 public:
  using Reply = http::Reply;

  FakeDaemon() {
    std::string name = (std::filesystem::temp_directory_path() / "cordyna-run-XXXXXX").string();
    folder_ = mkdtemp(name.data());
    server_ = std::make_unique<http::TestServer>(
        [this](const http::SeenRequest& request, int) { return reply(request); }, socket());
  }
  ~FakeDaemon() {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }
  FakeDaemon(const FakeDaemon&) = delete;
  FakeDaemon& operator=(const FakeDaemon&) = delete;

  [[nodiscard]] std::string socket() const { return folder_ + "/d.sock"; }

  /// What it was asked: "POST /start", or with more of the path.
  [[nodiscard]] std::vector<http::SeenRequest> asked(const std::string& what) const {
    const std::string method = what.substr(0, what.find(' '));
    const std::string part = what.substr(what.find(' ') + 1);
    std::vector<http::SeenRequest> found = server_->seen();
    std::erase_if(found, [&](const http::SeenRequest& one) {
      return one.method != method || one.target.find(part) == std::string::npos;
    });
    return found;
  }
  [[nodiscard]] long count(const std::string& what) const {
    return static_cast<long>(asked(what).size());
  }

  /// What it says of its container.
  [[nodiscard]] std::string state() const {
    return R"({"Id":"c1","State":{"Status":")" + status + "\"" + exit + R"(},"Config":)" + config +
           "}";
  }

  std::string listed = "[]";  // of the containers with a label
  Reply removal{http::answer(204, "")};
  bool has_image = true;
  bool is_there = false;           // the container, before it is made
  std::string status = "created";  // of it
  std::string exit = R"(,"ExitCode":0)";
  std::string config = R"({"Labels":{"owner":"us"}})";
  bool keeps_config = false;  // of the last one that was made
  Reply pull{http::answer(200, "{\"status\":\"Status: Downloaded\"}\n")};
  std::vector<Reply> create{Reply{http::answer(201, R"({"Id":"c1"})")}};
  Reply start{http::answer(204, "")};
  std::vector<Reply> logs{Reply{http::answer(200, frame(1, "one\n") + frame(2, "bad\n"))}};
  std::vector<Reply> inspect;            // in place of the state, where there are any left
  std::function<void()> asked_for_logs;  // the first time
  std::function<void()> made;  // each time: the container is there, its answer is not sent

 private:
  static Reply next(std::vector<Reply>& replies) {
    Reply reply = replies.front();
    if (replies.size() > 1) replies.erase(replies.begin());
    return reply;
  }
  static bool is_well(const Reply& reply) { return reply.bytes.find(" 20") < 10; }

  Reply reply(const http::SeenRequest& request) {
    const auto is = [&request](const char* method, std::string_view part) {
      return request.method == method && request.target.find(part) != std::string::npos;
    };
    if (is("GET", "/_ping")) return {http::answer(200, "OK", "Api-Version: 1.41\r\n")};
    if (is("GET", "/images/")) return {http::answer(has_image ? 200 : 404, "{}")};
    if (is("GET", "/containers/json?")) return {http::answer(200, listed)};
    if (is("POST", "/images/create")) return pull;
    if (is("GET", "/logs")) return logs_of();
    if (is("POST", "/wait")) return {http::answer(200, R"({"StatusCode":0})")};
    if (is("GET", "/json")) {
      if (!inspect.empty()) {
        Reply reply = inspect.front();
        inspect.erase(inspect.begin());
        return reply;
      }
      if (!is_there) return {http::answer(404, refusal("No such container"))};
      return {http::answer(200, state())};
    }
    return change(request);
  }

  Reply logs_of() {
    if (asked_for_logs) std::exchange(asked_for_logs, nullptr)();
    Reply reply = next(logs);
    if (reply.end == Reply::End::kClose) status = "exited";
    return reply;
  }

  Reply change(const http::SeenRequest& request) {
    const std::string& target = request.target;
    if (request.method == "DELETE") {
      if (target.find("/c1?") != std::string::npos) is_there = is_there && !is_well(removal);
      return removal;
    }
    if (target.find("/containers/create") != std::string::npos) {
      Reply reply = next(create);
      // Its answer may be lost on the way.
      if (is_well(reply) || reply.end == Reply::End::kReset) {
        is_there = true;
        status = "created";
        if (keeps_config) config = request.body;
      }
      if (made) made();
      return reply;
    }
    if (target.find("/start") != std::string::npos) {
      if (is_well(start)) status = "running";
      return start;
    }
    if (target.find("/stop") != std::string::npos) {
      status = "exited";
      return {http::answer(204, "")};
    }
    return {http::answer(404, refusal("page not found"))};
  }

  std::string folder_;
  std::unique_ptr<http::TestServer> server_;
};

}  // namespace cordyna::docker
