#include "embed/room.hpp"

#include <algorithm>

namespace cordyna::embed {

bool Room::take(std::size_t count, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const auto fits = [&] {
    const std::size_t used = asked_ + open_;
    // More at once than there may be must come in some time, too.
    return used == 0 || used + count <= most_;
  };
  if (!changed_.wait(lock, stop, fits)) return false;
  asked_ += count;
  return true;
}

void Room::settle(std::size_t count) {
  {
    const std::lock_guard lock(mutex_);
    asked_ -= std::min(count, asked_);
  }
  changed_.notify_all();
}

void Room::begin(std::size_t count) {
  const std::lock_guard lock(mutex_);
  open_ += count;
}

void Room::end(std::size_t count) {
  if (count == 0) return;
  {
    const std::lock_guard lock(mutex_);
    open_ -= std::min(count, open_);
  }
  changed_.notify_all();
}

}  // namespace cordyna::embed
