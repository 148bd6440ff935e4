#include "cli/list_watch.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <set>
#include <thread>
#include <utility>

#include "base/text.hpp"
#include "cli/wake_fd.hpp"
#include "client/api_client.hpp"
#include "client/json_slice.hpp"

namespace cordyna::cli {
namespace {

constexpr int kCalm = 250;  // milliseconds between two looks, however much happens
constexpr std::chrono::milliseconds kSettled{1000};  // after which what was written can be read
constexpr std::chrono::milliseconds kSettledMax{4000};
constexpr std::chrono::minutes kSettledFor{2};
constexpr Millis kPatience = 5 * 60'000;
constexpr Millis kDelayMax = 3000;

/// Says that something may be different.
class Changes {
 public:
  Changes() = default;
  Changes(const Changes&) = delete;
  Changes& operator=(const Changes&) = delete;
  virtual ~Changes() = default;
  [[nodiscard]] virtual int fd() const = 0;
  /// Takes what made `fd` readable. Errors: there will be no more.
  [[nodiscard]] virtual Result<> take() = 0;
};

/// Every commit of a store writes to its files, whoever commits.
class StoreChanges final : public Changes {
 public:
  static Result<std::unique_ptr<Changes>> start(const StateLayout& layout) {
    Fd fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!fd.valid() || ::inotify_add_watch(fd.get(), layout.folder().c_str(),
                                           IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0) {
      return fail(
          ErrorCode::kUnavailable,
          fmt::format("{} cannot be watched: the limit of inotify is reached", layout.folder()));
    }
    return std::unique_ptr<Changes>(new StoreChanges(std::move(fd)));
  }
  [[nodiscard]] int fd() const override { return fd_.get(); }
  Result<> take() override {
    alignas(inotify_event) std::array<char, 4096> events;  // NOLINT: read into
    while (::read(fd_.get(), events.data(), events.size()) > 0) {
    }
    return {};
  }

 private:
  explicit StoreChanges(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

/// The server's stream of changes, on a thread of its own; taken up again when it broke off.
class ServerChanges final : public Changes {
 public:
  ServerChanges(const client::ApiClient& client, std::string list)
      : client_(client), list_(std::move(list)) {
    client::ClientSettings settings = client.settings();
    settings.cancel_fd = stop_.get();
    client_ = client.with(settings);
    thread_ = std::thread([this] { loop(); });
  }
  ~ServerChanges() override {
    stop_.raise();
    thread_.join();
  }
  [[nodiscard]] int fd() const override { return changed_.get(); }
  Result<> take() override {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = ::read(changed_.get(), &count, sizeof count);
    // What the thread wrote before it said that it ended is seen here.
    return ended_.load() ? result_ : Result<>();
  }

 private:
  void loop() {
    std::string last_id;
    Millis away = 0;
    Millis delay = 100;
    for (;;) {
      const auto take = [&](const client::Event& event) {
        last_id = event.id;
        away = 0;
        delay = 100;
        if (concerns(event)) changed_.raise();
        return true;
      };
      // What changed before the stream began, or while it was away, is looked at with its begin.
      const auto ended = client_.follow("/live/runs", last_id, take, [this] { changed_.raise(); });
      const bool passes = ended.has_value() || ended.error().code == ErrorCode::kUnavailable;
      if (!passes || away > kPatience) {
        result_ = ended;
        ended_.store(true);
        changed_.raise();
        return;
      }
      if (!client::wait_for(delay, stop_.get())) return;
      away += delay;
      delay = std::min(2 * delay, kDelayMax);
    }
  }

  /// Runs concern all lists: flows tell their last, backfills and pools go by them. Triggers are
  /// parts of flows.
  [[nodiscard]] bool concerns(const client::Event& event) const {
    if (event.type != "changed") return true;
    const auto json = client::JsonSlice::parse(event.data);
    if (!json.has_value()) return false;
    const std::string what = json->text("what");
    return what == list_ || (list_ == "triggers" && what == "flows");
  }

  client::ApiClient client_;
  std::string list_;
  WakeFd stop_;
  WakeFd changed_;
  std::atomic<bool> ended_ = false;
  Result<> result_;
  std::thread thread_;
};

Result<std::unique_ptr<Changes>> changes_of(const Side& side, const std::string& list) {
  if (!side.server.has_value()) return StoreChanges::start(side.layout);
  return std::unique_ptr<Changes>(std::make_unique<ServerChanges>(*side.server, list));
}

/// Rows that were not there, or were others: the newest last, as in a log.
std::string changed_lines(const ListShown& list, const std::set<std::string>& before, bool json) {
  std::string out;
  for (std::size_t i = list.objects.size(); i-- > 0;) {
    if (before.contains(list.objects[i])) continue;
    out += (json || i >= list.lines.size() ? list.objects[i] : list.lines[i]) + "\n";
  }
  return out;
}

/// What is written to a store can be read only when it is on the disk, of which nothing tells: a
/// disk takes a millisecond for that, or a minute. So a change is looked for again for two minutes,
/// soon after it and then every four seconds.
class Settling {
 public:
  using Clock = std::chrono::steady_clock;

  void begin() {
    wait_ = kSettled;
    at_ = Clock::now() + wait_;
    until_ = Clock::now() + kSettledFor;
  }
  /// Milliseconds until the next look; -1: none is due by itself.
  [[nodiscard]] std::chrono::milliseconds patience() const {
    if (at_ > until_) return std::chrono::milliseconds(-1);
    return std::max(std::chrono::ceil<std::chrono::milliseconds>(at_ - Clock::now()),
                    std::chrono::milliseconds(0));
  }
  /// Whether it is time for the next look, which is taken then.
  [[nodiscard]] bool is_due() {
    if (at_ > until_ || Clock::now() < at_) return false;
    wait_ = std::min(2 * wait_, kSettledMax);
    at_ = Clock::now() + wait_;
    return true;
  }

 private:
  std::chrono::milliseconds wait_ = kSettled;
  Clock::time_point at_ = Clock::time_point::max();
  Clock::time_point until_;
};

class Watch {
 public:
  Watch(CommandContext& context, const ReadList& read) : context_(context), read_(read) {}

  Result<> show() {
    TRY_ASSIGN(const ListShown list, read_());
    if (!can_draw(context_.output) || context_.arguments.json) {
      context_.output.write(changed_lines(list, before_, context_.arguments.json));
      before_ = {list.objects.begin(), list.objects.end()};
      return {};
    }
    const std::string frame = frame_of(list, context_.output.size(), lines_);
    lines_ = static_cast<std::size_t>(std::ranges::count(frame, '\n'));
    context_.output.write(frame);
    return {};
  }

 private:
  CommandContext& context_;
  const ReadList& read_;
  std::set<std::string> before_;
  std::size_t lines_ = 0;  // on the terminal
};

}  // namespace

ListShown list_shown(const std::string& table, std::vector<std::string> objects, std::string none) {
  ListShown list;
  list.none = std::move(none);
  list.objects = std::move(objects);
  std::string_view rest = table;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    if (list.head.empty()) {
      list.head = std::string(rest.substr(0, end)) + "\n";
    } else {
      list.lines.emplace_back(rest.substr(0, end));
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return list;
}

std::string frame_of(const ListShown& list, TerminalSize size, std::size_t lines_before) {
  std::string out = "\r";
  if (lines_before > 0) out += fmt::format("\x1b[{}A", lines_before);
  const auto add = [&out, &size](std::string_view line) {
    out += "\x1b[2K";
    // Colours have no width: a line with them is as long as it was made.
    out +=
        line.find('\x1b') == std::string_view::npos ? fit(line, size.columns) : std::string(line);
    out += '\n';
  };
  if (list.objects.empty()) {
    add(list.none);
  } else {
    // The head, the line about more, and the one that the cursor stands in.
    const std::size_t room = size.rows > 4 ? size.rows - 3 : 1;
    const std::size_t shown = std::min(room, list.lines.size());
    if (!list.head.empty()) add(std::string_view(list.head).substr(0, list.head.size() - 1));
    for (std::size_t i = 0; i < shown; ++i) add(list.lines[i]);
    if (shown < list.lines.size()) {
      add(fmt::format("… and {} more", list.lines.size() - shown));
    }
  }
  return out + "\x1b[J";
}

CommandResult watch_list(CommandContext& context, const Side& side, const std::string& list,
                         const ReadList& read) {
  Signals signals;  // before any thread
  TRY_ASSIGN(const std::unique_ptr<Changes> changes, changes_of(side, list));
  Watch watch(context, read);
  TRY(watch.show());
  std::array<pollfd, 2> fds{pollfd{signals.fd(), POLLIN, 0}, pollfd{changes->fd(), POLLIN, 0}};
  Settling settling;
  // What was written before the watch began may not be on the disk yet either.
  if (!side.server.has_value()) settling.begin();
  while (!context.output.ended()) {
    ::poll(fds.data(), fds.size(), static_cast<int>(settling.patience().count()));
    bool resized = false;
    for (auto signal = signals.next(); signal.has_value(); signal = signals.next()) {
      if (*signal != Signal::kResized) return ExitCode::kOk;  // whoever watches ends it so
      resized = true;
    }
    const bool changed = fds[1].revents != 0;
    const bool due = !changed && settling.is_due();
    if (!changed && !resized && !due) continue;
    // Many changes at once are one look.
    pollfd signal{signals.fd(), POLLIN, 0};
    if (changed) ::poll(&signal, 1, kCalm);
    if (changed) TRY(changes->take());
    if (changed && !side.server.has_value()) settling.begin();
    const auto shown = watch.show();
    // A server that is away for a moment is looked at again with its next change.
    const bool passes = side.server.has_value() && !shown.has_value() &&
                        shown.error().code == ErrorCode::kUnavailable;
    if (!shown.has_value() && !passes) return std::unexpected<Error>(shown.error());
  }
  return ExitCode::kOk;
}

}  // namespace cordyna::cli
