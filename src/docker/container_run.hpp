/// One container, from its image to its end, through restarts of the daemon.
///
/// Every step may be repeated without running anything twice: the container has the attempt's name,
/// one that is there already is taken up, and only one that was never started is started.
/// Threads: one.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include "docker/daemon.hpp"
#include "process/container/container_task.hpp"

namespace cordyna::container {

/// How it went wrong, if it did.
enum class Trouble : std::uint8_t {
  kNone,         ///< it ran to its end, whatever its exit code
  kNoDaemon,     ///< nobody answers at the socket
  kDaemonAway,   ///< the daemon did not come back, or fails
  kNoImage,      ///< there is no such image, or none here where it is not pulled
  kImageDenied,  ///< the registry wants other credentials
  kImageAway,    ///< the registry does not answer
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
};

struct RunOptions {
  std::string name;           ///< of the container: [a-zA-Z0-9][a-zA-Z0-9_.-]+
  std::string attempt;        ///< the value of its label kAttemptLabel
  std::string task;           ///< that of kTaskLabel
  std::string state;          ///< that of kStateLabel
  std::string credentials;    ///< for the registry: JSON; empty: none
  int stop_seconds = 7;       ///< from asking it to end to ending it
  Millis away_max = 600'000;  ///< that the daemon may be away
  docker::SayLine say;        ///< what goes on, for people
  docker::OutputSink output;
};

/// "dyna-", the run's id, the task and the attempt as a container may be called.
[[nodiscard]] std::string container_name(const std::string& attempt);

class ContainerRun {
 public:
  /// `cancel_fd` readable: it is to end. All borrowed but the options.
  ContainerRun(docker::Daemon& daemon, const ContainerTask& task, RunOptions options,
               int cancel_fd);

  /// Leaves no container.
  [[nodiscard]] ContainerEnd run();

 private:
  using Step = std::function<Result<>()>;

  Result<> clear();
  Result<> get_image();
  Result<> make();
  Result<> start();
  Result<> follow();
  Result<> persist(const Step& step);
  Result<> give_up(Trouble trouble, std::string message);
  Result<> give_up_first(const Error& error, Trouble answered, std::string_view what);
  ContainerEnd end_of(const Result<>& done);
  void end_kindly();
  void remove();
  docker::OutputSink unseen_output();

  docker::Daemon& daemon_;
  const ContainerTask& task_;
  RunOptions options_;
  int cancel_fd_;
  std::string id_;
  docker::ContainerState state_;
  Trouble trouble_ = Trouble::kNone;
  bool daemon_was_away_ = false;
  std::array<std::uint64_t, 2> told_{};  // bytes of each stream that were handed on
};

}  // namespace cordyna::container
