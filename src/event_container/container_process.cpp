#include <fmt/format.h>

#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "cordyna/container.hpp"
#include "cordyna/errors.hpp"
#include "docker/container_run.hpp"
#include "event_container/context.hpp"
#include "event_container/event_lock.hpp"
#include "event_container/log_lines.hpp"
#include "event_container/spec.hpp"
#include "http/end_signal.hpp"

namespace cordyna {
namespace event_container {
namespace {

using docker::Trouble;

constexpr std::size_t kLeftMax = 1'000;  // of containers that could not be removed: remembered
constexpr std::size_t kSaidMax = 20;     // lines of what went on besides

docker::Pull pull_of(ImagePull pull) {
  switch (pull) {
    case ImagePull::kMissing: return docker::Pull::kMissing;
    case ImagePull::kAlways: return docker::Pull::kAlways;
    case ImagePull::kNever: return docker::Pull::kNever;
  }
  return docker::Pull::kMissing;
}

std::string credentials_of(const ContainerOptions& options) {
  if (options.registry_user.empty()) return {};
  std::string out = R"({"username":)";
  append_json(out, options.registry_user);
  out += R"(,"password":)";
  append_json(out, options.registry_password);
  return out + "}";
}

Result<std::string> socket_path(const ContainerOptions& options) {
  if (!options.docker_host.empty()) return docker::socket_of(options.docker_host);
  const char* host = std::getenv("DOCKER_HOST");  // NOLINT(concurrency-mt-unsafe): as all of them
  return docker::socket_of(host == nullptr ? "" : host);
}

ErrorCode code_of_trouble(Trouble trouble) {
  switch (trouble) {
    case Trouble::kNoRights:
    case Trouble::kImageDenied: return ErrorCode::kDenied;
    case Trouble::kNoImage: return ErrorCode::kNotFound;
    case Trouble::kNameTaken: return ErrorCode::kConflict;
    case Trouble::kRefused: return ErrorCode::kInvalidArgument;
    case Trouble::kNoSpace: return ErrorCode::kNoSpace;
    case Trouble::kCancelled: return ErrorCode::kCancelled;
    case Trouble::kNone:
    case Trouble::kInternal: return ErrorCode::kInternal;
    case Trouble::kNoDaemon:
    case Trouble::kDaemonAway:
    case Trouble::kImageAway:
    case Trouble::kNotStarted:
    case Trouble::kOutOfMemory:
    case Trouble::kRemoved:
    case Trouble::kKilled: break;
  }
  return ErrorCode::kUnavailable;
}

/// Containers that a former call could not remove, by their ids: nobody takes them up again.
/// Threads: any.
class Leftovers {
 public:
  void add(const std::string& id, const std::string& name) {
    const std::lock_guard lock(mutex_);
    if (names_.size() < kLeftMax) names_.emplace(id, name);
  }

  /// Errors: those of Daemon, where one of this name stays.
  Result<int> remove(docker::Daemon& daemon, const std::string& mine) {
    int removed = 0;
    for (const auto& [id, name] : names()) {
      auto gone = daemon.remove(id);
      if (gone.has_value()) {
        const std::lock_guard lock(mutex_);
        names_.erase(id);
        ++removed;
      } else if (name == mine) {
        return fail(std::move(gone.error()));
      }
    }
    return removed;
  }

 private:
  std::map<std::string, std::string> names() {
    const std::lock_guard lock(mutex_);
    return names_;
  }

  std::mutex mutex_;
  std::map<std::string, std::string> names_;
};

/// What one call has heard.
struct Heard {
  LogLines lines{kLogBytesMax};
  std::vector<std::string> said;  ///< of what went on besides

  std::vector<std::string> take() {
    std::vector<std::string> all = std::move(said);
    for (std::string& line : lines.take()) all.push_back(std::move(line));
    return all;
  }
};

class ContainerProcess final : public Process {
 public:
  ContainerProcess(std::string id, docker::ContainerSpec spec, std::string socket,
                   ContainerOptions options)
      : Process(std::move(id)),
        spec_(std::move(spec)),
        socket_(std::move(socket)),
        options_(std::move(options)) {}

  Result<ProcessStatus> run(std::stop_token stop, const Event& event) override {
    auto container = container_of(spec_, event);
    if (!container.has_value()) return fail(context(), std::move(container.error()));
    auto lock = take_lock(container->name);
    if (!lock.has_value()) {
      if (lock.error().code != ErrorCode::kConflict) return fail(context(), lock.error());
      return fail(ErrorCode::kConflict,
                  fmt::format("{}: another process of this machine is at the same event, in the "
                              "container {}; programs that share a Docker daemon need a `scope` "
                              "each",
                              context(), container->name));
    }
    const http::EndSignal signal(stop, options_.timeout);
    const auto end_fd = signal.descriptor();
    if (!end_fd.has_value()) return fail(context(), end_fd.error());
    Heard heard;
    docker::Daemon daemon(socket_);
    const docker::ContainerEnd end =
        docker::ContainerRun(daemon, container->spec, run_options(*container, heard), *end_fd)
            .run();
    if (end.left.empty() && !end.id.empty()) {
      const std::lock_guard guard(mutex_);
      successes_[container->name] = end.id;
    }
    if (!end.left.empty()) {
      left_.add(end.id, container->name);
      heard.said.push_back(end.left + "; the next container of this process removes it");
    }
    return settle(stop, end, heard);
  }

  void begin(const EachEvent& given) override {
    std::set<std::string> names;
    given([&](const Event& event) {
      if (const auto one = container_of(spec_, event); one.has_value()) names.insert(one->name);
    });
    const std::lock_guard guard(mutex_);
    given_ = std::move(names);
    is_told_ = true;
  }

  void kept(const Event& event) override {
    const auto container = container_of(spec_, event);
    if (!container.has_value()) return;
    std::string id;
    {
      const std::lock_guard guard(mutex_);
      auto found = successes_.extract(container->name);
      if (found.empty()) return;
      id = std::move(found.mapped());
    }
    docker::Daemon daemon(socket_);
    if (!daemon.remove(id).has_value()) left_.add(id, container->name);
  }

 private:
  [[nodiscard]] std::string context() const { return fmt::format("process '{}'", printable(id())); }

  docker::RunOptions run_options(const EventContainer& container, Heard& heard) {
    docker::RunOptions run;
    run.name = container.name;
    run.is_ours = [&container](const docker::ContainerState& state) { return container.is(state); };
    run.clear = [this, &container](docker::Daemon& daemon) {
      sweep(daemon);
      return left_.remove(daemon, container.name);
    };
    {
      const std::lock_guard guard(mutex_);
      run.keeps_success = is_told_;
    }
    run.pull = pull_of(options_.pull);
    run.credentials = credentials_of(options_);
    run.stop_seconds = static_cast<int>(options_.stop_wait.count());
    run.say = [&heard](std::string_view line) {
      if (heard.said.size() < kSaidMax) heard.said.push_back(printable(line));
    };
    run.output = [&heard](docker::OutputStream stream, std::string_view bytes) -> Result<> {
      heard.lines.add(stream, bytes);
      return {};
    };
    return run;
  }

  Result<ProcessStatus> settle(const std::stop_token& stop, const docker::ContainerEnd& end,
                               Heard& heard) const {
    if (end.trouble == Trouble::kNone && end.exit_code == 0) {
      return ProcessStatus{.logs = heard.lines.take(), .status = ExitStatus::kSuccess};
    }
    if (end.trouble == Trouble::kNone) {
      return fail(container_non_zero_exit(id(), end.exit_code, heard.lines.take()));
    }
    Error error{code_of_trouble(end.trouble), fmt::format("{}: {}", context(), end.message)};
    if (end.trouble == Trouble::kOutOfMemory) {
      error.message = fmt::format("{}: out of memory: its container wanted more than its {} bytes",
                                  context(), grouped(spec_.memory_bytes));
    }
    if (end.trouble == Trouble::kCancelled && !stop.stop_requested()) {
      error.code = ErrorCode::kUnavailable;
      error.message = fmt::format(
          "{}: its container took longer than its timeout of {}, and was "
          "ended",
          context(), format_delay(options_.timeout.count()));
    }
    auto detail = std::make_shared<ErrorDetail>();
    detail->logs = heard.take();
    error.detail = std::move(detail);
    return fail(std::move(error));
  }

  /// Once: what an earlier program left that ended between the commit and the removal. Whoever has
  /// such a container now keeps it. What cannot be removed stays: it is but a leftover.
  void sweep(docker::Daemon& daemon) {
    std::optional<std::set<std::string>> given;
    {
      const std::lock_guard guard(mutex_);
      given = std::exchange(given_, std::nullopt);
    }
    if (!given.has_value()) return;
    const auto listed = daemon.list(fmt::format("{}={}", kProcessLabel, id()));
    if (!listed.has_value()) return;
    for (const docker::ListedContainer& one : *listed) {
      const auto scope = one.labels.find(kScopeLabel);
      const bool is_ours = scope != one.labels.end() && scope->second == options_.scope;
      if (!is_ours || one.status != "exited" || given->contains(one.name)) continue;
      const auto lock = take_lock(one.name);
      if (lock.has_value()) (void)daemon.remove(one.id);
    }
  }

  [[nodiscard]] Result<EventLock> take_lock(const std::string& name) const {
    return EventLock::take(socket_ + " " + name);
  }

  docker::ContainerSpec spec_;
  std::string socket_;
  ContainerOptions options_;
  Leftovers left_;
  std::mutex mutex_;
  bool is_told_ = false;                          // of what is kept
  std::optional<std::set<std::string>> given_;    // names, until the sweep
  std::map<std::string, std::string> successes_;  // names to ids: not removed yet
};

}  // namespace
}  // namespace event_container

Result<std::unique_ptr<Process>> container_process(std::string id, ContainerOptions options) {
  const std::string context = fmt::format("process '{}'", printable(id));
  auto spec = event_container::spec_of(id, options);
  if (!spec.has_value()) {
    const bool says_it = detail_of<ContainerImageMissing>(spec.error()) != nullptr;
    return says_it ? fail(std::move(spec.error())) : fail(context, std::move(spec.error()));
  }
  auto socket = event_container::socket_path(options);
  if (!socket.has_value()) return fail(context, std::move(socket.error()));
  return std::make_unique<event_container::ContainerProcess>(
      std::move(id), *std::move(spec), *std::move(socket), std::move(options));
}

Result<std::unique_ptr<Process>> make_container_process(const ProcessConfig& config) {
  TRY_ASSIGN(ContainerOptions options, event_container::options_of(config));
  return container_process(config.name, std::move(options));
}

}  // namespace cordyna
