#include "process/local/local_process.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <csignal>
#include <utility>

#include "base/check.hpp"
#include "base/wipe.hpp"
#include "process/local/attempt_run.hpp"
#include "process/local/fence.hpp"
#include "process/local/files.hpp"
#include "process/local/local_process_impl.hpp"
#include "process/local/order.hpp"
#include "process/local/outcome.hpp"
#include "process/local/proc.hpp"

namespace cordyna {

using local::Entry;
using local::Fd;
using local::Guardian;
using local::GuardianRef;
using local::kForceAfterGrace;
using local::kSendsMax;
using local::kWakeId;
using local::OrderBytes;
using local::steady_now;

namespace {

std::string row_of(const std::string& type) {
  return type.find('/') == std::string::npos ? type : kPluginRow;
}

}  // namespace

LocalProcess::Impl::Impl(const StateLayout& layout, LocalSettings settings,
                         std::map<std::string, Preparer*> preparers, const Clock& clock,
                         ReportSink sink)
    : layout_(layout),
      settings_(std::move(settings)),
      preparers_(std::move(preparers)),
      clock_(clock),
      sink_(std::move(sink)),
      boot_(local::boot_id()),
      fence_(local::raise_fence(layout_.folder())),
      link_(layout_, settings_.supervise_argv, settings_.starting),
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
  const auto found = preparers_.find(row_of(command.flow->tasks[command.task].type));
  Preparer* const preparer = found == preparers_.end() ? nullptr : found->second;
  std::string key;
  if (may_take(command) && preparer != nullptr) {
    auto known = settings_.cache->key(command, *preparer);
    if (!known.has_value()) return fail_early(command, std::move(known.error()));
    key = std::move(*known);
    if (!command.no_cache && take(name, command, key)) return;
  }
  auto order = local::make_order(layout_, settings_, preparer, command, trust(command));
  if (!order.has_value()) return fail_early(command, std::move(order.error()));
  if (!fence_.has_value()) {
    TaskError error =
        make_task_error(TaskErrorCode::kSpawnFailed, Phase::kInfra, fence_.error().message);
    error.retryable = true;
    return fail_early(command, std::move(error));
  }
  order->fence = *fence_;
  Entry entry;
  entry.key = command.key;
  entry.task = command.task;
  entry.trust = trust(command);
  if (!key.empty()) entry.work = in_hand(command, std::move(key), order->masks);
  entry.order = std::make_shared<const OrderBytes>(local::encode(*order));
  for (std::string& text : order->env) wipe_secret(text);
  for (std::string& text : order->masks) wipe_secret(text);
  {
    const std::lock_guard lock(mutex_);
    entries_.emplace(name, std::move(entry));
  }
  hand_out(name);
}

/// It does not begin.
void LocalProcess::Impl::fail_early(const StartAttempt& command, TaskError error) {
  Outcome outcome;
  outcome.state = AttemptState::kFailed;
  outcome.error = std::move(error);
  post_report({command.key, ReportKind::kEnded, std::move(outcome)});
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
    entry.trust = trust(command);
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
  return add_guardian(*std::move(end), name);
}

/// A new guardian for the attempt, or for whoever comes first (no name). Null: it is over already.
GuardianRef LocalProcess::Impl::add_guardian(Fd end, const std::string& name) {
  GuardianRef guardian;
  {
    const std::lock_guard lock(mutex_);
    const auto at = entries_.find(name);
    if (at == entries_.end() && !name.empty()) return nullptr;
    guardian = std::make_shared<Guardian>(next_id_++, std::move(end));
    guardians_.emplace(guardian->id, guardian);
    if (name.empty()) {
      guardian->idle_since = steady_now();
      idle_.push_back(guardian);
    } else {
      guardian->attempt = name;
      at->second.guardian = guardian;
    }
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

ReportTrust LocalProcess::Impl::trust(const StartAttempt& command) const {
  if (!settings_.report_trust) return ReportTrust::kNone;
  return settings_.report_trust(command.flow->tasks[command.task]);
}

std::string LocalProcess::Impl::folder_of(const std::string& name) const {
  return layout_.folder() + "/runs/" + name;
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
