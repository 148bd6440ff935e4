// Attempts of tasks with a `cache`: taken from work that was done before, or kept when they are
// done.
#include <utility>

#include "process/local/attempt_folder.hpp"
#include "process/local/local_process_impl.hpp"
#include "process/local/order.hpp"

namespace cordyna {

using local::Entry;

/// Whether the attempt may be one that was done before: not one that has begun, or that a newer
/// owner would hand out.
bool LocalProcess::Impl::may_take(const StartAttempt& command) const {
  return settings_.cache != nullptr && fence_.has_value() &&
         !command.flow->tasks[command.task].cache.key.empty();
}

/// False: there is no such work, or the attempt has begun already. From then on it is one that has
/// ended, and is found out about like any other: also after a crash, whatever was done of it.
bool LocalProcess::Impl::take(const std::string& name, const StartAttempt& command,
                              const std::string& key) {
  const std::string target = folder_of(name);
  if (local::look_at_folder(target, boot_).state != local::FolderState::kAbsent) return false;
  local::ExitRecord record;
  record.exit_code = 0;
  record.started = clock_.now();
  record.ended = record.started;
  const auto fill = [&](const std::string& staged, local::ExitRecord& ended) {
    auto note = settings_.cache->take(key, command, staged, target);
    if (!note.has_value()) return false;
    ended.note = std::move(*note);
    return true;
  };
  if (local::place_ended(layout_.folder(), name, record, fill) != 0) return false;
  {
    const std::lock_guard lock(mutex_);
    Entry entry;
    entry.key = command.key;
    entry.task = command.task;
    entry.trust = trust(command);
    entries_.emplace(name, std::move(entry));
  }
  post_resolve(name);
  return true;
}

std::shared_ptr<local::WorkInHand> LocalProcess::Impl::in_hand(
    const StartAttempt& command, std::string key, std::vector<std::string> masks) const {
  const std::string items = items_in_path(command.key.path);
  DoneWork work;
  work.key = std::move(key);
  work.command = command;
  work.command.context.clear();  // may be large, and is not needed any more
  work.folder = folder_of(local::attempt_name(layout_, command.key, command.task));
  work.private_mark =
      layout_.private_mark(command.key.run, command.task, command.key.attempt, items);
  work.masks = std::move(masks);
  return std::make_shared<local::WorkInHand>(std::move(work));
}

void LocalProcess::Impl::keep(const local::WorkInHand& work, Outcome& outcome) const {
  if (outcome.state != AttemptState::kCompleted || !outcome.hold.empty()) return;
  const Result<> kept = settings_.cache->keep(work.work);
  if (!kept.has_value()) outcome.note = "not kept in the cache: " + kept.error().message;
}

}  // namespace cordyna
