/// Task servers: their connections, a thread for the state machine of network/, and the way from
/// there to cerebro and back.
///
/// It is an Executor for tasks of TaskKind::kServed, and passes the others on. Commands come from
/// cerebro's thread, messages from the HTTP server's; what has to be done is done on a thread of
/// its own, which is the only one that touches the state machine.
/// Threads: any. Source: docs/protocol.md, docs/decisions/045-task-servers.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cerebro/cerebro.hpp"
#include "model/layout.hpp"
#include "network/network.hpp"
#include "ports/clock.hpp"
#include "ports/evaluator.hpp"
#include "ports/executor.hpp"
#include "ports/store.hpp"

namespace cordyna::server {

/// The end of a link that leads to the server. On the thread of TaskServers; must be quick.
class TaskLink {
 public:
  TaskLink() = default;
  TaskLink(const TaskLink&) = delete;
  TaskLink& operator=(const TaskLink&) = delete;
  virtual ~TaskLink() = default;
  /// Messages in order, each one JSON.
  virtual void send(std::vector<std::string> messages) = 0;
  /// Of an HTTP link: this message of the server is saved, or need not be.
  virtual void receipt(const std::string& id) { static_cast<void>(id); }
  virtual void close() = 0;
};

struct TaskServerParts {
  StateLayout layout;
  const Clock* clock = nullptr;
  const Evaluator* evaluator = nullptr;
  std::uint64_t epoch = 1;     ///< of the store's owner
  Executor* others = nullptr;  ///< for tasks that no task server carries out
  ReportSink sink;
  std::function<Result<std::unique_ptr<StoreReader>>()> open_reader;
  std::uint32_t messages_per_second = 0;  ///< of one token; 0: no bound
  std::uint32_t team_attempts = 0;        ///< of one team at once; 0: no bound
};

class TaskServers final : public Executor, public CommitObserver {
 public:
  /// Errors: kUnavailable: the cluster's key cannot be read or made.
  [[nodiscard]] static Result<std::unique_ptr<TaskServers>> make(TaskServerParts parts);
  ~TaskServers() override;
  TaskServers(const TaskServers&) = delete;
  TaskServers& operator=(const TaskServers&) = delete;

  /// From now on there is a cerebro to ask. Borrowed until `stop`.
  void begin(Cerebro& cerebro);
  /// Says goodbye to all; nothing is done from then on. Idempotent.
  void stop();

  void start(const StartAttempt& command) override;
  void cancel(const CancelAttempt& command) override;
  void adopt(const StartAttempt& command) override;
  void run_ended(const RunRow& run) override;
  void on_commit(const ChangeSet& changes) override;
  void on_stopped(const Error& error) override;

  /// A link to a server. Shared: it may be spoken to until it has been closed.
  network::LinkNo open(network::Credential who, std::string address, bool http,
                       std::shared_ptr<TaskLink> link);
  /// What came over it; `done` once it was looked at, and more may be read.
  void receive(network::LinkNo link, std::string text, std::move_only_function<void()> done);
  /// Somebody waits for messages over it.
  void touch(network::LinkNo link, const network::ServerName& server);
  void closed(network::LinkNo link);
  /// Somebody has done to the link of a server what no server does: its team is told.
  void tampered(const network::ServerName& server, const std::string& what);

  /// Not before so many milliseconds, on the thread of this; must be quick.
  void later(Millis delay, std::move_only_function<void()> job);

  /// How many attempts a line takes now.
  [[nodiscard]] std::uint32_t room_of(const std::string& line) const;

  /// Told of each server that takes work, by its name, again and again. On the thread of this; must
  /// be quick.
  void on_ready(std::function<void(const std::string&)> told);

  using Statuses = std::move_only_function<void(std::vector<network::ServerStatus>)>;
  /// As they are now. The answer comes on the thread of this.
  void servers(Statuses answer);

 private:
  class Impl;
  explicit TaskServers(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace cordyna::server
