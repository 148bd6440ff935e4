/// Which runs of a flow are there, and whose turn it is: `concurrency`.
///
/// Knows every run of the state that has not ended, also those that nobody has taken up: what
/// counts is what is stored. Runs of one flow with the same key are a group; those of it that have
/// begun count, those that are pending wait for their turn in the order of their numbers, which is
/// that of their arrival.
///
/// Threads: none; a value.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "model/flow.hpp"
#include "model/rows.hpp"

namespace cordyna::engine {

/// Of a run that comes.
enum class Entry : std::uint8_t { kBegins, kWaits, kIsSkipped };

class Admission {
 public:
  /// A run as it is now: when it comes into view, and at each change of its state.
  void note(const RunRow& run);

  /// What becomes of a new run of a flow with the limit.
  [[nodiscard]] Entry judge(const RunRow& run, const Concurrency& limit) const;
  /// The runs before this one that are in its way: those that have begun, then pending ones; each
  /// kind from the oldest.
  [[nodiscard]] std::vector<RunNo> in_the_way(const RunRow& run) const;
  /// Those of them that must be cancelled for it: the oldest first, as many as needed, without
  /// those that are being cancelled already.
  [[nodiscard]] std::vector<RunNo> to_cancel(const RunRow& run, std::uint32_t limit) const;
  [[nodiscard]] bool is_pending(const RunRow& group_of, RunNo run) const;

  /// The first pending run of a group in which something changed, and how many of the group have
  /// begun. The same group comes again once something has changed in it again. Nothing: no group.
  struct Turn {
    RunNo run = 0;
    std::size_t begun = 0;
  };
  [[nodiscard]] std::optional<Turn> next();
  [[nodiscard]] bool has_work() const { return !changed_.empty(); }

 private:
  // Of a run that has begun: whether it is being cancelled.
  struct Group {
    std::map<RunNo, bool> begun;
    std::map<RunNo, bool> pending;
    bool changed = false;  // stands in changed_
  };
  using Key = std::tuple<std::string, std::string, std::string>;  // namespace, flow, key

  static Key key_of(const RunRow& run) { return {run.ns, run.flow_id, run.concurrency_key}; }
  [[nodiscard]] const Group* group_of(const RunRow& run) const;

  std::map<Key, Group> groups_;  // none is empty
  std::deque<Key> changed_;
};

}  // namespace cordyna::engine
