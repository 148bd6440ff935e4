#include "embed/workers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "base/check.hpp"
#include "cordyna/errors.hpp"
#include "engine/retry.hpp"
#include "model/task_error.hpp"

namespace cordyna::embed {
namespace {

// Of the logs of a failed attempt, so much stands behind its message in the state.
constexpr std::size_t kLogTail = 2000;

const TaskSpec& spec_of(const StartAttempt& command) {
  return command.flow->tasks[command.task];
}

/// What a process throws is its failure, not the end of the program around it.
Result<ProcessStatus> call_process(Process& process, const std::stop_token& stop, const Job& job) {
  try {
    if (job.before.empty()) return process.run(stop, job.event);
    return process.run_after(stop, job.event, job.before);
  } catch (const std::exception& error) {
    return fail(ErrorCode::kInternal, fmt::format("it threw: {}", error.what()));
  } catch (...) {
    return fail(ErrorCode::kInternal, "it threw something that is no std::exception");
  }
}

/// Nobody waits for what it would say.
void call_quietly(const std::function<void()>& call) {
  try {
    call();
  } catch (...) {
    static_cast<void>(0);
  }
}

/// What the status says, as a result.
Result<> judge(const ProcessStatus& status) {
  switch (status.status) {
    case ExitStatus::kSuccess: return {};
    case ExitStatus::kFail: return fail(ErrorCode::kUnavailable, "its status is 'fail'");
    case ExitStatus::kUnstarted: return fail(ErrorCode::kUnavailable, "its status is 'unstarted'");
    case ExitStatus::kUnknown: break;
  }
  return fail(ErrorCode::kUnavailable,
              "its status is 'unknown': only a status of kSuccess is a success");
}

TaskError task_error_of(const Error& error, const ProcessStatus& status) {
  std::string message = error.message;
  for (const std::string& line : last_lines(status.logs, kLogTail)) message += "\n" + line;
  const auto* ended = detail_of<ContainerNonZeroExit>(error);
  TaskError task =
      make_task_error(ended == nullptr ? TaskErrorCode::kFailedByFlow : TaskErrorCode::kExitNonzero,
                      Phase::kRun, std::move(message));
  if (ended != nullptr) task.exit_code = ended->exit_code;
  task.retryable = error.code != ErrorCode::kInvalidArgument;
  return task;
}

}  // namespace

Workers::Workers(WorkersParts parts, Reporter& reporter)
    : parts_(std::move(parts)), reporter_(reporter) {
  for (const auto& [id, process] : parts_.processes) {
    lanes_.emplace(id, Lane{process, parts_.linked.contains(id)});
  }
}

Workers::~Workers() {
  stop();
}

void Workers::tell_given(const Lane& lane) {
  const EachEvent given = [this, &lane](const std::function<void(const Event&)>& take) {
    std::deque<std::shared_ptr<Attempt>> waiting;
    {
      const std::lock_guard lock(mutex_);
      waiting = lane.waiting;
    }
    for (const auto& attempt : waiting) {
      if (const auto job = job_of(attempt->command); job.has_value()) take(job->event);
    }
  };
  Process* const process = lane.process;
  call_quietly([process, &given] { process->begin(given); });
}

void Workers::begin() {
  for (const auto& one : lanes_) tell_given(one.second);
  for (std::size_t i = 0; i < parts_.threads; ++i) {
    threads_.emplace_back([this] { work(); });
  }
}

void Workers::stop() {
  std::vector<std::stop_source> stops;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const auto& [key, attempt] : known_) stops.push_back(attempt->stop);
  }
  // Without the lock: this calls code of the program around.
  for (std::stop_source& one : stops) one.request_stop();
  changed_.notify_all();
  for (std::thread& thread : std::exchange(threads_, {})) thread.join();
}

void Workers::finish() {
  std::unique_lock lock(mutex_);
  while (!kept_.empty()) tell_one(lock);
}

void Workers::on_commit(const ChangeSet& changes) {
  const std::lock_guard lock(mutex_);
  for (const AttemptRow& row : changes.attempts) {
    if (reported_.empty()) return;
    if (!is_final(row.state)) continue;
    auto found = reported_.extract({row.run, row.path, row.attempt});
    if (found.empty() || row.state != AttemptState::kCompleted) continue;
    kept_.push_back(std::move(found.mapped()));
    changed_.notify_one();
  }
}

/// Under the lock, which is given back meanwhile.
void Workers::tell_one(std::unique_lock<std::mutex>& lock) {
  const Success success = std::move(kept_.front());
  kept_.pop_front();
  lock.unlock();
  call_quietly([&] { success.process->kept(success.event); });
  lock.lock();
}

bool Workers::stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void Workers::end_all(Error error) {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(fatal_, true)) return;
  }
  parts_.fatal(std::move(error));
}

void Workers::start(const StartAttempt& command) {
  const std::string& id = spec_of(command).id;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || known_.contains(command.key)) return;
    const auto lane = lanes_.find(id);
    if (lane != lanes_.end()) {
      auto attempt = std::make_shared<Attempt>(Attempt{command, ++arrived_});
      lane->second.waiting.push_back(attempt);
      known_.emplace(command.key, std::move(attempt));
      changed_.notify_one();
      return;
    }
  }
  // It stays as it is in the state: whoever has the process does it.
  Error error = parts_.inputs.contains(id) ? process_conversion(command.flow->id, id, "an input")
                                           : unknown_process(command.flow->id, id);
  error.message += "; an event of an earlier program waits for it in the state";
  end_all(std::move(error));
}

void Workers::cancel(const CancelAttempt& command) {
  std::shared_ptr<Attempt> attempt;
  bool runs = false;
  {
    const std::lock_guard lock(mutex_);
    const auto found = known_.find(command.key);
    if (found != known_.end()) {
      attempt = found->second;
      attempt->cancelled = true;
      runs = attempt->runs;
      if (!runs) {
        std::erase(lanes_.at(spec_of(attempt->command).id).waiting, attempt);
        known_.erase(found);
      }
    }
  }
  if (attempt != nullptr && runs) {
    attempt->stop.request_stop();
    return;
  }
  AttemptReport report;
  report.key = command.key;
  report.outcome.state = attempt == nullptr ? AttemptState::kFailed : AttemptState::kCancelled;
  if (attempt == nullptr) {
    report.outcome.error =
        make_task_error(TaskErrorCode::kLost, Phase::kInfra, "nothing is known of it here");
  }
  (void)parts_.sink(std::move(report));
}

/// Null: nothing may go on now. Under the lock.
Workers::Lane* Workers::next_lane() {
  const std::size_t left = parts_.threads - running_;
  std::size_t idle = 0;
  for (const auto& [id, lane] : lanes_) idle += lane.linked && lane.running == 0 ? 1 : 0;
  const std::size_t reserved = std::min(idle, parts_.threads / 2);
  Lane* best = nullptr;
  for (auto& [id, lane] : lanes_) {
    if (lane.waiting.empty() || left == 0) continue;
    if (lane.running > 0 && left <= reserved) continue;
    const bool first =
        best == nullptr || lane.waiting.front()->number < best->waiting.front()->number;
    if (first) best = &lane;
  }
  return best;
}

void Workers::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    Lane* lane = nullptr;
    changed_.wait(lock, [&] {
      lane = stopping_ ? nullptr : next_lane();
      return stopping_ || lane != nullptr || !kept_.empty();
    });
    if (stopping_) return;
    // First: it ends what has run, and what it holds.
    if (!kept_.empty()) {
      tell_one(lock);
      continue;
    }
    const std::shared_ptr<Attempt> attempt = std::move(lane->waiting.front());
    lane->waiting.pop_front();
    attempt->runs = true;
    ++lane->running;
    ++running_;
    lock.unlock();
    carry_out(*lane->process, *attempt);
    lock.lock();
    --lane->running;
    --running_;
    known_.erase(attempt->command.key);
  }
}

void Workers::carry_out(Process& process, Attempt& attempt) {
  auto job = job_of(attempt.command);
  if (!job.has_value()) {
    end_all(std::move(job.error()));
    return;
  }
  auto result = call_process(process, attempt.stop.get_token(), *job);
  if (!result.has_value() && detail_of<ProcessConversion>(result.error()) != nullptr) {
    end_all(std::move(result.error()));
    return;
  }
  settle(process, attempt, *job, std::move(result));
}

void Workers::settle(Process& process, const Attempt& attempt, const Job& job,
                     Result<ProcessStatus> result) {
  const TaskSpec& spec = spec_of(attempt.command);
  ProcessStatus status = result.value_or(ProcessStatus{});
  if (!result.has_value()) {
    status.status = ExitStatus::kFail;
    if (result.error().detail != nullptr) status.logs = result.error().detail->logs;
  }
  if (status.name.empty()) status.name = spec.id;
  const Result<> judged =
      result.has_value() ? judge(status) : Result<>(std::unexpected<Error>(result.error()));
  Outcome outcome;
  if (judged.has_value()) {
    outcome.outputs = outputs_of(status);
    {
      const std::lock_guard lock(mutex_);
      reported_.emplace(attempt.command.key, Success{&process, job.event});
    }
    reporter_.completed({attempt.command.flow->id, spec.id, job.event, std::move(status)});
    report(attempt, std::move(outcome));
    return;
  }
  if (stopping()) return;
  outcome.state = AttemptState::kFailed;
  outcome.error = task_error_of(judged.error(), status);
  Failure failure;
  failure.error = judged.error();
  failure.input = attempt.command.flow->id;
  failure.process = spec.id;
  failure.event = job.event;
  failure.status = std::move(status);
  failure.attempt = attempt.command.key.attempt;
  failure.again = engine::should_retry(spec.retry, failure.attempt, *outcome.error);
  if (failure.again) {
    failure.wait = std::chrono::milliseconds(
        engine::retry_delay(spec.retry, failure.attempt, attempt.command.run_id.value));
  }
  reporter_.failed(failure);
  report(attempt, std::move(outcome));
}

void Workers::report(const Attempt& attempt, Outcome outcome) {
  AttemptReport report;
  report.key = attempt.command.key;
  report.outcome = std::move(outcome);
  {
    const std::lock_guard lock(mutex_);
    if (attempt.cancelled && report.outcome.state == AttemptState::kFailed) {
      report.outcome = {};
      report.outcome.state = AttemptState::kCancelled;
    }
  }
  (void)parts_.sink(std::move(report));
}

}  // namespace cordyna::embed
