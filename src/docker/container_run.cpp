#include "docker/container_run.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/hash.hpp"

namespace cordyna::docker {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Millis kDelayFirst = 100;
constexpr Millis kDelayMax = 2'000;
constexpr Millis kStillRunningWait = 500;
constexpr std::size_t kNameBytesMax = 200;
constexpr int kKilledCode = 137;  // 128 + SIGKILL
constexpr int kEndedCode = 143;   // 128 + SIGTERM

bool may_stand(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.';
}

/// True: the descriptor became readable.
bool wait_for(int fd, Millis delay) {
  pollfd one{fd, POLLIN, 0};
  return ::poll(&one, 1, static_cast<int>(delay)) > 0;
}

Trouble trouble_of_image(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNotFound:
    case ErrorCode::kInvalidArgument: return Trouble::kNoImage;
    case ErrorCode::kDenied: return Trouble::kImageDenied;
    case ErrorCode::kNoSpace: return Trouble::kNoSpace;
    default: return Trouble::kImageAway;
  }
}

}  // namespace

Result<Pull> parse_pull(std::string_view word) {
  if (word == "missing") return Pull::kMissing;
  if (word == "always") return Pull::kAlways;
  if (word == "never") return Pull::kNever;
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("pull: '{}' is none of missing, always, never", word));
}

std::string container_name(std::string_view prefix, std::string_view text) {
  std::string name(prefix);
  bool same = text.size() < kNameBytesMax;
  for (const char c : text.substr(0, kNameBytesMax)) {
    // Slashes, as between run, task and attempt, are the usual case.
    same = same && (may_stand(c) || c == '/');
    name += may_stand(c) ? c : '_';
  }
  return same ? name : name + fmt::format("-{:016x}", fnv1a(text));
}

ContainerRun::ContainerRun(Daemon& daemon, const ContainerSpec& spec, RunOptions options,
                           int cancel_fd)
    : daemon_(daemon), spec_(spec), options_(std::move(options)), cancel_fd_(cancel_fd) {
  daemon_.cancel_by(cancel_fd_);
}

ContainerEnd ContainerRun::run() {
  Result<> done = clear();
  if (done.has_value()) done = find();
  if (done.has_value() && id_.empty()) done = get_image();
  if (done.has_value() && id_.empty()) done = make();
  if (done.has_value()) done = start();
  if (done.has_value()) done = follow();
  ContainerEnd end = end_of(done);
  if (end.trouble == Trouble::kCancelled) end_kindly();
  const bool stays = options_.keeps_success && end.trouble == Trouble::kNone && end.exit_code == 0;
  if (!stays) end.left = remove();
  if (stays || !end.left.empty()) end.id = id_;
  return end;
}

Result<> ContainerRun::give_up(Trouble trouble, std::string message) {
  trouble_ = trouble;
  return fail(ErrorCode::kUnavailable, std::move(message));
}

/// As often as the daemon does not answer, or fails itself, for as long as it may be away.
Result<> ContainerRun::persist(const Step& step) {
  const Clock::time_point end = Clock::now() + std::chrono::milliseconds(options_.away_max);
  bool told = false;
  for (Millis delay = kDelayFirst;; delay = std::min(2 * delay, kDelayMax)) {
    // What answers at once is never waited for, and would go on to the end.
    if (wait_for(cancel_fd_, 0)) return fail(ErrorCode::kCancelled, "asked to end");
    Result<> done = step();
    const bool away = !done.has_value() && done.error().code == ErrorCode::kUnavailable &&
                      trouble_ == Trouble::kNone;
    if (!away) return done;
    if (Clock::now() >= end) return give_up(Trouble::kDaemonAway, done.error().message);
    daemon_was_away_ = daemon_was_away_ || !daemon_.answered();
    if (!told) options_.say(done.error().message + "; waiting for it");
    told = true;
    if (wait_for(cancel_fd_, delay)) return fail(ErrorCode::kCancelled, "asked to end");
  }
}

/// Of a call before which nothing of ours is there: nobody is waited for.
Result<> ContainerRun::give_up_first(const Error& error, Trouble answered, std::string_view what) {
  if (error.code == ErrorCode::kCancelled) return fail(error);
  if (daemon_.answered()) return give_up(answered, fmt::format("{}{}", what, error.message));
  if (error.code == ErrorCode::kDenied) {
    return give_up(
        Trouble::kNoRights,
        fmt::format("{}; this user may not use the Docker daemon: who is in the group of "
                    "its socket may (usually docker), which is as much as being root",
                    error.message));
  }
  return give_up(Trouble::kNoDaemon,
                 fmt::format("{}; start it, or name its socket in DOCKER_HOST, as "
                             "unix:///var/run/docker.sock",
                             error.message));
}

/// Before anything of ours runs: a former attempt that was given up may still be at it.
Result<> ContainerRun::clear() {
  if (!options_.clear) return {};
  const Result<int> removed = options_.clear(daemon_);
  if (!removed.has_value()) {
    return give_up_first(removed.error(), Trouble::kDaemonAway,
                         "what former attempts left cannot be removed: ");
  }
  if (*removed > 0) {
    options_.say(
        fmt::format("removed {} that nobody waits for",
                    *removed == 1 ? "a container" : fmt::format("{} containers", *removed)));
  }
  return {};
}

/// One that is there is taken up, also where its image is not any more.
Result<> ContainerRun::find() {
  const auto state = daemon_.inspect(options_.name);
  if (!state.has_value()) {
    if (daemon_.answered() && state.error().code == ErrorCode::kNotFound) return {};
    return give_up_first(state.error(), Trouble::kDaemonAway, {});
  }
  return take_up(*state);
}

Result<> ContainerRun::take_up(const ContainerState& state) {
  if (!options_.is_ours(state)) {
    return give_up(
        Trouble::kNameTaken,
        fmt::format("a container with the name {0} is there, and it is not of this work; "
                    "remove it: docker rm -f {0}",
                    options_.name));
  }
  id_ = state.id;
  return {};
}

Result<> ContainerRun::get_image() {
  const std::string& image = spec_.image;
  const auto here = daemon_.has_image(image);
  if (!here.has_value()) {
    return give_up_first(here.error(), trouble_of_image(here.error().code), {});
  }
  if (*here && options_.pull != Pull::kAlways) return {};
  if (options_.pull == Pull::kNever) {
    return give_up(Trouble::kNoImage,
                   fmt::format("the image {} is not on this machine, and pull is 'never'", image));
  }
  options_.say(fmt::format("pulling {}", image));
  const auto pulled = daemon_.pull(image, options_.credentials, options_.say);
  if (pulled.has_value() || pulled.error().code == ErrorCode::kCancelled) return pulled;
  return give_up(daemon_.answered() || pulled.error().code != ErrorCode::kUnavailable
                     ? trouble_of_image(pulled.error().code)
                     : Trouble::kDaemonAway,
                 fmt::format("the image {} cannot be pulled: {}", image, pulled.error().message));
}

Result<> ContainerRun::make() {
  return persist([this]() -> Result<> {
    is_asked_for_ = true;
    auto made = daemon_.create(options_.name, spec_);
    is_asked_for_ = !daemon_.answered();
    if (made.has_value()) {
      id_ = *std::move(made);
      return {};
    }
    if (made.error().code == ErrorCode::kCancelled || !daemon_.answered()) {
      return fail(made.error());
    }
    if (made.error().code != ErrorCode::kConflict) {
      return give_up(
          made.error().code == ErrorCode::kUnavailable ? Trouble::kDaemonAway : Trouble::kRefused,
          "the Docker daemon refuses the container: " + made.error().message);
    }
    // It is there: from before the daemon went, or of a stranger.
    const auto state = daemon_.inspect(options_.name);
    if (state.has_value()) return take_up(*state);
    if (!daemon_.answered() || state.error().code != ErrorCode::kNotFound) {
      return fail(state.error());
    }
    // A name is taken before its container can be seen, and given back after: somebody who was
    // killed has asked for the one or the other, and the daemon is still at it.
    return fail(ErrorCode::kUnavailable, "a container of the same name is being made or removed");
  });
}

Result<> ContainerRun::start() {
  return persist([this]() -> Result<> {
    // Started before the daemon went, or by a call whose answer was lost: not once more.
    auto state = daemon_.inspect(id_);
    if (!state.has_value()) return fail(state.error());
    if (state->was_started()) return {};
    Result<> started = daemon_.start(id_);
    if (started.has_value() || started.error().code == ErrorCode::kCancelled ||
        !daemon_.answered()) {
      return started;
    }
    return give_up(Trouble::kNotStarted, started.error().message);
  });
}

/// Hands on what was not handed on before the stream broke off.
OutputSink ContainerRun::unseen_output() {
  auto skip = std::make_shared<std::array<std::uint64_t, 2>>(
      std::array<std::uint64_t, 2>{told_[0], told_[1]});
  return [this, skip](OutputStream stream, std::string_view bytes) -> Result<> {
    const auto at = static_cast<std::size_t>(stream);
    const std::uint64_t known = std::min<std::uint64_t>((*skip)[at], bytes.size());
    (*skip)[at] -= known;
    bytes.remove_prefix(known);
    if (bytes.empty()) return {};
    told_[at] += bytes.size();
    return options_.output(stream, bytes);
  };
}

Result<> ContainerRun::follow() {
  return persist([this]() -> Result<> {
    // The stream may end before the container does, and before all output came.
    for (;;) {
      TRY(daemon_.follow(id_, spec_.tty, unseen_output()));
      const Result<> ended = daemon_.wait(id_, kStillRunningWait);
      if (!ended.has_value() && ended.error().code != ErrorCode::kUnavailable) return ended;
      auto state = daemon_.inspect(id_);
      if (!state.has_value()) return fail(state.error());
      if (!state->is_over()) continue;
      state_ = *std::move(state);
      return daemon_.read_output(id_, spec_.tty, unseen_output());
    }
  });
}

ContainerEnd ContainerRun::end_of(const Result<>& done) {
  ContainerEnd end;
  if (done.has_value()) {
    end.exit_code = state_.exit_code;
    const bool killed = state_.exit_code == kKilledCode || state_.exit_code == kEndedCode;
    if (state_.out_of_memory) {
      end.trouble = Trouble::kOutOfMemory;
    } else if (!state_.error.empty()) {
      end.trouble = Trouble::kNotStarted;
      end.message = state_.error;
    } else if (killed && daemon_was_away_) {
      end.trouble = Trouble::kKilled;
      end.message = fmt::format(
          "the container was ended (exit code {}) while the Docker daemon was away: a daemon that "
          "is restarted ends its containers, unless live-restore is on",
          state_.exit_code);
    }
    return end;
  }
  end.message = done.error().message;
  end.trouble = trouble_;
  if (trouble_ != Trouble::kNone) return end;
  switch (done.error().code) {
    case ErrorCode::kCancelled: end.trouble = Trouble::kCancelled; break;
    case ErrorCode::kConflict:  // it is about to go
    case ErrorCode::kNotFound:
      end.trouble = Trouble::kRemoved;
      end.message = "the container was removed by somebody else: " + end.message;
      break;
    case ErrorCode::kUnavailable: end.trouble = Trouble::kDaemonAway; break;
    default: end.trouble = Trouble::kInternal;
  }
  return end;
}

/// What a call may have made that was cut off. A daemon that has much to do is still at it, and
/// nobody sees the container before it is done.
Result<ContainerState> ContainerRun::look_for_made() {
  const Clock::time_point end = Clock::now() + std::chrono::milliseconds(options_.made_max);
  for (;;) {
    auto state = daemon_.inspect(options_.name);
    const bool comes = is_asked_for_ && !state.has_value() && daemon_.answered() &&
                       state.error().code == ErrorCode::kNotFound;
    if (!comes || Clock::now() >= end) return state;
    wait_for(-1, kDelayFirst);
  }
}

/// It may clean up; what it says meanwhile is kept, too.
void ContainerRun::end_kindly() {
  daemon_.cancel_by(-1);
  if (id_.empty()) {
    // The answer to the call that makes it may have been lost: then it is known by its name.
    const auto state = look_for_made();
    if (!state.has_value() || !options_.is_ours(*state)) return;
    id_ = state->id;
  }
  if (daemon_.stop(id_, options_.stop_seconds).has_value()) {
    (void)daemon_.read_output(id_, spec_.tty, unseen_output());
  }
}

/// Why it could not be.
std::string ContainerRun::remove() {
  if (id_.empty()) return {};
  daemon_.cancel_by(-1);
  const Clock::time_point end = Clock::now() + std::chrono::milliseconds(options_.remove_max);
  Result<> removed = daemon_.remove(id_);
  while (!removed.has_value() && Clock::now() < end) {
    wait_for(-1, kDelayFirst);
    removed = daemon_.remove(id_);
  }
  return removed.has_value() ? std::string()
                             : fmt::format("the container {} could not be removed ({})",
                                           options_.name, removed.error().message);
}

}  // namespace cordyna::docker
