/// Who waits for a slot: the greater priority goes first, of equals who came first.
///
/// A value. What its tasks are, it does not know: one that no longer wants its slot is passed over
/// by who takes it out. Threads: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>

#include "model/flow.hpp"
#include "model/rows.hpp"

namespace cordyna::engine {

struct SlotRequest {
  RunNo run = 0;
  TaskIndex task = 0;
  std::int32_t priority = 0;
  std::uint64_t seq = 0;  ///< order of arrival, over all queues of an engine

  bool operator==(const SlotRequest&) const = default;

  /// Whether it goes before the other one.
  [[nodiscard]] bool before(const SlotRequest& other) const {
    return priority != other.priority ? priority > other.priority : seq < other.seq;
  }
};

class SlotQueue {
 public:
  void push(const SlotRequest& request) { waiting_[request.priority].push_back(request); }
  [[nodiscard]] bool empty() const { return waiting_.empty(); }
  /// The next one; not when it is empty.
  [[nodiscard]] const SlotRequest& front() const { return waiting_.begin()->second.front(); }
  /// Takes the next one out; not when it is empty.
  [[nodiscard]] SlotRequest pop() {
    const auto first = waiting_.begin();
    const SlotRequest next = first->second.front();
    first->second.pop_front();
    if (first->second.empty()) waiting_.erase(first);
    return next;
  }

 private:
  std::map<std::int32_t, std::deque<SlotRequest>, std::greater<>> waiting_;  // none is empty
};

}  // namespace cordyna::engine
