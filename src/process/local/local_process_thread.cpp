#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <utility>

#include "process/local/attempt_run.hpp"
#include "process/local/ended_list.hpp"
#include "process/local/files.hpp"
#include "process/local/local_process_impl.hpp"
#include "process/local/order.hpp"
#include "process/local/outcome.hpp"
#include "process/local/proc.hpp"

namespace cordyna {
namespace {

using local::Fd;
using local::GuardianRef;
using local::kForceAfterGrace;
using local::kSendsMax;
using local::kWakeId;
using local::steady_now;

constexpr Millis kHiddenEvery = 1'000;
constexpr Millis kIdleMax = 10'000;
constexpr int kRemainsMs = 5'000;

}  // namespace

/// While the owner is still getting ready. If it fails, the first start says why.
void LocalProcess::Impl::make_first_guardian() {
  auto end = link_.new_guardian();
  if (end.has_value()) (void)add_guardian(*std::move(end), {});
}

void LocalProcess::Impl::serve() {
  if (settings_.starting != nullptr) make_first_guardian();
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
  // It may have begun since the look, ended, and left nothing.
  if (const auto ended = local::find_ended(folder_of(name)); ended.has_value()) {
    finish(name, *ended);
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
  ReportTrust trust = ReportTrust::kNone;
  std::shared_ptr<local::WorkInHand> work;
  {
    const std::lock_guard lock(mutex_);
    const auto at = entries_.find(name);
    if (at == entries_.end()) return;
    trust = at->second.trust;
    work = at->second.work;
  }
  Outcome outcome = local::make_outcome(record, folder_of(name), trust);
  if (work != nullptr) keep(*work, outcome);
  finish(name, std::move(outcome));
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

}  // namespace cordyna
