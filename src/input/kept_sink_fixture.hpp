/// For tests: a sink that keeps as a state does, all or nothing, and may fall over.
///
/// Threads: `send` and the like from the input's; the rest from the test's, `sends` and `state`
/// while the input works only within `wait`.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cordyna/input.hpp"

namespace cordyna::input {

/// What is kept, whoever falls over.
struct Kept {
  std::vector<Event> events;
  std::string position;
  std::map<std::string, std::string, std::less<>> marks;
};

class KeptSink final : public EventSink {
 public:
  explicit KeptSink(Kept& kept) : kept_(kept) {}

  using EventSink::send;
  Result<> send(std::span<const Event> events, std::string position) override {
    return send_with(events, std::move(position), {});
  }
  Result<> send_with(std::span<const Event> events, std::string position,
                     std::span<const Mark> marks) override {
    const std::lock_guard lock(mutex_);
    for (const Event& event : events) {
      if (!refuses_.empty() && event.data.contains(refuses_)) {
        return fail(ErrorCode::kInvalidArgument, "it is too large");
      }
    }
    const bool falls = falls_in_ == 0;
    if (falls_in_ >= 0) --falls_in_;
    if (falls && !keeps_first_) return fail(ErrorCode::kUnavailable, "it falls over before");
    keep(events, std::move(position), marks);
    if (falls) return fail(ErrorCode::kUnavailable, "it falls over after");
    return {};
  }
  std::string position() const override { return kept_.position; }
  Result<std::vector<Mark>> marks(std::string_view after, std::size_t limit) const override {
    std::vector<Mark> page;
    page.reserve(kept_.marks.size());
    for (auto one = kept_.marks.upper_bound(after); one != kept_.marks.end() && page.size() < limit;
         ++one) {
      page.push_back({one->first, one->second});
    }
    return page;
  }
  void tell(const std::string& problem) override { told = problem; }
  void fails(const std::string& problem) override {
    const std::lock_guard lock(mutex_);
    state_ = problem;
    changed_.notify_all();
  }

  /// The call after so many others fails, before or after what it brings is kept.
  void fall_in(int calls, bool keeps_first) {
    falls_in_ = calls;
    keeps_first_ = keeps_first;
  }
  /// What holds this text is refused.
  void refuse(std::string text) { refuses_ = std::move(text); }

  void wait(const std::function<bool()>& until) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(60), until));
  }
  /// Calls whose events were kept.
  [[nodiscard]] int sends() const { return sends_; }
  /// "listens" since the last call, or the problem since then.
  [[nodiscard]] const std::string& state() const { return state_; }

  std::string told;  ///< the last of `tell`

 private:
  void keep(std::span<const Event> events, std::string position, std::span<const Mark> marks) {
    kept_.events.insert(kept_.events.end(), events.begin(), events.end());
    if (!position.empty()) kept_.position = std::move(position);
    for (const Mark& mark : marks) {
      if (mark.text.empty()) {
        kept_.marks.erase(mark.name);
      } else {
        kept_.marks[mark.name] = mark.text;
      }
    }
    ++sends_;
    state_ = "listens";
    changed_.notify_all();
  }

  Kept& kept_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string refuses_;
  std::string state_;
  int sends_ = 0;
  int falls_in_ = -1;
  bool keeps_first_ = false;
};

}  // namespace cordyna::input
