/// A sink that keeps as a state does, and may fall over; and an input that polls into it.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "cordyna/poll.hpp"

namespace cordyna::input {

/// What is kept, all or nothing, whoever falls over.
struct KeptPolls {
  std::vector<Event> events;
  std::string position;
  std::map<std::string, std::string, std::less<>> marks;
};

class PollSink final : public EventSink {
 public:
  explicit PollSink(KeptPolls& kept) : kept_(kept) {}

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
    told_ = "listens";
    changed_.notify_all();
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
  void fails(const std::string& problem) override {
    const std::lock_guard lock(mutex_);
    told_ = problem;
    changed_.notify_all();
  }

  /// The call after so many others fails, before or after what it brings is kept.
  void fall_in(int calls, bool keeps_first) {
    falls_in_ = calls;
    keeps_first_ = keeps_first;
  }
  void refuse(std::string text) { refuses_ = std::move(text); }

  void wait(const std::function<bool()>& until) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(60), until));
  }
  [[nodiscard]] int sends() const { return sends_; }
  [[nodiscard]] const std::string& told() const { return told_; }

 private:
  KeptPolls& kept_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string refuses_;
  std::string told_;
  int sends_ = 0;
  int falls_in_ = -1;
  bool keeps_first_ = false;
};

/// "id" of each event that is kept, with its data where `data`.
inline std::vector<std::string> told_of(const KeptPolls& kept, bool data = false) {
  std::vector<std::string> all;
  all.reserve(kept.events.size());
  for (const Event& event : kept.events) {
    all.push_back(data ? event.id + " " + event.data : event.id);
  }
  return all;
}

/// Polls until so many calls of the sink were made, or the input ends by itself; what it ended
/// with.
inline Result<> poll_until(Input& input, PollSink& sink, int sends) {
  Result<> ended;
  std::stop_source stop;
  std::jthread thread([&] {
    ended = input.handle(stop.get_token(), sink);
    sink.fails("ended");
  });
  sink.wait([&] { return sink.sends() >= sends || sink.told() == "ended"; });
  stop.request_stop();
  thread.join();
  return ended;
}

}  // namespace cordyna::input
