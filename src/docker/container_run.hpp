/// One container, from its image to its end, through restarts of the daemon.
///
/// Every step may be repeated without running anything twice: the container has a name that its
/// work gives it, one that is there already is taken up, and only one that was never started is
/// started. Threads: one.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "docker/container_spec.hpp"
#include "docker/daemon.hpp"

namespace cordyna::docker {

/// How it went wrong, if it did.
enum class Trouble : std::uint8_t {
  kNone,         ///< it ran to its end, whatever its exit code
  kNoDaemon,     ///< nobody answers at the socket
  kNoRights,     ///< we may not use the socket
  kDaemonAway,   ///< the daemon did not come back, or fails
  kNoImage,      ///< there is no such image, or none here where it is not pulled
  kImageDenied,  ///< the registry wants other credentials
  kImageAway,    ///< the registry does not answer
  kNameTaken,    ///< by a container that is not ours
  kRefused,      ///< the daemon does not take the spec
  kNotStarted,   ///< made, but not startable: the program is not there
  kOutOfMemory,
  kRemoved,  ///< by somebody else, while it ran
  kKilled,   ///< by the daemon, which went away meanwhile
  kNoSpace,
  kCancelled,
  kInternal,
};

struct ContainerEnd {
  Trouble trouble = Trouble::kNone;
  int exit_code = 0;
  std::string message;  ///< of the trouble: what, and what to do
  std::string left;     ///< why the container could not be removed; empty: it was, or is not to be
  std::string id;       ///< of a container that is still there; empty: none is
};

/// When the image is fetched.
enum class Pull : std::uint8_t { kMissing, kAlways, kNever };
/// "missing", "always", "never". Errors: kInvalidArgument.
[[nodiscard]] Result<Pull> parse_pull(std::string_view word);

struct RunOptions {
  std::string name;  ///< of the container: [a-zA-Z0-9][a-zA-Z0-9_.-]+
  /// Whether a container of that name is of the same work; one that is not is left alone.
  std::function<bool(const ContainerState&)> is_ours;
  /// What goes before anything else; empty: nothing does. How many containers were removed. Errors:
  /// those of Daemon.
  std::function<Result<int>(Daemon&)> clear;
  bool keeps_success = false;  ///< one that ended with code 0 stays: who calls removes it
  Pull pull = Pull::kMissing;
  std::string credentials;    ///< for the registry: JSON; empty: none
  int stop_seconds = 7;       ///< from asking it to end to ending it
  Millis away_max = 600'000;  ///< that the daemon may be away
  Millis remove_max = 2'000;  ///< that its removal may fail: who waits for us may end us then
  Millis made_max = 5'000;    ///< till a container is seen whose making was cut off
  SayLine say;                ///< what goes on, for people
  OutputSink output;
};

/// `prefix` and `text` as a container may be called; texts that are told apart give names that are.
[[nodiscard]] std::string container_name(std::string_view prefix, std::string_view text);

class ContainerRun {
 public:
  /// `cancel_fd` readable: it is to end. All borrowed but the options.
  ContainerRun(Daemon& daemon, const ContainerSpec& spec, RunOptions options, int cancel_fd);

  /// Leaves no container, but for `keeps_success`.
  [[nodiscard]] ContainerEnd run();

 private:
  using Step = std::function<Result<>()>;

  Result<> clear();
  Result<> find();
  Result<> get_image();
  Result<> make();
  Result<> take_up(const ContainerState& state);
  Result<> start();
  Result<> follow();
  Result<> persist(const Step& step);
  Result<> give_up(Trouble trouble, std::string message);
  Result<> give_up_first(const Error& error, Trouble answered, std::string_view what);
  ContainerEnd end_of(const Result<>& done);
  Result<ContainerState> look_for_made();
  void end_kindly();
  std::string remove();
  OutputSink unseen_output();

  Daemon& daemon_;
  const ContainerSpec& spec_;
  RunOptions options_;
  int cancel_fd_;
  std::string id_;
  ContainerState state_;
  Trouble trouble_ = Trouble::kNone;
  bool daemon_was_away_ = false;
  bool is_asked_for_ = false;            // the container, and the answer did not come
  std::array<std::uint64_t, 2> told_{};  // bytes of each stream that were handed on
};

}  // namespace cordyna::docker
