#include "cli/remote_tail.hpp"

#include <fmt/format.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "client/json_slice.hpp"

namespace cordyna::cli {
namespace {

using client::JsonSlice;

constexpr long kTickNanos = 500'000'000;
constexpr std::size_t kEndBytes = std::size_t{64} << 10;

char stream_of(const std::string& name) {
  if (name == "stderr") return 'e';
  return name == "stdout" ? 'o' : 's';
}

/// JSON that has been looked at.
Result<std::string> read_page(const client::ApiClient& client, RunNo run, const std::string& path,
                              std::uint32_t attempt, std::int64_t offset) {
  TRY_ASSIGN(std::string text, client.get(fmt::format("/runs/{}/log", run),
                                          {{"task", path},
                                           {"attempt", attempt > 0 ? std::to_string(attempt) : ""},
                                           {"offset", offset > 0 ? std::to_string(offset) : ""}}));
  TRY(JsonSlice::parse(text));
  return text;
}

}  // namespace

RemoteTail::RemoteTail(client::ApiClient client)
    : client_(std::move(client)),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {}

void RemoteTail::tick(bool on) const {
  itimerspec spec{};
  if (on) spec.it_interval.tv_nsec = spec.it_value.tv_nsec = kTickNanos;
  itimerspec before{};
  ::timerfd_gettime(timer_.get(), &before);
  const bool is_on = before.it_interval.tv_nsec != 0;
  if (is_on != on) ::timerfd_settime(timer_.get(), 0, &spec, nullptr);
}

void RemoteTail::start(RunNo run, std::string_view path, TaskIndex /*task*/,
                       std::uint32_t attempt) {
  Tail& tail = tails_[{run, std::string(path)}];
  if (tail.attempt == attempt && !tail.path.empty()) return;
  tail = Tail{run, std::string(path), attempt, 0, false};
}

Result<> RemoteTail::read(Tail& tail, const Sink& sink) const {
  for (;;) {
    auto page = read_page(client_, tail.run, tail.path, tail.attempt, tail.offset);
    if (!page.has_value()) return std::unexpected<Error>(std::move(page.error()));
    const auto json = JsonSlice::parse(*page);
    for (const JsonSlice& line : json->member("lines").items()) {
      const std::string text = line.text("text");
      sink({line.time("at"), tail.run, tail.path, tail.attempt, stream_of(line.text("stream")),
            line.flag("continued"), text});
    }
    const std::int64_t offset = json->number("offset");
    const bool goes_on = offset > tail.offset && !json->flag("ended");
    tail.offset = offset;
    if (!goes_on) return {};
  }
}

void RemoteTail::finish(RunNo run, std::string_view path, TaskIndex task, std::uint32_t attempt,
                        const Sink& sink) {
  start(run, path, task, attempt);
  const auto found = tails_.find({run, std::string(path)});
  const Result<> read_to_end = read(found->second, sink);
  // Output that is missing is not passed over in silence; of an attempt that never ran there is
  // none.
  if (!read_to_end.has_value() && read_to_end.error().code != ErrorCode::kNotFound &&
      read_to_end.error().code != ErrorCode::kCancelled) {
    const std::string text =
        fmt::format("(its output could not be read: {})", read_to_end.error().message);
    sink({0, run, path, attempt, 's', false, text});
  }
  tails_.erase(found);
  if (tails_.empty()) tick(false);
}

void RemoteTail::watch(const Sink& sink) {
  for (auto& [key, tail] : tails_) {
    if (tail.seen) continue;
    tail.seen = true;
    tick(true);
    static_cast<void>(read(tail, sink));  // with the next tick it is tried again
  }
}

void RemoteTail::read_changed(const Sink& sink) {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(timer_.get(), &count, sizeof count);
  read_all(sink);
}

void RemoteTail::read_all(const Sink& sink) {
  for (auto& [key, tail] : tails_) {
    // A server that is away is away for all of them.
    if (!read(tail, sink).has_value()) return;
  }
}

std::string remote_log_end(const client::ApiClient& client, RunNo run, const std::string& path,
                           std::uint32_t attempt) {
  std::string end;
  for (std::int64_t offset = 0;;) {
    const auto page = read_page(client, run, path, attempt, offset);
    if (!page.has_value()) return end;
    const auto json = JsonSlice::parse(*page);
    for (const JsonSlice& line : json->member("lines").items()) {
      char stream = stream_of(line.text("stream"));
      if (line.flag("continued")) stream = static_cast<char>(stream - 'a' + 'A');
      end += fmt::format("{} {} {}\n", stream, line.time("at"), line.text("text"));
    }
    if (end.size() > 2 * kEndBytes) end.erase(0, end.find('\n', end.size() - kEndBytes) + 1);
    const std::int64_t next = json->number("offset");
    if (json->flag("ended") || next <= offset) return end;
    offset = next;
  }
}

}  // namespace cordyna::cli
