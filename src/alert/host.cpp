#include "alert/host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <thread>
#include <utility>

#include "alert/book.hpp"
#include "alert/sender.hpp"
#include "base/text.hpp"
#include "cerebro/take_in.hpp"
#include "http/end_signal.hpp"

namespace cordyna::alert {
namespace {

using Ms = std::chrono::milliseconds;

constexpr std::uint32_t kPage = 500;
constexpr std::uint32_t kRunsLookedAt = 100;
constexpr Ms kReadAgain{2000};       // after the state could not be read or written
constexpr Ms kLongestSleep{60'000};  // clocks are set, and files change
constexpr std::size_t kIncidentsListed = 1000;
constexpr Ms kAskedFor{10'000};  // who acknowledges waits so long

struct EndedWell {
  std::string ns;
  std::string flow_id;
  std::int64_t run = 0;
  Millis at = 0;
};

/// A task of a run has begun, ended, or somebody decided on it; or the run has ended.
struct MovedOn {
  std::int64_t run = 0;
  std::string path{};  ///< empty: the run
  Millis at = 0;
};

/// An alert that somebody is at.
struct Asked {
  std::string alert;
  std::string by;
  std::promise<Result<>> done{};
};

bool is_well(RunState state) {
  return state == RunState::kCompleted || state == RunState::kWarning;
}

}  // namespace

class AlertHost::Impl final : public CommitObserver {
 public:
  explicit Impl(HostParts parts) : parts_(std::move(parts)) {
    // What failed before anybody was to be told is history; what fails from now on is not.
    (void)look_at_last();
    parts_.cerebro->subscribe(*this);
    thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
  }
  ~Impl() override {
    parts_.cerebro->unsubscribe(*this);
    thread_.request_stop();
    thread_.join();
    for (std::vector<Asked>* all : {&asked_now_, &asked_}) {
      for (Asked& one : *all) {
        one.done.set_value(fail(ErrorCode::kUnavailable, "the server ends"));
      }
    }
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void on_commit(const ChangeSet& changes) override {
    const std::lock_guard lock(mutex_);
    bool wake = !changes.notices.empty();
    for (const NoticeRow& notice : changes.notices) {
      // Before the book knows of it, all may be well again.
      open_.emplace(notice.ns, notice.flow_id);
      unread_open_.emplace(notice.ns, notice.flow_id);
      if (is_of_a_moment(notice.kind)) {
        open_runs_.insert(notice.run);
        unread_runs_.insert(notice.run);
      }
      if (notice.kind == NoticeKind::kLost) server_lost_ = unread_lost_ = true;
    }
    for (const RunRow& run : changes.runs) {
      if (!is_well(run.state) || !open_.contains({run.ns, run.flow_id})) continue;
      ended_.push_back({run.ns, run.flow_id, run.no, run.ended_at});
      wake = true;
    }
    wake = note_moves(changes) || wake;
    if (!wake) return;
    woken_ = true;
    wake_.notify_all();
  }
  void on_stopped(const Error& /*error*/) override {}

  void set_base(std::string base) {
    const std::lock_guard lock(mutex_);
    base_ = std::move(base);
  }

  void server_back(const std::string& server) {
    const std::lock_guard lock(mutex_);
    if (!server_lost_) return;
    back_.push_back(server);
    woken_ = true;
    wake_.notify_all();
  }

  Result<> try_out(const std::string& channel) {
    AlertBook book;
    book.set_plan(plan_now().plan);
    const Millis now = parts_.clock->wall();
    TRY(book.try_out(channel, now));
    const auto sent = send(book.waiting().front(), parts_of(book.plan(), -1));
    return sent.has_value() ? Result<>() : fail(ErrorCode::kUnavailable, sent.error().problem);
  }

  Result<> acknowledge(const std::string& alert, const std::string& by) {
    Asked asked{.alert = alert, .by = by};
    std::future<Result<>> done = asked.done.get_future();
    {
      const std::lock_guard lock(mutex_);
      asked_.push_back(std::move(asked));
      woken_ = true;
      wake_.notify_all();
    }
    if (done.wait_for(kAskedFor) == std::future_status::ready) return done.get();
    return fail(ErrorCode::kUnavailable,
                "it could not be saved within 10 s, and may still be: 'dyna alerts' shows it");
  }

  AlertStatus status() {
    PlanNow now = plan_now();
    const std::lock_guard lock(mutex_);
    if (now.no != shown_plan_) show(now.plan, now.no);
    AlertStatus out = status_;
    if (!now.problem.empty()) out.problem = std::move(now.problem);
    return out;
  }

 private:
  void work(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const Result<> done = step(stop);
      std::string problem = done.has_value() ? std::string() : done.error().message;
      if (problem != said_ && !problem.empty() && !stop.stop_requested()) {
        say(fmt::format("alerts: {}", problem));
      }
      said_ = problem;
      std::unique_lock lock(mutex_);
      status_.problem = std::move(problem);
      const auto is_woken = [this] { return woken_; };
      if (done.has_value() && !next_.has_value()) {
        wake_.wait(lock, stop, is_woken);
      } else {
        wake_.wait_for(lock, stop, done.has_value() ? sleep() : kReadAgain, is_woken);
      }
    }
  }

  /// With the lock: what may end something of a moment. Whether there is any.
  bool note_moves(const ChangeSet& changes) {
    if (open_runs_.empty()) return false;
    const std::size_t before = moved_.size();
    const Millis now = parts_.clock->wall();
    const auto note = [&](std::int64_t run, const std::string& path) {
      if (open_runs_.contains(run)) moved_.push_back({run, path, now});
    };
    for (const HoldRow& hold : changes.holds) {
      if (hold.state != HoldState::kHeld) note(hold.run, hold.path);
    }
    for (const AttemptRow& attempt : changes.attempts) {
      if (attempt.state == AttemptState::kStarted) note(attempt.run, attempt.path);
    }
    for (const TaskRow& task : changes.tasks) {
      if (is_final(task.state)) note(task.run, task.path);
    }
    for (const RunRow& run : changes.runs) {
      if (is_final(run.state)) note(run.no, {});
    }
    return moved_.size() > before;
  }

  [[nodiscard]] Ms sleep() const {
    return std::clamp(Ms(*next_ - parts_.clock->wall()), Ms(0), kLongestSleep);
  }

  Result<> step(const std::stop_token& stop) {
    {
      const std::lock_guard lock(mutex_);
      woken_ = false;
      ended_now_.insert(ended_now_.end(), ended_.begin(), ended_.end());
      back_now_.insert(back_now_.end(), back_.begin(), back_.end());
      moved_now_.insert(moved_now_.end(), moved_.begin(), moved_.end());
      std::ranges::move(asked_, std::back_inserter(asked_now_));
      asked_.clear();
      ended_.clear();
      back_.clear();
      moved_.clear();
      unread_open_.clear();
      unread_runs_.clear();
      unread_lost_ = false;
    }
    if (PlanNow now = plan_now(); now.no != book_plan_) {
      book_.set_plan(std::move(now.plan));
      book_plan_ = now.no;
    }
    TRY(begin());
    if (!begun_) {  // there is nobody to tell: what happened is history
      const std::lock_guard lock(mutex_);
      forget_ends();
      note_open();
      answer_asked();
      return {};
    }
    TRY(read_notices());
    for (const EndedWell& one : ended_now_) book_.ended_well(one.ns, one.flow_id, one.run, one.at);
    for (const std::string& server : back_now_) book_.server_back(server, parts_.clock->wall());
    for (const MovedOn& one : moved_now_) {
      if (one.path.empty()) {
        book_.ended(one.run, one.at);
      } else {
        book_.moved_on(one.run, one.path, one.at);
      }
    }
    forget_ends();
    if (!asked_now_.empty()) TRY(note_asked());
    const Result<> delivered = deliver(stop);
    next_ = book_.next();
    publish();
    return delivered;
  }

  /// Saved and shown before who asked is answered; where it cannot be saved it is tried again.
  Result<> note_asked() {
    const Millis now = parts_.clock->wall();
    for (const Asked& one : asked_now_) (void)book_.acknowledge(one.alert, one.by, now);
    TRY(save());
    publish();
    answer_asked();
    return {};
  }

  void answer_asked() {
    for (Asked& one : asked_now_) {
      // What is in the book is found by the id as long as it is not well.
      one.done.set_value(book_.acknowledge(one.alert, one.by, parts_.clock->wall()));
    }
    asked_now_.clear();
  }

  void publish() {
    const std::lock_guard lock(mutex_);
    note_open();
    incidents_ = book_.incidents();
    waiting_ = book_.waiting();
    show(book_.plan(), book_plan_);
  }

  void forget_ends() {
    ended_now_.clear();
    back_now_.clear();
    moved_now_.clear();
  }

  struct PlanNow {
    AlertPlan plan;
    std::uint64_t no = 0;  ///< another one for each content
    std::string problem;
  };

  /// As the file is by now; what is wrong with it is told once.
  PlanNow plan_now() {
    const std::lock_guard lock(plan_mutex_);
    auto plan = parts_.read_plan();
    if (!plan.has_value()) {
      if (plan_.problem != plan.error().message) say(plan.error().message);
      plan_.problem = plan.error().message;
    } else if (plan->has_value()) {
      plan_ = {**std::move(plan), plan_.no + 1, {}};
    }
    return plan_;
  }

  /// What an owner before left; what went well while nobody looked. Not before there is somebody to
  /// tell.
  Result<> begin() {
    if (begun_) return {};
    TRY_ASSIGN(const std::unique_ptr<StoreReader> reader, parts_.open_reader());
    TRY_ASSIGN(const std::string kept, reader->find_position(kAlertPosition));
    if (kept.empty()) {
      const bool nobody = book_.plan().channels.empty();
      if (nobody || !seen_.has_value()) TRY(look_at_last());
      if (nobody) return {};
      book_.set_cursor(*seen_);
      TRY(save());
    } else {
      AlertPlan plan = book_.plan();
      TRY_ASSIGN(book_, AlertBook::load(kept));
      book_.set_plan(std::move(plan));
    }
    std::set<std::pair<std::string, std::string>> flows;
    std::set<std::int64_t> runs;
    for (const Incident& one : book_.incidents()) {
      if (one.well_at == 0 && !one.flow_id.empty()) flows.emplace(one.ns, one.flow_id);
      if (one.well_at == 0 && is_of_a_moment(one.kind)) runs.insert(one.last_run);
    }
    for (const std::int64_t run : runs) TRY(look_at_run(*reader, run));
    for (const auto& [ns, flow_id] : flows) TRY(look_back(*reader, ns, flow_id));
    begun_ = true;
    return {};
  }

  Result<> look_at_last() {
    TRY_ASSIGN(const std::unique_ptr<StoreReader> reader, parts_.open_reader());
    TRY_ASSIGN(const std::vector<NoticeRow> last, reader->list_notices({.limit = 1}));
    seen_ = last.empty() ? 0 : last.front().no;
    return {};
  }

  Result<> look_back(StoreReader& reader, const std::string& ns, const std::string& flow_id) {
    RunFilter filter;
    filter.ns = ns;
    filter.flow_id = flow_id;
    filter.limit = kRunsLookedAt;
    TRY_ASSIGN(const std::vector<RunRow> runs, reader.list_runs(filter));
    const auto well =
        std::ranges::find_if(runs, [](const RunRow& run) { return is_well(run.state); });
    if (well != runs.end()) book_.ended_well(ns, flow_id, well->no, well->ended_at);
    return {};
  }

  /// What has moved on of a run while nobody looked.
  Result<> look_at_run(StoreReader& reader, std::int64_t no) {
    const auto run = reader.load_run(no);
    const Millis now = parts_.clock->wall();
    if (!run.has_value() && run.error().code != ErrorCode::kNotFound) return fail(run.error());
    if (!run.has_value() || is_final(run->run.state)) {
      book_.ended(no, run.has_value() ? run->run.ended_at : now);
      return {};
    }
    std::set<std::string_view> held;
    for (const HoldRow& hold : run->holds) {
      if (hold.state == HoldState::kHeld) held.insert(hold.path);
    }
    for (const TaskRow& task : run->tasks) {
      const bool moves = is_final(task.state) || task.state == TaskState::kStarted;
      if (moves && !held.contains(task.path)) book_.moved_on(no, task.path, now);
    }
    for (const HoldRow& hold : run->holds) {
      if (!held.contains(hold.path)) book_.moved_on(no, hold.path, hold.decided_at);
    }
    return {};
  }

  Result<> read_notices() {
    TRY_ASSIGN(const std::unique_ptr<StoreReader> reader, parts_.open_reader());
    while (true) {
      NoticeFilter filter;
      filter.after = book_.cursor();
      filter.limit = kPage;
      TRY_ASSIGN(const std::vector<NoticeRow> page, reader->list_notices(filter));
      for (const NoticeRow& notice : page) book_.note(notice);
      if (page.size() < kPage) return {};
    }
  }

  /// Saved before anything goes out: whoever follows us knows it by the same id.
  Result<> deliver(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const Millis now = parts_.clock->wall();
      // Without messages the book is saved now and then, so that nobody has to read all again.
      const std::int64_t given_up = book_.given_up();
      unsaved_ = book_.advance(now) || unsaved_ || book_.cursor() > saved_cursor_ + kPage;
      if (book_.given_up() > given_up) {
        say(fmt::format("alerts: {} given up: too old, or too many wait for their channel",
                        counted(static_cast<std::size_t>(book_.given_up() - given_up), "message")));
      }
      if (unsaved_) TRY(save());
      const std::vector<Message> due = book_.to_send(now);
      if (due.empty() || !send_all(due, stop)) return {};
      unsaved_ = true;
      TRY(save());
    }
    return {};
  }

  /// One of each channel, all at once: none waits for another. False: told to stop.
  bool send_all(const std::vector<Message>& due, const std::stop_token& stop) {
    http::EndSignal end(stop, Ms(0));
    const int cancel_fd = end.descriptor().value_or(-1);
    std::vector<std::expected<void, SendFailure>> results(due.size());
    {
      std::vector<std::jthread> threads;
      threads.reserve(due.size());
      for (std::size_t i = 0; i < due.size(); ++i) {
        threads.emplace_back(
            [&, i] { results[i] = send(due[i], parts_of(book_.plan(), cancel_fd)); });
      }
    }
    const Millis now = parts_.clock->wall();
    for (std::size_t i = 0; i < due.size(); ++i) note_result(due[i], results[i], now, stop);
    return !stop.stop_requested();
  }

  void note_result(const Message& message, const std::expected<void, SendFailure>& result,
                   Millis now, const std::stop_token& stop) {
    if (result.has_value()) {
      book_.sent(message.id);
      const std::lock_guard lock(mutex_);
      sent_at_[message.channel] = now;
      return;
    }
    if (stop.stop_requested()) return;  // it was not the other side's fault
    book_.failed(message.id, now, result.error().problem, result.error().after);
    if (message.tries == 0) {
      say(fmt::format("alerts: channel {}: {}; it is tried again", message.channel,
                      result.error().problem));
    }
  }

  Result<> save() {
    IntakeRequest request;
    request.positions.push_back({std::string(kAlertPosition), book_.text()});
    const std::int64_t cursor = book_.cursor();
    TRY(take_in(*parts_.cerebro, request));
    saved_cursor_ = cursor;
    unsaved_ = false;
    return {};
  }

  SendParts parts_of(const AlertPlan& plan, int cancel_fd) const {
    return {.plan = &plan,
            .secrets = parts_.secrets,
            .base = base(),
            .now = parts_.clock->wall(),
            .cancel_fd = cancel_fd};
  }

  std::string base() const {
    const std::lock_guard lock(mutex_);
    return base_;
  }

  void say(const std::string& text) const {
    if (parts_.told) parts_.told(text);
  }

  /// With the lock: of what `on_commit` and `server_back` are to tell.
  void note_open() {
    open_ = unread_open_;
    open_runs_ = unread_runs_;
    server_lost_ = unread_lost_;
    for (const Incident& one : book_.incidents()) {
      if (one.well_at != 0) continue;
      open_.emplace(one.ns, one.flow_id);
      if (is_of_a_moment(one.kind)) open_runs_.insert(one.last_run);
      server_lost_ = server_lost_ || one.kind == NoticeKind::kLost;
    }
  }

  /// With the lock: what others may know by now.
  void show(const AlertPlan& plan, std::uint64_t no) {
    status_.channels.clear();
    for (const ChannelSpec& spec : plan.channels) {
      ChannelStatus one{.name = spec.name, .type = spec.type};
      for (const Message& message : waiting_) {
        if (message.channel != spec.name) continue;
        if (one.waiting++ == 0) {
          one.problem = message.problem;
          one.next_at = message.next_at;
        }
      }
      one.incidents = std::ranges::count_if(incidents_, [&](const Incident& incident) {
        return incident.channel == spec.name && incident.well_at == 0;
      });
      const auto at = sent_at_.find(spec.name);
      if (at != sent_at_.end()) one.sent_at = at->second;
      status_.channels.push_back(std::move(one));
    }
    std::vector<Incident> newest = incidents_;
    std::ranges::sort(newest, std::greater{}, &Incident::last_at);
    if (newest.size() > kIncidentsListed) newest.resize(kIncidentsListed);
    status_.incidents = std::move(newest);
    shown_plan_ = no;
  }

  HostParts parts_;

  // Of thread_ alone.
  AlertBook book_;
  std::uint64_t book_plan_ = 0;  // the number of its plan
  bool begun_ = false;
  std::optional<std::int64_t> seen_;  // the last notice before there was somebody to tell
  bool unsaved_ = false;
  std::int64_t saved_cursor_ = 0;
  std::string said_;  // of what keeps it from its work
  std::vector<EndedWell> ended_now_;
  std::vector<std::string> back_now_;
  std::vector<MovedOn> moved_now_;
  std::vector<Asked> asked_now_;
  std::optional<Millis> next_;

  std::mutex plan_mutex_;
  PlanNow plan_;  // guarded by plan_mutex_

  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  // Guarded by mutex_.
  std::string base_;
  bool woken_ = false;
  std::vector<EndedWell> ended_;
  std::vector<std::string> back_;
  std::vector<MovedOn> moved_;
  std::vector<Asked> asked_;
  std::set<std::pair<std::string, std::string>> open_;  // flows of which something is not well
  std::set<std::int64_t> open_runs_;  // of which something of a moment is not over
  bool server_lost_ = false;          // some is not well
  // The same, of notices that the book may not have yet.
  std::set<std::pair<std::string, std::string>> unread_open_;
  std::set<std::int64_t> unread_runs_;
  bool unread_lost_ = false;
  std::map<std::string, Millis> sent_at_;
  std::vector<Incident> incidents_;
  std::vector<Message> waiting_;
  AlertStatus status_;
  std::uint64_t shown_plan_ = 0;

  std::jthread thread_;
};

AlertHost::AlertHost(HostParts parts) : impl_(std::make_unique<Impl>(std::move(parts))) {}
AlertHost::~AlertHost() = default;

void AlertHost::set_base(std::string base) {
  impl_->set_base(std::move(base));
}

void AlertHost::server_back(const std::string& server) {
  impl_->server_back(server);
}

Result<> AlertHost::try_out(const std::string& channel) {
  return impl_->try_out(channel);
}

Result<> AlertHost::acknowledge(const std::string& alert, const std::string& by) {
  return impl_->acknowledge(alert, by);
}

AlertStatus AlertHost::status() {
  return impl_->status();
}

}  // namespace cordyna::alert
