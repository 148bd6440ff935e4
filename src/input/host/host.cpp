#include "input/host/host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include "cerebro/take_in.hpp"
#include "input/host/flow_input.hpp"
#include "input/host/flow_sink.hpp"
#include "input/host/minute.hpp"
#include "model/trigger.hpp"

namespace cordyna::input {
namespace {

using Ms = std::chrono::milliseconds;

constexpr Ms kFirstWait{100};
constexpr Ms kLongestWait{30'000};
constexpr Ms kReadAgain{1'000};  // after the state could not be read
constexpr std::uint32_t kAppliedPage = 500;

using Wanted = std::map<FlowInputId, TriggerSpec>;

/// One input, with its thread.
class Running {
 public:
  Running(const HostParts& parts, FlowInputId id, TriggerSpec spec)
      : parts_(parts), id_(std::move(id)), spec_(std::move(spec)) {
    status_.ns = id_.ns;
    status_.flow_id = id_.flow_id;
    status_.trigger = id_.trigger;
    status_.type = to_string(spec_.type);
    status_.since = parts_.clock->wall();
    thread_ = std::jthread([this](const std::stop_token& stop) { supervise(stop); });
  }

  void request_stop() { thread_.request_stop(); }
  [[nodiscard]] const TriggerSpec& spec() const { return spec_; }
  [[nodiscard]] InputStatus status() const {
    const std::lock_guard lock(mutex_);
    InputStatus now = status_;
    now.last_minute = minute_.total(parts_.clock->wall());
    return now;
  }

 private:
  void supervise(const std::stop_token& stop) {
    Ms wait = kFirstWait;
    while (!stop.stop_requested()) {
      const std::int64_t before = status().events;
      const auto ended = listen(stop);
      if (stop.stop_requested()) return;
      if (status().events != before) wait = kFirstWait;
      change(InputState::kFailed, ended.has_value() ? "it ended by itself" : ended.error().message);
      if (!rest(wait, stop)) return;
      wait = std::min(wait * 2, kLongestWait);
    }
  }

  /// The input is made anew each time: a password may have been changed.
  Result<> listen(const std::stop_token& stop) {
    hint_.clear();
    TRY_ASSIGN(const std::unique_ptr<StoreReader> reader, parts_.open_reader());
    TRY_ASSIGN(std::string position, reader->find_position(id_.text()));
    TRY_ASSIGN(const std::unique_ptr<Input> input, make_flow_input(id_, spec_, *parts_.secrets));
    FlowSink sink(
        id_, input->operations(), spec_.listen.dedupe, *reader, std::move(position),
        *parts_.cerebro, *parts_.evaluator, stop,
        {.waits = [this](const Error& error) { change(InputState::kWaits, error.message); },
         .kept = [this](std::size_t count, Millis happened) { kept(count, happened); },
         .told = [this](const std::string& problem) { hear(problem); },
         .fails = [this](const std::string& problem) { change(InputState::kFailed, problem); }});
    try {
      return input->handle(stop, sink);
    } catch (const std::exception& error) {
      return fail(ErrorCode::kInternal, fmt::format("it threw: {}", error.what()));
    }
  }

  void kept(std::size_t count, Millis happened) {
    if (count > 0) {
      const Millis now = parts_.clock->wall();
      const std::lock_guard lock(mutex_);
      status_.events += static_cast<std::int64_t>(count);
      status_.last_at = now;
      status_.lag = happened > 0 ? std::max<Millis>(now - happened, 0) : 0;
      minute_.add(static_cast<std::int64_t>(count), now);
    }
    change(InputState::kListens, hint_);
  }

  /// It listens all the same.
  void hear(const std::string& problem) {
    hint_ = problem;
    if (status().state == InputState::kListens) change(InputState::kListens, hint_);
  }

  /// Tells only what is new.
  void change(InputState state, std::string problem) {
    InputStatus now;
    {
      const std::lock_guard lock(mutex_);
      if (status_.state == state && status_.problem == problem) return;
      status_.state = state;
      status_.problem = std::move(problem);
      status_.since = parts_.clock->wall();
      now = status_;
    }
    if (parts_.told) parts_.told(now);
  }

  const HostParts& parts_;
  FlowInputId id_;
  TriggerSpec spec_;
  mutable std::mutex mutex_;
  InputStatus status_;  // guarded by mutex_
  LastMinute minute_;   // guarded by mutex_
  std::string hint_;    // its own thread's
  std::jthread thread_;
};

}  // namespace

class InputHost::Impl final : public CommitObserver {
 public:
  explicit Impl(HostParts parts) : parts_(std::move(parts)) {
    parts_.cerebro->subscribe(*this);
    manager_ = std::jthread([this](const std::stop_token& stop) { manage(stop); });
  }
  ~Impl() override { stop(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void stop() {
    if (!manager_.joinable()) return;
    parts_.cerebro->unsubscribe(*this);
    manager_.request_stop();
    manager_.join();
    manager_ = {};
  }

  std::vector<InputStatus> statuses() const {
    const std::lock_guard lock(mutex_);
    std::vector<InputStatus> out;
    out.reserve(running_.size());
    for (const auto& [id, one] : running_) out.push_back(one->status());
    return out;
  }

  void on_commit(const ChangeSet& changes) override {
    if (changes.applied.empty()) return;
    const std::lock_guard lock(mutex_);
    changed_ = true;
    wake_.notify_all();
  }
  void on_stopped(const Error& /*error*/) override {}

 private:
  void manage(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      {
        const std::lock_guard lock(mutex_);
        changed_ = false;
      }
      const auto wanted = wanted_now();
      if (wanted.has_value()) settle(*wanted);
      std::unique_lock lock(mutex_);
      const auto is_changed = [this] { return changed_; };
      if (wanted.has_value()) {
        wake_.wait(lock, stop, is_changed);
      } else {
        wake_.wait_for(lock, stop, kReadAgain, is_changed);
      }
    }
    settle({});
  }

  Result<Wanted> wanted_now() const {
    TRY_ASSIGN(const std::unique_ptr<StoreReader> reader, parts_.open_reader());
    Wanted wanted;
    AppliedFilter filter;
    filter.limit = kAppliedPage;
    while (true) {
      TRY_ASSIGN(const std::vector<AppliedFlowRow> page, reader->list_applied(filter));
      for (const AppliedFlowRow& row : page) {
        filter.after_ns = row.ns;
        filter.after_id = row.flow_id;
        if (row.removed_at == 0 && row.disabled.at == 0) TRY(add(*reader, row, wanted));
      }
      if (page.size() < kAppliedPage) return wanted;
    }
  }

  Result<> add(StoreReader& reader, const AppliedFlowRow& row, Wanted& wanted) const {
    TRY_ASSIGN(const FlowVersionRow version, reader.find_flow(row.hash));
    const auto flow = parts_.loader(version.canonical, row.folder);
    if (!flow.has_value()) return {};  // of another program; `dyna flows` says so
    for (const TriggerSpec& spec : (*flow)->triggers) {
      if (spec.disabled || !has_input(spec.type)) continue;
      wanted.emplace(FlowInputId{row.ns, row.flow_id, spec.id},
                     with_absolute_folders(spec, (*flow)->folder));
    }
    return {};
  }

  /// Those that go are waited for without the lock: they may take their time.
  void settle(const Wanted& wanted) {
    std::vector<std::unique_ptr<Running>> gone;
    {
      const std::lock_guard lock(mutex_);
      for (auto one = running_.begin(); one != running_.end();) {
        const auto found = wanted.find(one->first);
        if (found != wanted.end() && found->second == one->second->spec()) {
          ++one;
          continue;
        }
        one->second->request_stop();
        gone.push_back(std::move(one->second));
        one = running_.erase(one);
      }
    }
    gone.clear();
    for (const auto& [id, spec] : wanted) {
      if (running_.contains(id)) continue;  // only this thread changes it
      auto made = std::make_unique<Running>(parts_, id, spec);
      const std::lock_guard lock(mutex_);
      running_.emplace(id, std::move(made));
    }
  }

  HostParts parts_;
  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  bool changed_ = false;                                     // guarded by mutex_
  std::map<FlowInputId, std::unique_ptr<Running>> running_;  // guarded by mutex_
  std::jthread manager_;
};

InputHost::InputHost(HostParts parts) : impl_(std::make_unique<Impl>(std::move(parts))) {}
InputHost::~InputHost() = default;

void InputHost::stop() {
  impl_->stop();
}

std::vector<InputStatus> InputHost::statuses() const {
  return impl_->statuses();
}

}  // namespace cordyna::input
