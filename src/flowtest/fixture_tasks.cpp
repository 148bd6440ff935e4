#include "flowtest/fixture_tasks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <chrono>

namespace cordyna::flowtest {
namespace {

namespace json = boost::json;
using flow::Fixture;
using flow::FixtureAttempt;
using flow::FixtureKind;
using flow::RunReal;

/// They read what steps before them left, and write nothing but the state.
constexpr std::array<std::string_view, 6> kPureSteps{"check", "standardize", "secure",
                                                     "merge", "transform",   "guard"};
/// What of a load says how to read its file, not where it is.
constexpr std::array<std::string_view, 11> kHowToRead{
    "format",   "delimiter", "quote",    "encoding", "header", "nulls",
    "contract", "rejects",   "keep_pii", "memory",   "threads"};
/// Of text in CSV, which rows written in a test are not.
constexpr std::array<std::string_view, 5> kOfText{"delimiter", "quote", "encoding", "header",
                                                  "nulls"};

bool is_pure_step(std::string_view type) {
  return std::ranges::find(kPureSteps, type) != kPureSteps.end();
}

const Fixture* find_fixture(const flow::FlowCase& test, TaskIndex task) {
  const auto found = std::ranges::find(test.fixtures, task, &Fixture::task);
  return found == test.fixtures.end() || found->attempts.empty() ? nullptr : &*found;
}

/// The first table of a task's fixture; null: it has none.
const FixtureAttempt* data_of(const Fixture& fixture) {
  const auto found = std::ranges::find(fixture.attempts, FixtureKind::kData, &FixtureAttempt::kind);
  return found == fixture.attempts.end() ? nullptr : &*found;
}

json::object parse_params(const TaskSpec& spec) {
  boost::system::error_code error;
  json::value value = json::parse(spec.params, error);
  return error.failed() || !value.is_object() ? json::object() : std::move(value.get_object());
}

/// The load step that stands in for a task.
void make_load(TaskSpec& spec, const std::string& file, bool of_rows) {
  json::object params;
  if (spec.type == "load") {
    const json::object before = parse_params(spec);
    for (const std::string_view key : kHowToRead) {
      const json::value* value = before.if_contains(json::string_view(key.data(), key.size()));
      if (value != nullptr) params[json::string_view(key.data(), key.size())] = *value;
    }
  }
  if (of_rows) {
    for (const std::string_view key : kOfText)
      params.erase(json::string_view(key.data(), key.size()));
    params["format"] = "json";
  }
  // A fixture is small; how many rows the source has is not what it tells.
  if (json::value* contract = params.if_contains("contract"); contract != nullptr) {
    if (contract->is_object()) contract->get_object().erase("rows");
  }
  if (!params.contains("header")) params["header"] = true;
  params["from"] = file;
  spec.type = "load";
  spec.params = json::serialize(params);
}

}  // namespace

bool needs_real(const Flow& flow, const flow::FlowCase& test) {
  for (TaskIndex task = 0; task < flow.tasks.size(); ++task) {
    const TaskSpec& spec = flow.tasks[task];
    if (spec.kind != TaskKind::kProcess) continue;
    const Fixture* fixture = find_fixture(test, task);
    if (fixture == nullptr) {
      const bool data = is_pure_step(spec.type) || spec.type == "load";
      if (test.real == RunReal::kAll || (test.real == RunReal::kData && data)) return true;
      continue;
    }
    for (const FixtureAttempt& attempt : fixture->attempts) {
      if (attempt.kind == FixtureKind::kData || attempt.kind == FixtureKind::kReal) return true;
    }
  }
  return false;
}

Result<std::shared_ptr<const Flow>> with_data_fixtures(
    std::shared_ptr<const Flow> flow, const flow::FlowCase& test,
    const std::function<Result<std::string>(TaskIndex, const std::vector<std::string>&)>&
        write_rows) {
  std::shared_ptr<Flow> changed;
  for (const Fixture& fixture : test.fixtures) {
    const FixtureAttempt* data = data_of(fixture);
    if (data == nullptr) continue;
    if (changed == nullptr) changed = std::make_shared<Flow>(*flow);
    std::string file = data->file;
    if (file.empty()) {
      TRY_ASSIGN(file, write_rows(fixture.task, data->rows));
    }
    make_load(changed->tasks[fixture.task], file, data->file.empty());
  }
  return changed == nullptr ? flow : std::shared_ptr<const Flow>(std::move(changed));
}

struct FixtureTasks::Inbox {
  std::mutex mutex;
  std::condition_variable came;
  std::vector<AttemptReport> reports;
};

FixtureTasks::FixtureTasks(const Flow& flow, const flow::FlowCase& test, const Evaluator& evaluator,
                           const Millis& now)
    : flow_(flow),
      test_(test),
      evaluator_(evaluator),
      now_(now),
      inbox_(std::make_shared<Inbox>()) {}

ReportSink FixtureTasks::sink() const {
  return [inbox = inbox_](AttemptReport report) {
    {
      const std::lock_guard lock(inbox->mutex);
      inbox->reports.push_back(std::move(report));
    }
    inbox->came.notify_one();
    return true;
  };
}

void FixtureTasks::set_real(Executor& real, std::shared_ptr<const Flow> real_flow) {
  real_ = &real;
  real_flow_ = std::move(real_flow);
}

const Fixture* FixtureTasks::fixture_of(TaskIndex task) const {
  return find_fixture(test_, task);
}

/// What keeps a task without a fixture from being run for real; empty: nothing.
std::string FixtureTasks::why_not_real(const StartAttempt& command) const {
  const TaskSpec& spec = flow_.tasks[command.task];
  if (spec.kind == TaskKind::kRun) {
    return fmt::format(
        "task '{}' runs flow {}, which a test does not; write what it ends with under 'fixtures' "
        "('{}: {{outputs: {{…}}}}')",
        spec.id, spec.subflow.name(), spec.id);
  }
  if (test_.real == RunReal::kAll) return {};
  const std::string hint = fmt::format(
      "write what it ends with under 'fixtures' ('{}: {{}}' for a good end), or '{}: {{real: "
      "true}}' to run it",
      spec.id, spec.id);
  const std::string missing = fmt::format("task '{}' ({}) has no fixture", spec.id, spec.type);
  if (test_.real == RunReal::kNone) return fmt::format("{}; {}", missing, hint);
  if (is_pure_step(spec.type)) return {};
  if (spec.type != "load") return fmt::format("{}; {}", missing, hint);
  const json::object params = parse_params(spec);
  const json::value* from = params.if_contains("from");
  if (params.contains("connection") || from == nullptr || !from->is_string()) {
    return fmt::format("{}, and reads a database; {}", missing, hint);
  }
  const auto address = evaluator_.render(
      std::string_view(from->get_string().data(), from->get_string().size()), command.context);
  // What cannot be rendered is an error of the task, as in any run.
  if (!address.has_value() || address->find("://") == std::string::npos) return {};
  return fmt::format("{}, and reads from the network; {}", missing, hint);
}

void FixtureTasks::start(const StartAttempt& command) {
  if (!begun_.insert(command.key).second) return;
  const Fixture* fixture = fixture_of(command.task);
  if (fixture == nullptr) {
    const std::string why = why_not_real(command);
    if (why.empty()) return run_real(command);
    refused_.emplace(command.task, why);
    FixtureAttempt refusal;
    refusal.kind = FixtureKind::kFails;
    refusal.error = make_task_error(TaskErrorCode::kRejected, Phase::kPrepare, why);
    refusal.error->retryable = false;
    return end(command, refusal);
  }
  const std::size_t number = std::min<std::size_t>(command.key.attempt, fixture->attempts.size());
  const FixtureAttempt& attempt = fixture->attempts[number - 1];
  if (attempt.kind == FixtureKind::kData || attempt.kind == FixtureKind::kReal) {
    return run_real(command);
  }
  end(command, attempt);
}

void FixtureTasks::run_real(const StartAttempt& command) {
  StartAttempt real = command;
  real.flow = real_flow_;
  real_live_.emplace(command.key, command.task);
  real_->start(real);
}

void FixtureTasks::schedule(Millis at, AttemptReport report) {
  queue_.emplace(std::pair(at, next_seq_++), std::move(report));
}

void FixtureTasks::end(const StartAttempt& command, const FixtureAttempt& attempt) {
  schedule(now_, {command.key, ReportKind::kStarted, {}});
  if (attempt.kind == FixtureKind::kHangs) return;
  Outcome outcome;
  if (attempt.kind == FixtureKind::kFails) {
    outcome.state = AttemptState::kFailed;
    outcome.error = attempt.error;
  } else {
    outcome.outputs = attempt.outputs;
    outcome.warnings = attempt.warnings;
    if (!command.approved) outcome.hold = attempt.hold;
  }
  schedule(now_ + attempt.after, {command.key, ReportKind::kEnded, std::move(outcome)});
}

void FixtureTasks::cancel(const CancelAttempt& command) {
  if (real_live_.contains(command.key)) return real_->cancel(command);
  std::erase_if(queue_, [&command](const auto& entry) { return entry.second.key == command.key; });
  Outcome cancelled;
  cancelled.state = AttemptState::kCancelled;
  schedule(now_, {command.key, ReportKind::kEnded, std::move(cancelled)});
}

std::optional<Millis> FixtureTasks::next() const {
  return queue_.empty() ? std::nullopt : std::optional(queue_.begin()->first.first);
}

std::vector<AttemptReport> FixtureTasks::take() {
  std::vector<AttemptReport> taken;
  while (!queue_.empty() && queue_.begin()->first.first <= now_) {
    taken.push_back(std::move(queue_.begin()->second));
    queue_.erase(queue_.begin());
  }
  std::vector<AttemptReport> real;
  {
    const std::lock_guard lock(inbox_->mutex);
    real.swap(inbox_->reports);
  }
  for (AttemptReport& report : real) {
    if (report.kind == ReportKind::kEnded) real_live_.erase(report.key);
    taken.push_back(std::move(report));
  }
  return taken;
}

bool FixtureTasks::real_runs() const {
  return !real_live_.empty();
}

void FixtureTasks::wait(Millis real_time) const {
  std::unique_lock lock(inbox_->mutex);
  inbox_->came.wait_for(lock, std::chrono::milliseconds(real_time),
                        [this] { return !inbox_->reports.empty(); });
}

void FixtureTasks::cancel_real() {
  for (const auto& [key, task] : real_live_) real_->cancel({key, task, CancelReason::kUser});
}

}  // namespace cordyna::flowtest
