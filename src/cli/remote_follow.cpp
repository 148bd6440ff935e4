#include "cli/remote_follow.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "client/json_slice.hpp"

namespace cordyna::cli {
namespace {

constexpr Millis kFirstDelay = 100;
constexpr Millis kDelayMax = 3000;

Millis steady_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

RemoteFollow::RemoteFollow(client::ApiClient client, RunNo run, std::int64_t after, View& view,
                           Say say)
    : client_(std::move(client)), run_(run), after_(after), view_(view), say_(std::move(say)) {
  client::ClientSettings settings = client_.settings();
  settings.cancel_fd = stop_.get();
  client_ = client_.with(settings);
  thread_ = std::thread([this] {
    loop();
    ended_.raise();
  });
}

RemoteFollow::~RemoteFollow() {
  stop_.raise();
  thread_.join();
}

bool RemoteFollow::take(const client::Event& event) {
  heard_ = true;
  if (event.type == "end") {
    const auto json = client::JsonSlice::parse(event.data);
    // Without a state it could not be read: no end, but something to ask for again.
    rests_ = json.has_value() && json->member("state").exists();
    return false;
  }
  if (event.type != "update") return true;  // of a newer server
  auto update = parse_update(event.data);
  if (!update.has_value() || update->seq <= after_) return true;
  after_ = update->seq;
  rests_ = rests_run(*update);
  std::vector<Update> updates;
  updates.push_back(std::move(*update));
  view_.give(std::move(updates));
  return !rests_;
}

void RemoteFollow::loop() {
  Millis heard_at = steady_now();
  Millis delay = kFirstDelay;
  bool told = false;
  for (;;) {
    heard_ = opened_ = false;
    const auto ended = client_.follow(
        fmt::format("/runs/{}/events", run_), std::to_string(after_),
        [this](const client::Event& event) { return take(event); }, [this] { opened_ = true; });
    if (rests_) return;
    if (opened_) {
      heard_at = steady_now();
      told = false;
    }
    if (heard_) delay = kFirstDelay;
    if (!ended.has_value()) {
      const bool passes = ended.error().code == ErrorCode::kUnavailable;
      if (!passes || steady_now() - heard_at > kPatience) {
        result_ = ended;
        return;
      }
      // One that could be opened again at once was never away: a proxy cut it.
      if (!opened_ && !std::exchange(told, true)) {
        say_(fmt::format("the connection is lost ({}); trying again for {}",
                         printable(ended.error().message), format_delay(kPatience)));
      }
    }
    if (!client::wait_for(delay, stop_.get())) {
      result_ = fail(ErrorCode::kCancelled, "asked to end");
      return;
    }
    delay = std::min(2 * delay, kDelayMax);
  }
}

}  // namespace cordyna::cli
