/// Decides what happens next to the tasks of one run.
///
/// A value machine: calls go in, rows and commands come out in a `Decision`. Reads no clock, does
/// no I/O, starts no thread; the same calls in the same order give the same decisions, and recovery
/// depends on it.
///
/// A task is a few bytes until it is live. Work that fans out (one failure blocks 100,000 tasks) is
/// put on a list and done in bounded steps by `settle`, so that no decision, and so no transaction,
/// is without bound.
///
/// Tasks inside of a `foreach` have such bytes only while their item runs: a `TaskIndex` here is an
/// instance. Those up to the size of the flow are its tasks; those of items are in blocks behind.
///
/// Units: every time and delay is `Millis`.
/// Errors: reports that cannot apply (late, repeated, of an unknown path) change nothing.
/// Threads: none; one owner at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "engine/graph.hpp"
#include "engine/hold.hpp"
#include "engine/loop.hpp"
#include "engine/run_begin.hpp"
#include "engine/step.hpp"
#include "engine/task_live.hpp"
#include "engine/why.hpp"
#include "model/attempt.hpp"
#include "model/flow.hpp"
#include "model/rows.hpp"

namespace cordyna::engine {

class RunMachine {
 public:
  /// A new run; its first tasks are on the list for `settle`.
  RunMachine(Step& step, RunStart start);
  /// A run from its rows, after a restart. Changes nothing; `adopt` comes next, after timers; of
  /// one that is pending, `begin`.
  RunMachine(Step& step, RunSnapshot snapshot, std::shared_ptr<const Flow> flow);
  /// A pending run begins; its time limit counts from now.
  void begin(Step& step);

  [[nodiscard]] RunNo no() const { return run_.no; }
  [[nodiscard]] bool ended() const { return is_final(run_.state); }

  /// Emits adoptions for attempts of an owner before whose deadline has not passed meanwhile.
  void adopt(Step& step);
  /// Cancels what is live and what waits; `finally` tasks still run, and a second call cancels
  /// those too.
  void cancel(Step& step, std::string why = "cancel requested");
  /// A person's word on a task that is held. Errors: kNotFound: no such task; kConflict: it is not
  /// held. The same word again changes nothing.
  [[nodiscard]] Result<> decide(Step& step, const HoldDecision& decision);
  void report(Step& step, const AttemptReport& report);
  void on_timer(Step& step, const Timer& timer);
  /// Hands out an attempt if the task still wants one. False: it does not want the slot.
  bool hand_out(Step& step, const SlotTurn& turn);
  [[nodiscard]] bool wants_slot(TaskIndex task) const;
  /// Works off at most `budget` tasks of the list; what is left of the budget comes back.
  std::size_t settle(Step& step, std::size_t budget);
  [[nodiscard]] bool has_work() const {
    return !ended() && (!dirty_.empty() || sweep_ < sweep_end_);
  }

  void explain(Millis now, const Shared& shared, std::vector<Blocker>& blockers) const;

 private:
  // run_machine.cpp
  void list(TaskIndex task);
  void open_sections(Step& step);
  [[nodiscard]] bool section_open(TaskIndex task) const;
  void begin_attempt(Step& step, TaskIndex task, AttemptState state, const SlotTurn& turn = {});
  void ask_for_run(Step& step, TaskIndex task);
  void run_in_engine(Step& step, TaskIndex task);
  void fail_in_engine(Step& step, TaskIndex task, TaskError error);
  [[nodiscard]] Result<std::string> render_message(Step& step, TaskIndex task) const;
  void take_back(Step& step, TaskIndex task, const AttemptReport& report);
  void end_attempt(Step& step, TaskIndex task, const Outcome& outcome);
  void retry_or_fail(Step& step, TaskIndex task, AttemptLive& live, const TaskError& error);
  void time_out(Step& step, TaskIndex task, TaskErrorCode code, Phase phase, Millis limit);
  void release(Step& step, TaskIndex task);

  // run_switch.cpp
  template <class What>
  void each_inside(TaskIndex task, const What& what) const;
  void list_inside(TaskIndex task);
  [[nodiscard]] bool gate_open(Step& step, TaskIndex task);
  void open_switch(Step& step, TaskIndex task);
  void close_switch(Step& step, TaskIndex task);
  void restore_choice(TaskIndex task, const std::string& outputs);
  [[nodiscard]] std::string root_of(TaskIndex task) const;
  [[nodiscard]] bool may_fail(TaskIndex spec) const;
  [[nodiscard]] bool is_switch(TaskIndex task) const { return !spec_of(task).choice.value.empty(); }

  // run_loop.cpp
  void open_loop(Step& step, TaskIndex task);
  void go_on_loop(Step& step, TaskIndex task);
  void close_loop(Step& step, TaskIndex task);
  void open_lane(TaskIndex loop, std::uint32_t item);
  [[nodiscard]] bool fold(Loop& loop, std::uint32_t number);
  void note_item(TaskIndex task, bool ended);
  [[nodiscard]] Result<Items> render_items(Step& step, TaskIndex task) const;
  void append_item(std::string& out, TaskIndex task) const;

  // run_lanes.cpp
  void make_roots();
  [[nodiscard]] TaskIndex loop_of(TaskIndex spec) const;
  void count_in(TaskIndex task);
  [[nodiscard]] const TaskSpec& spec_of(TaskIndex task) const {
    return flow_->tasks[tasks_[task].spec];
  }
  [[nodiscard]] std::string path_of(TaskIndex task) const;
  [[nodiscard]] TaskIndex find(std::string_view path) const;
  [[nodiscard]] TaskIndex beside(TaskIndex task, TaskIndex spec) const;
  [[nodiscard]] TaskIndex outer_of(TaskIndex task) const;
  [[nodiscard]] bool is_broken(TaskIndex task) const;
  [[nodiscard]] bool is_foreach(TaskIndex task) const {
    return !spec_of(task).foreach.items.empty();
  }
  [[nodiscard]] bool is_open(TaskIndex task) const {
    return tasks_[task].state == TaskState::kStarted && (is_switch(task) || is_foreach(task));
  }
  void restore_items(Step& step, const RunSnapshot& snapshot);
  void restore_loop(Step& step, TaskIndex task);
  void restore_loops(Step& step);
  void restore_item(Step& step, std::string_view path, bool open, bool failed,
                    std::vector<std::pair<TaskIndex, std::string_view>> outputs);

  // run_wait.cpp
  void begin_wait(Step& step, TaskIndex task, std::string reason);
  void look_again(Step& step, TaskIndex task);
  void wait_until(Step& step, TaskIndex task, Millis until);
  void end_wait(Step& step, TaskIndex task, std::string outputs, std::string detail);
  void time_out_hold(Step& step, TaskIndex task);
  [[nodiscard]] std::string unanswered(const Step& step, TaskIndex task) const;
  void explain_slot(TaskIndex task, Millis now, Millis since, const Slots& slots,
                    std::vector<Blocker>& blockers) const;
  void explain_wait(TaskIndex task, Millis now, std::vector<Blocker>& blockers) const;

  // run_hold.cpp
  void hold(Step& step, TaskIndex task, const Outcome& outcome);
  void approve(Step& step, TaskIndex task, const std::string& values);
  void reject(Step& step, TaskIndex task);
  void pause_if_still(Step& step);
  void go_on(Step& step, std::string why);
  [[nodiscard]] bool is_still() const;
  [[nodiscard]] Result<TaskIndex> held_task(const std::string& path) const;
  [[nodiscard]] bool approved(TaskIndex task) const;
  void write_hold(Step& step, HoldRow& row, HoldState to);
  void write_point(Step& step, TaskIndex task, const Outcome& outcome);
  void progress(Step& step, TaskIndex task, AttemptState state, std::string detail);

  // run_settle.cpp
  void settle_task(Step& step, TaskIndex task);
  [[nodiscard]] bool let_run(Step& step, TaskIndex task);
  void sweep_task(Step& step, TaskIndex task);
  [[nodiscard]] bool errors_wanted() const;
  [[nodiscard]] bool spared(TaskIndex task) const;
  [[nodiscard]] UpstreamCounts count_upstreams(TaskIndex task) const;
  [[nodiscard]] std::string blocker_of(TaskIndex task) const;
  void end_task(Step& step, TaskIndex task, TaskState state, const TaskRow& details);
  void after_end(TaskIndex task);
  void finish(Step& step);
  void give_what_server_gave();
  void time_out_run(Step& step);
  void restore_tasks(Step& step, RunSnapshot& snapshot);
  void restore_hold(HoldRow& row);
  void restore_task(const TaskRow& row);
  void restore_attempt(Step& step, const AttemptRow& row);
  void note_end(TaskIndex spec, const TaskRow& row);

  // run_notice.cpp
  [[nodiscard]] std::optional<NoticeRow> notice_of(TaskIndex task, TaskState state,
                                                   const TaskRow& row) const;
  [[nodiscard]] std::string notice_id(const NoticeRow& notice) const;
  bool note_notice(const NoticeRow& notice);
  void note_cause(TaskIndex task, const TaskRow& row);
  void tell(Step& step, NoticeRow notice);
  void write_notice(Step& step, NoticeRow notice) const;
  void tell_of_end(Step& step, TaskIndex task, TaskState state, const TaskRow& row);
  void tell_of_run(Step& step);
  void restore_notice(TaskIndex task, const TaskRow& row);
  void tell_of_moment(Step& step, NoticeKind kind, std::string path, NoticeRow notice);
  void tell_of_hold(Step& step, TaskIndex task, const HoldRow& row);
  void tell_of_retry(Step& step, TaskIndex task, const TaskError& error);
  void tell_of_stuck(Step& step, TaskIndex task);
  void watch_stuck(Step& step, TaskIndex task, Millis since);
  void unwatch_stuck(Step& step, TaskIndex task);

  // run_record.cpp
  [[nodiscard]] TaskError owned(TaskError error, TaskIndex task) const;
  void write_run(Step& step, RunState to, std::string detail);
  void write_task(Step& step, TaskIndex task, TaskState to, const TaskRow& details);
  void write_attempt(Step& step, AttemptLive& live, AttemptState to);
  void write_history(Step& step, std::string_view path, std::uint32_t attempt,
                     std::optional<TaskState> task, std::optional<AttemptState> state,
                     std::string detail);
  [[nodiscard]] std::string context(TaskIndex task, std::uint32_t attempt) const;
  [[nodiscard]] StartAttempt command(const Step& step, TaskIndex task) const;
  void tell_to_end(Step& step, TaskIndex task, CancelReason reason) const;
  void arm_phase(Step& step, AttemptLive& live, TaskIndex task, Millis limit);

  std::shared_ptr<const Flow> flow_;
  Graph graph_;
  RunRow run_;
  std::string vars_;  // rendered
  std::vector<TaskLive> tasks_;
  std::unordered_map<TaskIndex, AttemptLive> live_;
  std::unordered_map<TaskIndex, HoldRow> holds_;        // the newest of each task
  std::unordered_map<TaskIndex, std::string> outputs_;  // JSON objects
  std::unordered_map<TaskIndex, std::string> blocked_by_;
  std::unordered_map<std::string_view, TaskIndex> by_path_;   // keys live in flow_
  std::unordered_map<TaskIndex, std::uint32_t> chosen_;       // of open switches: the case
  std::unordered_map<TaskIndex, std::uint32_t> inside_open_;  // of switches: tasks not ended
  std::unordered_map<TaskIndex, Loop> loops_;                 // of foreach with items to run
  std::unordered_map<TaskIndex, Body> bodies_;                // of foreach, by place in the flow
  std::vector<Lane> lanes_;
  std::set<std::string> told_;                 // ids of notices of failures
  std::set<std::string> waiting_;              // teams that know that they wait in vain
  std::set<std::string> told_teams_;           // of anything
  std::map<std::string, std::string> causes_;  // who, of tasks that failed for another team's fault
  std::string run_cause_;                      // whose the first failure is
  std::unordered_map<TaskIndex, Millis> stuck_at_;  // those that may run: when that is told
  std::deque<TaskIndex> dirty_;                     // to be looked at
  TaskIndex sweep_ = 0;                             // cancel goes over all tasks from here
  TaskIndex sweep_end_ = 0;
  std::uint32_t open_[3] = {0, 0, 0};  // tasks of each section that have not ended
  std::uint32_t unproven_ = 0;         // attempts that may still run
  std::uint32_t held_ = 0;             // tasks that wait for a person
  Section section_ = Section::kTasks;  // the one that is open
  std::string first_error_;            // JSON object for templates
  std::int64_t seq_ = 0;
  Millis last_at_ = 0;
  Millis first_error_at_ = 0;
  bool error_seen_ = false, warning_seen_ = false;
  bool cancel_finally_ = false;
};

}  // namespace cordyna::engine
