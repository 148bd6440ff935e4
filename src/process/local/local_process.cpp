#include "process/local/local_process.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <mutex>
#include <thread>
#include <utility>

#include "base/check.hpp"
#include "process/local/attempt_folder.hpp"
#include "process/local/attempt_run.hpp"
#include "process/local/files.hpp"
#include "process/local/fork_link.hpp"
#include "process/local/order.hpp"
#include "process/local/outcome.hpp"
#include "process/local/proc.hpp"
#include "process/local/protocol.hpp"

namespace cordyna {
namespace {

using local::Fd;
using local::steady_now;

constexpr int kSendsMax = 3;
constexpr Millis kForceAfterGrace = 5'000;
constexpr Millis kHiddenEvery = 1'000;
constexpr Millis kIdleMax = 10'000;
constexpr int kRemainsMs = 5'000;
constexpr std::uint64_t kWakeId = 0;

/// An encoded order: overwritten when nobody needs it any more, since it holds secrets.
struct OrderBytes {
  explicit OrderBytes(std::string text) : bytes(std::move(text)) {}
  ~OrderBytes() { local::wipe(bytes); }
  OrderBytes(const OrderBytes&) = delete;
  OrderBytes& operator=(const OrderBytes&) = delete;
  std::string bytes;
};

/// The owner's end of a guardian. Shared, since a caller may send while our thread drops it.
struct Guardian {
  Guardian(std::uint64_t number, Fd end) : id(number), socket(std::move(end)) {}
  const std::uint64_t id;
  const Fd socket;
  std::string attempt;    ///< its name; empty: idle
  Millis idle_since = 0;  ///< steady
};
using GuardianRef = std::shared_ptr<Guardian>;

struct Entry {
  AttemptKey key;
  TaskIndex task = 0;
  bool trusts_report = false;
  std::shared_ptr<const OrderBytes> order;  ///< until it is certain that it arrived
  int sends = 0;
  GuardianRef guardian;         ///< null: adopted, or between two
  std::shared_ptr<Fd> process;  ///< pidfd of an adopted guardian
  bool hidden = false;          ///< adopted, and only its lock can be seen
  int cancels = 0;
  Millis force_at = 0;  ///< steady; 0: no
};

}  // namespace

class LocalProcess::Impl {
 public:
  Impl(const StateLayout& layout, LocalSettings settings,
       std::map<std::string, Preparer*> preparers, const Clock& clock, ReportSink sink);
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void start(const StartAttempt& command);
  void cancel(const CancelAttempt& command);
  void adopt(const StartAttempt& command);

 private:
  // Callers' thread or ours.
  void hand_out(const std::string& name);
  [[nodiscard]] GuardianRef take_guardian(const std::string& name, Result<>& why);
  void send_cancel(const Guardian& guardian, const std::string& name) const;
  void post_resolve(const std::string& name);
  void post_report(AttemptReport report);
  void wake() const;
  void watch(int fd, std::uint64_t id) const;
  [[nodiscard]] bool trusts(const StartAttempt& command) const;
  [[nodiscard]] std::string folder_of(const std::string& name) const;

  // Ours.
  void serve();
  [[nodiscard]] int wait_ms();
  void on_posted();
  void on_guardian(const GuardianRef& guardian);
  void on_message(const GuardianRef& guardian, const local::Message& message);
  void on_refused(const std::string& name, const std::string& number);
  void on_guardian_end(const GuardianRef& guardian);
  void on_watched_end(std::uint64_t id);
  void on_time();
  void force(const std::string& name);
  void resolve(const std::string& name, bool watched);
  void resolve_absent(const std::string& name);
  void resolve_alive(const std::string& name, local::FolderLook look);
  void resolve_gone(const std::string& name, const local::FolderLook& look, bool watched);
  void make_idle(const GuardianRef& guardian);
  void started(const std::string& name);
  void finish(const std::string& name, Outcome outcome);
  void finish(const std::string& name, const local::ExitRecord& record);

  const StateLayout layout_;
  const LocalSettings settings_;
  const std::map<std::string, Preparer*> preparers_;
  const Clock& clock_;
  const ReportSink sink_;
  const std::string boot_;
  local::ForkLink link_;
  const Fd epoll_;
  const Fd wake_;
  std::atomic<bool> stopping_ = false;

  std::mutex mutex_;  ///< guards what follows; no I/O under it
  std::map<std::string, Entry> entries_;
  std::map<std::uint64_t, GuardianRef> guardians_;
  std::vector<GuardianRef> idle_;
  std::map<std::uint64_t, std::string> watched_;  ///< pidfds of adopted guardians
  std::vector<std::string> to_resolve_;
  std::vector<AttemptReport> to_report_;
  std::uint64_t next_id_ = kWakeId + 1;

  std::thread thread_;  ///< last: uses all the others
};

LocalProcess::Impl::Impl(const StateLayout& layout, LocalSettings settings,
                         std::map<std::string, Preparer*> preparers, const Clock& clock,
                         ReportSink sink)
    : layout_(layout),
      settings_(std::move(settings)),
      preparers_(std::move(preparers)),
      clock_(clock),
      sink_(std::move(sink)),
      boot_(local::boot_id()),
      link_(layout_, settings_.supervise_argv),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  CHECK(epoll_.valid());
  CHECK(wake_.valid());
  CHECK(layout_.folder().starts_with('/'));
  watch(wake_.get(), kWakeId);
  thread_ = std::thread([this] { serve(); });
}

LocalProcess::Impl::~Impl() {
  stopping_ = true;
  wake();
  thread_.join();
}

void LocalProcess::Impl::start(const StartAttempt& command) {
  const std::string name = local::attempt_name(layout_, command.key, command.task);
  {
    const std::lock_guard lock(mutex_);
    if (entries_.contains(name)) return;  // a repeat
  }
  const auto preparer = preparers_.find(command.flow->tasks[command.task].type);
  auto order = local::make_order(layout_, settings_,
                                 preparer == preparers_.end() ? nullptr : preparer->second, command,
                                 trusts(command));
  if (!order.has_value()) {
    Outcome outcome;
    outcome.state = AttemptState::kFailed;
    outcome.error = std::move(order.error());
    post_report({command.key, ReportKind::kEnded, std::move(outcome)});
    return;
  }
  Entry entry;
  entry.key = command.key;
  entry.task = command.task;
  entry.trusts_report = trusts(command);
  entry.order = std::make_shared<const OrderBytes>(local::encode(*order));
  for (std::string& text : order->env) local::wipe(text);
  for (std::string& text : order->masks) local::wipe(text);
  {
    const std::lock_guard lock(mutex_);
    entries_.emplace(name, std::move(entry));
  }
  hand_out(name);
}

void LocalProcess::Impl::adopt(const StartAttempt& command) {
  const std::string name = local::attempt_name(layout_, command.key, command.task);
  {
    const std::lock_guard lock(mutex_);
    if (entries_.contains(name)) return;
  }
  if (local::look_at_folder(folder_of(name), boot_).state == local::FolderState::kAbsent) {
    start(command);  // the gate decides, should somebody else begin it right now
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    Entry entry;
    entry.key = command.key;
    entry.task = command.task;
    entry.trusts_report = trusts(command);
    entries_.emplace(name, std::move(entry));
  }
  post_resolve(name);
}

void LocalProcess::Impl::cancel(const CancelAttempt& command) {
  const std::string name = local::attempt_name(layout_, command.key, command.task);
  GuardianRef guardian;
  std::shared_ptr<Fd> process;
  bool unknown = false;
  {
    const std::lock_guard lock(mutex_);
    const auto [at, inserted] = entries_.try_emplace(name);
    Entry& entry = at->second;
    if (inserted) {
      entry.key = command.key;
      entry.task = command.task;
    }
    unknown = inserted;
    ++entry.cancels;
    entry.force_at =
        steady_now() + (entry.cancels == 1 ? settings_.kill_grace : 0) + kForceAfterGrace;
    guardian = entry.guardian;
    process = entry.process;
  }
  if (guardian != nullptr) send_cancel(*guardian, name);
  if (process != nullptr) local::signal_process(*process, SIGTERM);
  if (unknown) post_resolve(name);
  wake();  // for the new deadline
}

/// Gives the order to a guardian. Failures end the attempt.
void LocalProcess::Impl::hand_out(const std::string& name) {
  Result<> why;
  for (int tries = 0; tries < kSendsMax; ++tries) {
    const GuardianRef guardian = take_guardian(name, why);
    if (guardian == nullptr) break;
    std::shared_ptr<const OrderBytes> order;
    {
      const std::lock_guard lock(mutex_);
      const auto at = entries_.find(name);
      if (at == entries_.end()) return;
      order = at->second.order;
    }
    if (order == nullptr) return;
    const int error = local::send_order(guardian->socket.get(), order->bytes);
    bool cancelled = false;
    {
      const std::lock_guard lock(mutex_);
      const auto at = entries_.find(name);
      if (error == 0) {
        cancelled = at != entries_.end() && at->second.cancels > 0;
      } else {
        if (guardian->attempt != name) return;  // our thread saw its end, and took care
        guardian->attempt.clear();
        if (at != entries_.end()) at->second.guardian = nullptr;
      }
    }
    if (cancelled) send_cancel(*guardian, name);
    if (error == 0) return;
    why = fail(ErrorCode::kUnavailable,
               "its guardian cannot be reached: " + local::errno_text(error));
  }
  AttemptReport report;
  {
    const std::lock_guard lock(mutex_);
    const auto at = entries_.find(name);
    if (at == entries_.end()) return;
    report = {at->second.key, ReportKind::kEnded,
              local::failed_outcome(TaskErrorCode::kSpawnFailed, Phase::kInfra,
                                    why.has_value() ? "no guardian took it" : why.error().message)};
    report.outcome.error->retryable = true;
    entries_.erase(at);
  }
  post_report(std::move(report));
}

GuardianRef LocalProcess::Impl::take_guardian(const std::string& name, Result<>& why) {
  {
    const std::lock_guard lock(mutex_);
    const auto at = entries_.find(name);
    if (at == entries_.end()) return nullptr;
    ++at->second.sends;
    if (!idle_.empty()) {
      GuardianRef guardian = std::move(idle_.back());
      idle_.pop_back();
      guardian->attempt = name;
      at->second.guardian = guardian;
      return guardian;
    }
  }
  auto end = link_.new_guardian();
  if (!end.has_value()) {
    why = std::unexpected<Error>(std::move(end.error()));
    return nullptr;
  }
  GuardianRef guardian;
  {
    const std::lock_guard lock(mutex_);
    const auto at = entries_.find(name);
    if (at == entries_.end()) return nullptr;
    guardian = std::make_shared<Guardian>(next_id_++, *std::move(end));
    guardian->attempt = name;
    at->second.guardian = guardian;
    guardians_.emplace(guardian->id, guardian);
  }
  watch(guardian->socket.get(), guardian->id);
  return guardian;
}

void LocalProcess::Impl::send_cancel(const Guardian& guardian, const std::string& name) const {
  // If it cannot be sent, the guardian is gone, or stuck: both are noticed.
  (void)local::send_message(guardian.socket.get(), local::encode(local::Message{'C', name, {}}), -1,
                            false);
}

void LocalProcess::Impl::post_resolve(const std::string& name) {
  {
    const std::lock_guard lock(mutex_);
    to_resolve_.push_back(name);
  }
  wake();
}

void LocalProcess::Impl::post_report(AttemptReport report) {
  {
    const std::lock_guard lock(mutex_);
    to_report_.push_back(std::move(report));
  }
  wake();
}

void LocalProcess::Impl::wake() const {
  (void)eventfd_write(wake_.get(), 1);
}

void LocalProcess::Impl::watch(int fd, std::uint64_t id) const {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = id;
  CHECK(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0);
}

bool LocalProcess::Impl::trusts(const StartAttempt& command) const {
  return settings_.report_types.contains(command.flow->tasks[command.task].type);
}

std::string LocalProcess::Impl::folder_of(const std::string& name) const {
  return layout_.folder() + "/runs/" + name;
}

void LocalProcess::Impl::serve() {
  std::array<epoll_event, 64> events;
  while (!stopping_) {
    const int count =
        epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), wait_ms());
    for (int i = 0; i < count; ++i) {
      const std::uint64_t id = events[static_cast<std::size_t>(i)].data.u64;
      if (id == kWakeId) {
        eventfd_t ignored = 0;
        (void)eventfd_read(wake_.get(), &ignored);
        continue;
      }
      GuardianRef guardian;
      {
        const std::lock_guard lock(mutex_);
        const auto at = guardians_.find(id);
        if (at != guardians_.end()) guardian = at->second;
      }
      if (guardian != nullptr) {
        on_guardian(guardian);
      } else {
        on_watched_end(id);
      }
    }
    on_posted();
    on_time();
  }
}

int LocalProcess::Impl::wait_ms() {
  const Millis now = steady_now();
  Millis next = -1;
  const auto by = [&](Millis at) { next = next < 0 ? at : std::min(next, at); };
  const std::lock_guard lock(mutex_);
  for (const auto& [name, entry] : entries_) {
    if (entry.force_at > 0) by(entry.force_at);
    if (entry.hidden) by(now + kHiddenEvery);
  }
  for (const GuardianRef& guardian : idle_) by(guardian->idle_since + kIdleMax);
  if (next < 0) return -1;
  return static_cast<int>(std::clamp<Millis>(next - now, 0, 3'600'000));
}

void LocalProcess::Impl::on_posted() {
  std::vector<std::string> names;
  std::vector<AttemptReport> reports;
  {
    const std::lock_guard lock(mutex_);
    names.swap(to_resolve_);
    reports.swap(to_report_);
  }
  for (AttemptReport& report : reports) (void)sink_(std::move(report));
  for (const std::string& name : names) resolve(name, false);
}

void LocalProcess::Impl::on_guardian(const GuardianRef& guardian) {
  std::string bytes;
  while (true) {
    Fd passed;
    const local::Received received = local::receive_message(guardian->socket.get(), bytes, passed);
    if (received == local::Received::kNothing) return;
    const auto message =
        received == local::Received::kMessage ? local::decode_message(bytes) : std::nullopt;
    if (!message.has_value()) {
      on_guardian_end(guardian);
      return;
    }
    on_message(guardian, *message);
  }
}

void LocalProcess::Impl::on_message(const GuardianRef& guardian, const local::Message& message) {
  std::string name = message.name;
  if (name.empty()) {
    // The fork server cannot know whom its refusal concerns.
    const std::lock_guard lock(mutex_);
    name = guardian->attempt;
  }
  if (message.kind == 'S') {
    started(name);
    return;
  }
  make_idle(guardian);
  switch (message.kind) {
    case 'E': {
      const auto record = local::parse_exit_record(message.payload);
      if (record.has_value()) {
        finish(name, *record);
      } else {
        resolve(name, true);
      }
      return;
    }
    case 'X': resolve(name, false); return;
    case 'F': on_refused(name, message.payload); return;
    default: return;
  }
}

void LocalProcess::Impl::on_refused(const std::string& name, const std::string& number) {
  int error = 0;
  std::from_chars(number.data(), number.data() + number.size(), error);
  const bool full = local::is_no_space(error);
  Outcome outcome = local::failed_outcome(
      full ? TaskErrorCode::kNoSpace : TaskErrorCode::kSpawnFailed, Phase::kInfra,
      "its folder " + folder_of(name) +
          " or its guardian cannot be made: " + local::errno_text(error));
  outcome.error->retryable = true;
  finish(name, std::move(outcome));
}

void LocalProcess::Impl::on_guardian_end(const GuardianRef& guardian) {
  std::string name;
  {
    const std::lock_guard lock(mutex_);
    guardians_.erase(guardian->id);
    std::erase(idle_, guardian);
    name = std::exchange(guardian->attempt, {});
    const auto at = entries_.find(name);
    if (at != entries_.end() && at->second.guardian == guardian) at->second.guardian = nullptr;
  }
  (void)epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, guardian->socket.get(), nullptr);
  if (!name.empty()) resolve(name, true);
}

void LocalProcess::Impl::on_watched_end(std::uint64_t id) {
  std::string name;
  std::shared_ptr<Fd> process;
  {
    const std::lock_guard lock(mutex_);
    const auto at = watched_.find(id);
    if (at == watched_.end()) return;
    name = at->second;
    watched_.erase(at);
    const auto entry = entries_.find(name);
    if (entry != entries_.end()) process = std::exchange(entry->second.process, nullptr);
  }
  if (process == nullptr) return;
  (void)epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, process->get(), nullptr);
  resolve(name, true);
}

void LocalProcess::Impl::on_time() {
  const Millis now = steady_now();
  std::vector<std::string> hidden;
  std::vector<std::string> forced;
  std::vector<GuardianRef> dismissed;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [name, entry] : entries_) {
      if (entry.hidden) hidden.push_back(name);
      if (entry.force_at == 0 || entry.force_at > now) continue;
      entry.force_at = now + kForceAfterGrace;
      forced.push_back(name);
    }
    std::erase_if(idle_, [&](const GuardianRef& guardian) {
      if (guardian->idle_since + kIdleMax > now) return false;
      guardians_.erase(guardian->id);
      dismissed.push_back(guardian);
      return true;
    });
  }
  for (const GuardianRef& guardian : dismissed) {
    (void)epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, guardian->socket.get(), nullptr);
  }
  for (const std::string& name : hidden) resolve(name, false);
  for (const std::string& name : forced) force(name);
}

/// The guardian had its time: it is ended itself. Its end is noticed, and what it leaves is ended.
void LocalProcess::Impl::force(const std::string& name) {
  const local::FolderLook look = local::look_at_folder(folder_of(name), boot_);
  if (look.state == local::FolderState::kAlive) {
    local::signal_process(look.process, SIGKILL);
  } else if (look.state == local::FolderState::kAbsent) {
    resolve_absent(name);
  }
}

void LocalProcess::Impl::resolve(const std::string& name, bool watched) {
  local::FolderLook look = local::look_at_folder(folder_of(name), boot_);
  switch (look.state) {
    case local::FolderState::kAbsent: resolve_absent(name); return;
    case local::FolderState::kEnded: finish(name, look.record); return;
    case local::FolderState::kAlive: resolve_alive(name, std::move(look)); return;
    case local::FolderState::kHidden: {
      const std::lock_guard lock(mutex_);
      const auto at = entries_.find(name);
      if (at != entries_.end()) at->second.hidden = true;
      return;
    }
    case local::FolderState::kGone: resolve_gone(name, look, watched); return;
  }
}

/// It never began.
void LocalProcess::Impl::resolve_absent(const std::string& name) {
  bool cancelled = false;
  bool again = false;
  {
    const std::lock_guard lock(mutex_);
    const auto at = entries_.find(name);
    if (at == entries_.end()) return;
    cancelled = at->second.cancels > 0;
    again = at->second.order != nullptr && at->second.sends < kSendsMax;
  }
  if (!cancelled && again) {
    hand_out(name);
    return;
  }
  if (!cancelled) {
    finish(name, local::failed_outcome(TaskErrorCode::kLost, Phase::kInfra,
                                       "executor vanished (its guardian ended before it began)"));
    return;
  }
  // An order that is still on its way, or a repeat of it, must find the gate closed.
  local::ExitRecord record;
  record.cancelled = true;
  record.started = clock_.now();
  record.ended = record.started;
  if (local::close_gate(layout_.folder(), name, record) == EEXIST) {
    post_resolve(name);
    return;
  }
  finish(name, local::cancelled_outcome());
}

void LocalProcess::Impl::resolve_alive(const std::string& name, local::FolderLook look) {
  bool cancelled = false;
  std::uint64_t id = 0;
  const auto process = std::make_shared<Fd>(std::move(look.process));
  {
    const std::lock_guard lock(mutex_);
    const auto at = entries_.find(name);
    if (at == entries_.end() || at->second.process != nullptr) return;
    at->second.process = process;
    at->second.hidden = false;
    cancelled = at->second.cancels > 0;
    id = next_id_++;
    watched_.emplace(id, name);
  }
  watch(process->get(), id);
  started(name);
  if (cancelled) local::signal_process(*process, SIGTERM);
}

/// It began, and its guardian vanished without a word.
void LocalProcess::Impl::resolve_gone(const std::string& name, const local::FolderLook& look,
                                      bool watched) {
  bool cancelled = false;
  {
    const std::lock_guard lock(mutex_);
    const auto at = entries_.find(name);
    if (at == entries_.end()) return;
    cancelled = at->second.cancels > 0;
  }
  std::string left;
  if (look.same_boot) {
    // The session's number is only known to be the guardian's if we saw it die just now.
    const local::Remains remains{local::attempt_mark(layout_, name),
                                 watched ? look.guardian.pid : 0};
    for (const local::ProcessInfo& info : local::kill_remains(remains, kRemainsMs)) {
      left += (left.empty() ? "; still running: " : ", ") + std::to_string(info.id.pid);
    }
  }
  if (cancelled && left.empty()) {
    finish(name, local::cancelled_outcome());
    return;
  }
  finish(name, local::failed_outcome(TaskErrorCode::kLost, Phase::kInfra,
                                     "executor vanished (" + look.detail + ")" + left));
}

void LocalProcess::Impl::make_idle(const GuardianRef& guardian) {
  const std::lock_guard lock(mutex_);
  guardian->attempt.clear();
  guardian->idle_since = steady_now();
  if (guardians_.contains(guardian->id)) idle_.push_back(guardian);
}

void LocalProcess::Impl::started(const std::string& name) {
  AttemptReport report;
  {
    const std::lock_guard lock(mutex_);
    const auto at = entries_.find(name);
    if (at == entries_.end()) return;
    at->second.order = nullptr;
    report = {at->second.key, ReportKind::kStarted, {}};
  }
  (void)sink_(std::move(report));
}

void LocalProcess::Impl::finish(const std::string& name, const local::ExitRecord& record) {
  bool trusts_report = false;
  {
    const std::lock_guard lock(mutex_);
    const auto at = entries_.find(name);
    if (at == entries_.end()) return;
    trusts_report = at->second.trusts_report;
  }
  finish(name, local::make_outcome(record, folder_of(name), trusts_report));
}

void LocalProcess::Impl::finish(const std::string& name, Outcome outcome) {
  AttemptReport report;
  {
    const std::lock_guard lock(mutex_);
    const auto at = entries_.find(name);
    if (at == entries_.end()) return;
    report = {at->second.key, ReportKind::kEnded, std::move(outcome)};
    entries_.erase(at);
  }
  (void)sink_(std::move(report));
}

LocalProcess::LocalProcess(const StateLayout& layout, LocalSettings settings,
                           std::map<std::string, Preparer*> preparers, const Clock& clock,
                           ReportSink sink)
    : impl_(std::make_unique<Impl>(layout, std::move(settings), std::move(preparers), clock,
                                   std::move(sink))) {}

LocalProcess::~LocalProcess() = default;
void LocalProcess::start(const StartAttempt& command) {
  impl_->start(command);
}
void LocalProcess::cancel(const CancelAttempt& command) {
  impl_->cancel(command);
}
void LocalProcess::adopt(const StartAttempt& command) {
  impl_->adopt(command);
}

}  // namespace cordyna
