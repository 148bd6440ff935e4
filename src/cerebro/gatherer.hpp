/// Events of triggers with `batch` or `debounce`, until one run begins for all of them.
///
/// They are pending in the store all the while: who comes next reads them again, and goes by the
/// time at which they were accepted. Pure, single-threaded. Part of EventRouter.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/event.hpp"
#include "model/trigger.hpp"

namespace cordyna {

/// Payloads of the events of one run; whoever has more begins with those.
inline constexpr std::size_t kGatheredBytes = std::size_t{4} << 20;

class Gatherer {
 public:
  /// Adds one for which `spec` is on. Gives all of its trigger, in the order in which they came,
  /// where they are as many as may be, or too much for memory; else none.
  [[nodiscard]] std::vector<EventRow> add(Millis wall, EventRow event, const GatherSpec& spec);
  /// Those of the trigger that has been due longest, of a debounce all but the last without their
  /// payload; none: nothing is due.
  [[nodiscard]] std::vector<EventRow> take_due(Millis wall);
  /// When the next ones are due.
  [[nodiscard]] std::optional<Millis> next() const;
  [[nodiscard]] bool empty() const { return open_.empty(); }
  void clear();

 private:
  struct Open {
    std::vector<EventRow> events;
    std::size_t bytes = 0;
    Millis due = 0;
  };
  using ByTrigger = std::map<std::string, Open>;

  std::vector<EventRow> take(ByTrigger::iterator at);

  ByTrigger open_;
  std::set<std::pair<Millis, std::string>> due_;
  std::size_t bytes_ = 0;
};

}  // namespace cordyna
