/// The output of attempts that run at a server, by its API.
///
/// A server tells of states as they change, and of output when it is asked: what runs is asked for
/// twice a second, what has ended is read to its end. Threads: one.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "cli/task_output.hpp"
#include "cli/unix_socket.hpp"
#include "client/api_client.hpp"

namespace cordyna::cli {

class RemoteTail final : public TaskOutput {
 public:
  /// `client`: its patience and its cancel_fd bound how long an answer is waited for.
  explicit RemoteTail(client::ApiClient client);

  void start(RunNo run, std::string_view path, TaskIndex task, std::uint32_t attempt) override;
  void finish(RunNo run, std::string_view path, TaskIndex task, std::uint32_t attempt,
              const Sink& sink) override;
  void watch(const Sink& sink) override;
  void read_changed(const Sink& sink) override;
  void read_all(const Sink& sink) override;
  [[nodiscard]] int fd() const override { return timer_.get(); }

 private:
  struct Tail {
    RunNo run = 0;
    std::string path;
    std::uint32_t attempt = 0;
    std::int64_t offset = 0;
    bool seen = false;
  };
  using Key = std::pair<RunNo, std::string>;

  /// What is there by now. Errors: those of the client.
  Result<> read(Tail& tail, const Sink& sink) const;
  void tick(bool on) const;

  client::ApiClient client_;
  Fd timer_;
  std::map<Key, Tail> tails_;
};

/// The end of an attempt's log as a file would have it: for the summary of a run. Empty: it said
/// nothing, or cannot be asked.
[[nodiscard]] std::string remote_log_end(const client::ApiClient& client, RunNo run,
                                         const std::string& path, std::uint32_t attempt);

}  // namespace cordyna::cli
