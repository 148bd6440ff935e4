/// What task servers print and what is said between them and cerebro, as files of the state folder.
///
/// Logs of attempts are as those of processes (model/log_format.hpp). Messages are lines of JSON in
/// files of kRunsInFile runs each, so that a run of a millisecond makes no file of its own.
/// Best effort: a full disk loses lines, and no attempt. Threads: one.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/layout.hpp"
#include "network/network.hpp"

namespace cordyna::server {

class TaskLogs {
 public:
  explicit TaskLogs(StateLayout layout) : layout_(std::move(layout)) {}

  /// Lines of this attempt may come; `task`: its place in the flow.
  void know(const AttemptKey& key, TaskIndex task) { attempts_[key].task = task; }
  void forget(RunNo run);
  /// Lines that are there already are left out; what is missing is said.
  void add(const network::LogLines& lines, Millis wall);
  void add(const std::vector<network::Trace>& traces, Millis wall);

 private:
  struct Known {
    TaskIndex task = 0;
    std::map<std::string, std::int64_t> next;  ///< line of each stream
    std::size_t bytes = 0;
    bool full = false;
  };

  StateLayout layout_;
  std::map<AttemptKey, Known> attempts_;
};

/// So many are shown of a run.
inline constexpr std::size_t kMessagesShown = 10'000;

/// The first lines about a run, in order, each a JSON object:
/// {"run","at","server","from","type","task","attempt","detail"}; with one more than kMessagesShown
/// there are more.
[[nodiscard]] std::vector<std::string> read_messages_of(const StateLayout& layout, RunNo run);

}  // namespace cordyna::server
