/// How far the foreach of runs are, for views: counters, and something only for items that run.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "model/flow.hpp"
#include "service/update.hpp"

namespace cordyna::cli {

/// Of one run. Fed with all its updates, in order. Threads: none.
class ItemCounts {
 public:
  struct Loop {
    std::size_t items = 0;
    std::size_t ended = 0;
    std::size_t failed = 0;  ///< tasks in error
  };

  ItemCounts() = default;
  explicit ItemCounts(std::shared_ptr<const Flow> flow);

  /// The outermost foreach that the update is of, or whose item it is of; null: none that runs.
  /// Valid until the next call, also if the foreach has ended with it.
  const Loop* take(const Update& update);

  /// Whether there are too many items around the task to show each: more than kShownMax.
  [[nodiscard]] bool too_many(std::string_view path) const;

  /// "1,204/100,000 items, 3 failed"
  [[nodiscard]] static std::string text(const Loop& loop);

  static constexpr std::size_t kShownMax = 50;

 private:
  void end_in_item(std::string_view path);

  std::shared_ptr<const Flow> flow_;
  std::unordered_map<std::string_view, std::size_t> own_;  // tasks of a foreach by its plain path
  std::map<std::string, Loop, std::less<>> loops_;         // that run, by path
  std::unordered_map<std::string, std::size_t> ended_;     // tasks of items that run
  Loop last_;
};

}  // namespace cordyna::cli
