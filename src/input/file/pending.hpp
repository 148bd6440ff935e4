/// Files that something happened to, until they have come to rest.
///
/// A file that is watched has come to rest when nothing was heard of it for so long; one that a
/// scan found, when it looks the same for so long. One that was renamed has at once.
///
/// Pure; times are of a clock that does not go back. Threads: none.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "input/file/stamp.hpp"

namespace cordyna::input {

enum class Touch : std::uint8_t {
  kWritten,  ///< made, or written to: somebody has it open
  kClosed,
  kChanged,  ///< its times, its rights, its links
  kMoved,    ///< renamed to this name
  kGone,
};

class Pending {
 public:
  explicit Pending(Millis settle) : settle_(settle) {}

  /// Something was heard of it.
  void touch(std::string_view path, Touch what, Millis now);
  /// A scan found it so. Of one that waits already that is no news.
  void find(std::string_view path, const Found& found, Millis now);
  /// What was heard may not be all: those that wait are looked at as if a scan had found them.
  void doubt(Millis now);
  /// It is looked at again then.
  void put_off(std::string_view path, Millis until);
  void drop(std::string_view path);

  /// When the first of them is due; nullopt: none waits.
  [[nodiscard]] std::optional<Millis> next() const;
  /// At most so many, in the order in which they are.
  [[nodiscard]] std::vector<std::string> due(Millis now, std::size_t most) const;
  /// Of one that is due, and looks so now: whether it has come to rest. Else it waits on.
  [[nodiscard]] bool has_settled(std::string_view path, const Found& found, Millis now);

  [[nodiscard]] bool contains(std::string_view path) const {
    return waiting_.find(path) != waiting_.end();
  }
  [[nodiscard]] std::size_t size() const { return waiting_.size(); }

 private:
  struct Waiting {
    Millis due = 0;
    Millis heard_at = 0;
    bool heard = false;  ///< all that happens to it is
    bool open = false;   ///< somebody writes to it
    std::optional<Found> seen{};
  };
  using Entry = std::map<std::string, Waiting, std::less<>>::iterator;

  Entry entry_of(std::string_view path);
  void move(Entry entry, Millis due);

  Millis settle_;
  std::map<std::string, Waiting, std::less<>> waiting_;
  std::set<std::pair<Millis, std::string_view>> order_;  // of the names in waiting_
};

}  // namespace cordyna::input
