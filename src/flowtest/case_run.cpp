#include "flowtest/case_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "cerebro/explain.hpp"
#include "cerebro/loop.hpp"
#include "flowtest/expectations.hpp"
#include "flowtest/fixture_tasks.hpp"
#include "model/layout.hpp"
#include "model/run_fields.hpp"

namespace cordyna::flowtest {
namespace {

constexpr Millis kWaitSlice = 200;
constexpr Millis kCancelGrace = 15'000;

Millis real_now() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

RunId run_id(Millis at) {
  constexpr std::array<std::uint8_t, 10> kSame{};
  return {make_uuid7(at, kSame)};
}

class CaseRunner {
 public:
  CaseRunner(const flow::CaseFile& file, const flow::FlowCase& test, const CasePorts& ports)
      : file_(file),
        test_(test),
        ports_(ports),
        now_(test.at),
        tasks_(*file.flow, test, *ports.evaluator, now_) {}

  CaseResult run() {
    const Result<> done = try_run();
    if (!done.has_value()) say(done.error().message);
    return std::move(result_);
  }

 private:
  enum class Next : std::uint8_t { kGoOn, kEnded, kStill };

  void say(std::string message) { result_.findings.push_back({test_.place, std::move(message)}); }

  Result<> try_run() {
    TRY(connect());
    TRY_ASSIGN(const std::string inputs, resolve());
    Loop loop({.slots = test_.slots, .counts_places = false}, *store_, *ports_.evaluator,
              ports_.loader);
    loop.set_process(tasks_);
    loop.set_listener([this](const ChangeSet& changes) { listen(changes); });
    RunRequest request{run_id(test_.at), file_.flow, file_.canonical, inputs, test_.scheduled};
    TRY_ASSIGN(no_, loop.apply(now_, SubmitSignal{std::move(request)}));
    TRY(drive(loop));
    TRY(read_end());
    if (!result_.findings.empty() || result_.interrupted) return {};
    result_.ran = true;
    for (const auto& [task, why] : tasks_.refused()) say(why);
    if (result_.findings.empty()) {
      const RowReader read = [this](const std::string& data) {
        return real_ != nullptr ? real_->read_rows(data)
                                : Result<std::vector<std::string>>(
                                      fail(ErrorCode::kNotFound, data + " is not there"));
      };
      result_.findings = judge(file_, test_, result_.end, read);
    }
    return keep_tables();
  }

  /// Those that are there: a task may have failed, or have had no table.
  Result<> keep_tables() {
    for (const std::string& path : ports_.wanted_tables) {
      const auto task = result_.end.tasks.find(path);
      if (real_ == nullptr || task == result_.end.tasks.end()) continue;
      const std::string data = table_of(task->second.outputs);
      if (data.empty()) continue;
      TRY_ASSIGN(result_.end.tables[path], real_->read_rows(data));
    }
    return {};
  }

  Result<> connect() {
    if (!needs_real(*file_.flow, test_)) {
      own_store_ = ports_.make_store();
      store_ = own_store_.get();
      return {};
    }
    TRY_ASSIGN(real_, ports_.open_real(test_));
    store_ = &real_->store();
    const auto write = [this](TaskIndex task, const std::vector<std::string>& rows) {
      return real_->write_rows(std::to_string(task), rows);
    };
    TRY_ASSIGN(auto real_flow, with_data_fixtures(file_.flow, test_, write));
    tasks_.set_real(real_->process(tasks_.sink()), std::move(real_flow));
    return {};
  }

  Result<std::string> resolve() {
    const std::string context =
        fmt::format(R"({{"run":{{{}}}}})", run_fields(run_id(test_.at), test_.at, test_.scheduled));
    if (test_.trigger.has_value()) {
      std::string with_event = context;
      if (!test_.event.empty()) {
        with_event.insert(with_event.size() - 1, ",\"event\":" + test_.event);
      }
      const TriggerSpec& trigger = file_.flow->triggers[*test_.trigger];
      TRY(check_wanted(trigger, with_event));
      return flow::trigger_inputs(*file_.flow, trigger, with_event);
    }
    return flow::resolve_inputs(*file_.flow, test_.inputs, context, {file_.flow_file, ""});
  }

  /// An event that the trigger does not want has no run whose end could be looked at.
  Result<> check_wanted(const TriggerSpec& trigger, std::string_view context) {
    if (trigger.where.empty()) return {};
    const auto wanted = ports_.evaluator->condition(trigger.where, context);
    if (!wanted.has_value()) return fail("'where' of trigger '" + trigger.id + "'", wanted.error());
    if (*wanted) return {};
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("the event has no run: 'where' of trigger '{}' is false", trigger.id));
  }

  /// What a person gives to a pause; "": it asks for nothing, or what is wrong was said.
  std::string answers(TaskIndex task, const flow::FixtureDecision& said) {
    if (!said.approve || file_.flow->tasks[task].inputs.empty()) return {};
    const std::string context =
        fmt::format(R"({{"run":{{{}}}}})", run_fields(run_id(test_.at), test_.at, test_.scheduled));
    Result<std::string> values = flow::resolve_inputs(flow::questions_of(*file_.flow, task),
                                                      said.with, context, {{}, {}, "with"});
    if (values.has_value()) return std::move(*values);
    say(values.error().message);
    return {};
  }

  /// Whoever is to decide about a task that is held hears of it.
  void listen(const ChangeSet& changes) {
    for (const HoldRow& hold : changes.holds) {
      if (hold.state != HoldState::kHeld) continue;
      for (const flow::Fixture& fixture : test_.fixtures) {
        if (file_.flow->tasks[fixture.task].id != task_in_path(hold.path)) continue;
        if (!fixture.decision.has_value()) continue;
        const flow::FixtureDecision& said = *fixture.decision;
        decisions_.emplace(now_ + said.after,
                           engine::HoldDecision{hold.path, said.approve, said.by, said.note,
                                                answers(fixture.task, said)});
      }
    }
  }

  Result<> drive(Loop& loop) {
    deadline_ = real_now() + test_.timeout;
    for (int jumps = 0; jumps < ports_.jumps_max; ++jumps) {
      TRY_ASSIGN(const Next next, step(loop));
      if (next == Next::kEnded) return {};
      if (next == Next::kStill) return {};
    }
    say(fmt::format("the run did not end: it is {} by the virtual clock, and it goes on{}",
                    format_timestamp(now_), waits_for()));
    return {};
  }

  Result<Next> step(Loop& loop) {
    do {
      TRY(loop.step(now_));
    } while (loop.has_work());
    if (loop.live_runs() == 0 && !tasks_.real_runs()) return Next::kEnded;
    const bool news = take(loop);
    if (news) return Next::kGoOn;
    if (tasks_.real_runs()) return wait_for_real(loop);
    std::optional<Millis> next;
    const auto earlier = [&next](std::optional<Millis> at) {
      if (at.has_value() && (!next.has_value() || *at < *next)) next = at;
    };
    earlier(loop.next_timer());
    earlier(tasks_.next());
    if (!decisions_.empty()) earlier(decisions_.begin()->first);
    if (!next.has_value()) return Next::kStill;
    now_ = std::max(now_, *next);
    if (ports_.interrupted()) {
      result_.interrupted = true;
      return Next::kStill;
    }
    return Next::kGoOn;
  }

  /// Whether something came, of tasks or persons, that is due by now.
  bool take(Loop& loop) {
    bool news = false;
    for (const AttemptReport& report : tasks_.take()) {
      loop.apply(now_, report);
      news = true;
    }
    while (!decisions_.empty() && decisions_.begin()->first <= now_) {
      const engine::HoldDecision decision = decisions_.begin()->second;
      decisions_.erase(decisions_.begin());
      // One that came too late, after the run's own limit, changes nothing.
      (void)loop.apply(now_, DecideSignal{run_id(test_.at), decision}).has_value();
      news = true;
    }
    return news;
  }

  Result<Next> wait_for_real(Loop& loop) {
    const Millis left = deadline_ - real_now();
    if (!giving_up_ && (left <= 0 || ports_.interrupted())) {
      giving_up_ = true;
      deadline_ = real_now() + kCancelGrace;
      result_.interrupted = left > 0;
      if (left <= 0) {
        say(fmt::format("tasks that are run for real took longer than the test's 'timeout', {}{}",
                        format_delay(test_.timeout), waits_for()));
      }
      TRY(loop.apply(now_, CancelSignal{run_id(test_.at)}));
      tasks_.cancel_real();
      return Next::kGoOn;
    }
    if (left <= 0) return Next::kStill;
    tasks_.wait(std::min(left, kWaitSlice));
    return Next::kGoOn;
  }

  /// "; load waits for …", of what keeps the run from its end.
  [[nodiscard]] std::string waits_for() const {
    const auto blockers = explain(*store_, no_, ports_.loader, {}, now_);
    std::string out;
    if (!blockers.has_value()) return out;
    for (const engine::Blocker& one : *blockers) {
      if (one.kind == engine::BlockerKind::kUpstream || one.kind == engine::BlockerKind::kSection) {
        continue;
      }
      out += fmt::format("\n  {}: {} {}", one.path, to_string(one.kind), one.what);
    }
    return out;
  }

  Result<> read_end() {
    CaseEnd& end = result_.end;
    TRY_ASSIGN(end.run, store_->find_run(no_));
    TRY_ASSIGN(RunSnapshot snapshot, store_->load_run(no_));
    for (TaskRow& row : snapshot.tasks) end.tasks.emplace(row.path, std::move(row));
    for (const HoldRow& hold : snapshot.holds) {
      if (hold.state == HoldState::kHeld) end.held.insert(hold.path);
    }
    TRY_ASSIGN(std::vector<AttemptRow> attempts, store_->list_attempts(no_));
    for (AttemptRow& row : attempts) end.attempts[row.path].push_back(std::move(row));
    constexpr std::uint32_t kPage = 1000;
    while (true) {
      const std::int64_t after = end.history.empty() ? 0 : end.history.back().seq;
      TRY_ASSIGN(std::vector<HistoryRow> page, store_->list_history(no_, after, kPage));
      const bool last = page.size() < kPage;
      std::ranges::move(page, std::back_inserter(end.history));
      if (last) return {};
    }
  }

  const flow::CaseFile& file_;
  const flow::FlowCase& test_;
  const CasePorts& ports_;
  Millis now_;
  std::unique_ptr<Store> own_store_;
  FixtureTasks tasks_;
  std::unique_ptr<RealSide> real_;  // after the tasks: its threads end first
  Store* store_ = nullptr;
  RunNo no_ = 0;
  CaseResult result_;
  std::multimap<Millis, engine::HoldDecision> decisions_;
  Millis deadline_ = 0;  // by a real clock
  bool giving_up_ = false;
};

}  // namespace

CaseResult run_case(const flow::CaseFile& file, const flow::FlowCase& test,
                    const CasePorts& ports) {
  return CaseRunner(file, test, ports).run();
}

}  // namespace cordyna::flowtest
