#include "input/file/pending.hpp"

namespace cordyna::input {
namespace {

// Who writes slowly still has it open. Not for ever: some never close, as a log.
constexpr Millis kOpenFactor = 15;

}  // namespace

Pending::Entry Pending::entry_of(std::string_view path) {
  const Entry present = waiting_.find(path);
  if (present != waiting_.end()) return present;
  const Entry made = waiting_.emplace(path, Waiting()).first;
  order_.emplace(0, made->first);
  return made;
}

void Pending::move(Entry entry, Millis due) {
  order_.erase({entry->second.due, entry->first});
  entry->second.due = due;
  order_.emplace(due, entry->first);
}

void Pending::touch(std::string_view path, Touch what, Millis now) {
  const Entry entry = entry_of(path);
  Waiting& waiting = entry->second;
  waiting.heard = true;
  waiting.heard_at = now;
  if (what != Touch::kChanged) waiting.open = what == Touch::kWritten;
  move(entry, what == Touch::kMoved ? now : now + settle_);
}

void Pending::find(std::string_view path, const Found& found, Millis now) {
  if (contains(path)) return;
  const Entry entry = entry_of(path);
  entry->second.seen = found;
  move(entry, now + settle_);
}

void Pending::doubt(Millis now) {
  order_.clear();
  for (auto& [path, waiting] : waiting_) {
    waiting = {};
    waiting.due = now;
    order_.emplace(now, path);
  }
}

void Pending::put_off(std::string_view path, Millis until) {
  move(entry_of(path), until);
}

void Pending::drop(std::string_view path) {
  const Entry entry = waiting_.find(path);
  if (entry == waiting_.end()) return;
  order_.erase({entry->second.due, entry->first});
  waiting_.erase(entry);
}

std::optional<Millis> Pending::next() const {
  return order_.empty() ? std::nullopt : std::optional(order_.begin()->first);
}

std::vector<std::string> Pending::due(Millis now, std::size_t most) const {
  std::vector<std::string> paths;
  for (const auto& [due, path] : order_) {
    if (due > now || paths.size() == most) break;
    paths.emplace_back(path);
  }
  return paths;
}

bool Pending::has_settled(std::string_view path, const Found& found, Millis now) {
  const Entry entry = entry_of(path);
  Waiting& waiting = entry->second;
  if (waiting.heard) {
    // A second link to a file is made without opening it, and so never closed.
    const bool writes = waiting.open && found.kind == FoundKind::kFile && found.stamp.links == 1;
    const Millis until = waiting.heard_at + kOpenFactor * settle_;
    if (!writes || now >= until) return true;
    move(entry, until);
    return false;
  }
  if (waiting.seen == found) return true;
  waiting.seen = found;
  move(entry, now + settle_);
  return false;
}

}  // namespace cordyna::input
