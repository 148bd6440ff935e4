/// Watches every commit of a world and says what does not hold: R1–R4, R11, R17, R19 of
/// docs/reliability.md.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "model/flow.hpp"
#include "model/rows.hpp"
#include "ports/store.hpp"

namespace cordyna::sim {

class Checker {
 public:
  explicit Checker(std::function<void(const std::string&)> violation)
      : violation_(std::move(violation)) {}

  void add_run(RunNo no, const Flow& flow);

  /// A transaction as it was committed at `now`.
  void on_commit(const ChangeSet& changes, Millis now);

  /// When every run has ended: histories whole, executed sets as the reference model says.
  void at_end(Store& store);

  /// All rows that ever were, for comparing two worlds.
  [[nodiscard]] std::uint64_t hash() const { return hash_; }

  /// Upper bounds of deadlines hold only in worlds without downtime.
  bool downtime = false;

 private:
  using Key = std::pair<RunNo, std::string>;

  void check_run(const RunRow& row);
  void check_task(const TaskRow& row);
  void check_attempt(const AttemptRow& row);
  void check_failure(const AttemptRow& row, const AttemptRow& before);
  void check_retry(const AttemptRow& row);
  void check_wait(const TaskRow& row, const TaskSpec& spec);
  void check_history(const HistoryRow& row);
  void check_moment(const NoticeRow& notice, Millis now);
  void check_hold(const HoldRow& row, const std::vector<NoticeRow>& notices);
  void check_paused(RunNo run);
  void check_told(Store& store, RunNo no);
  void check_deadline(const AttemptRow& row, const AttemptRow& before);
  [[nodiscard]] bool has_turn(RunNo no, TaskIndex task) const;
  void compare_with_model(Store& store, RunNo no);
  void expect(bool holds, const std::string& what, RunNo run, const std::string& path);
  void mix(std::string_view text);
  void mix(std::int64_t number);

  std::function<void(const std::string&)> violation_;
  std::map<RunNo, std::shared_ptr<const Flow>> flows_;  // unrolled
  std::map<RunNo, RunRow> runs_;
  std::map<Key, TaskRow> tasks_;
  std::map<Key, HoldRow> holds_;
  std::set<Key> taken_;                 // over from another run
  std::map<Key, AttemptRow> attempts_;  // the newest of each task
  std::map<RunNo, std::pair<std::int64_t, Millis>> history_;
  std::map<std::pair<Key, std::uint32_t>, AttemptState> paths_;  // by history alone
  std::uint64_t hash_ = 14695981039346656037ULL;
};

}  // namespace cordyna::sim
