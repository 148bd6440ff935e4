/// For tests: inputs and processes that are functions, and an orchestrator that runs beside.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cordyna/config.hpp"
#include "cordyna/errors.hpp"
#include "cordyna/orchestrator.hpp"

namespace cordyna {

using HandleCall = std::function<Result<>(std::stop_token, EventSink&)>;
using RunCall = std::function<Result<ProcessStatus>(std::stop_token, const Event&,
                                                    std::span<const ProcessStatus>)>;

class TestInput final : public Input {
 public:
  TestInput(std::string id, HandleCall handle, std::vector<Operation> operations = {})
      : Input(std::move(id), std::move(operations)), handle_(std::move(handle)) {}
  Result<> handle(std::stop_token stop, EventSink& sink) override { return handle_(stop, sink); }

 private:
  HandleCall handle_;
};

class TestProcess final : public Process {
 public:
  TestProcess(std::string id, RunCall run) : Process(std::move(id)), run_(std::move(run)) {}
  Result<ProcessStatus> run(std::stop_token stop, const Event& event) override {
    return run_(stop, event, {});
  }
  Result<ProcessStatus> run_after(std::stop_token stop, const Event& event,
                                  std::span<const ProcessStatus> before) override {
    return run_(stop, event, before);
  }
  void begin(const EachEvent& given) override {
    if (on_begin) given([this](const Event& event) { on_begin(event); });
  }
  void kept(const Event& event) override {
    if (on_kept) on_kept(event);
  }

  std::function<void(const Event&)> on_begin;
  std::function<void(const Event&)> on_kept;

 private:
  RunCall run_;
};

inline ProcessStatus success(std::vector<std::string> logs = {}) {
  return {.logs = std::move(logs), .status = ExitStatus::kSuccess};
}

/// Waits until `stop`.
inline void until(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait(lock, stop, [] { return false; });
}

/// What came to whom, which a test waits for.
class Notes {
 public:
  void add(const std::string& line) {
    const std::lock_guard lock(mutex_);
    ++lines_[line];
    ++count_;
    changed_.notify_all();
  }
  /// How many there are of each; once there are `count` in all.
  std::map<std::string, int> wait(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return count_ >= count; });
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, int> lines_;
  int count_ = 0;
};

/// An input that sends these once, and then only waits.
inline HandleCall send_once(std::vector<Event> events, std::string position = {}) {
  return [events = std::move(events), position = std::move(position)](std::stop_token stop,
                                                                      EventSink& sink) -> Result<> {
    const auto sent = sink.send(events, position);
    until(stop);
    return sent;
  };
}

/// Events "1", "2", … of table "t".
inline std::vector<Event> numbered(int count) {
  std::vector<Event> events;
  for (int i = 1; i <= count; ++i) {
    events.push_back({.location = "t", .operation = Operation::kCreate, .id = std::to_string(i)});
  }
  return events;
}

class World {
 public:
  explicit World(OrchestratorOptions options = {}) {
    if (!options.on_error) {
      options.on_error = [this](const Failure& failure) { on_error(failure); };
    }
    orchestrator_ = std::make_unique<Orchestrator>(std::move(options));
  }
  ~World() { (void)stop(); }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  void input(const std::string& id, HandleCall handle, std::vector<Operation> operations = {}) {
    ASSERT_TRUE(
        orchestrator_
            ->add_input(std::make_unique<TestInput>(id, std::move(handle), std::move(operations)))
            .has_value());
  }
  void process(const std::string& id, RunCall run) {
    ASSERT_TRUE(
        orchestrator_->add_process(std::make_unique<TestProcess>(id, std::move(run))).has_value());
  }
  /// Notes "<id> <event's id>" and succeeds.
  void noting(const std::string& id, Notes& notes) {
    process(id, [id, &notes](auto, const Event& event, auto) {
      notes.add(id + " " + event.id);
      return success();
    });
  }
  void link(const std::string& from, const std::string& to) {
    const auto added = orchestrator_->add_link(from, to);
    ASSERT_TRUE(added.has_value()) << added.error().message;
  }

  void start() {
    stop_ = std::stop_source();
    thread_ = std::thread([this] { ended_ = orchestrator_->run(stop_.get_token()); });
  }
  /// What `run` said.
  Result<> stop() {
    stop_.request_stop();
    return join();
  }
  Result<> join() {
    if (thread_.joinable()) thread_.join();
    return ended_;
  }

  Orchestrator& orchestrator() { return *orchestrator_; }
  std::vector<Failure> failures(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return failures_.size() >= count; });
    return failures_;
  }

 private:
  void on_error(const Failure& failure) {
    const std::lock_guard lock(mutex_);
    failures_.push_back(failure);
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Failure> failures_;
  std::unique_ptr<Orchestrator> orchestrator_;
  std::stop_source stop_;
  std::thread thread_;
  Result<> ended_;
};

}  // namespace cordyna
