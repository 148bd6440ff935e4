/// The Docker daemon of this machine: images, containers, their output and their end.
///
/// Each call is one request, and may be repeated. Errors of all calls: kUnavailable: the daemon did
/// not answer (`answered()` is false), or it answered that something of its own went wrong;
/// kCancelled: the descriptor that cancels is readable; kInvalidArgument, kDenied, kNotFound,
/// kConflict: the daemon refused, with its words. Threads: one at a time.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "docker/container_spec.hpp"
#include "docker/frames.hpp"
#include "docker/pull.hpp"

namespace cordyna::docker {

/// The newest version of the API that this program was written for.
inline constexpr std::string_view kApiNewest = "1.44";

struct ContainerState {
  std::string id;
  std::string status;  ///< created, running, paused, restarting, removing, exited, dead
  int exit_code = 0;
  bool out_of_memory = false;
  std::string error;  ///< of the daemon: why it could not be started
  std::map<std::string, std::string> labels;
  std::vector<std::string> env;  ///< "NAME=value", the image's too

  [[nodiscard]] bool was_started() const { return status != "created"; }
  [[nodiscard]] bool is_over() const { return status == "exited" || status == "dead"; }
};

struct ListedContainer {
  std::string id;
  std::string name;
  std::string status;  ///< as ContainerState::status
  std::map<std::string, std::string> labels;
};

/// Of `DOCKER_HOST`: "unix:///run/docker.sock", or empty for Docker's own default. Errors:
/// kInvalidArgument: another kind of address.
[[nodiscard]] Result<std::string> socket_of(std::string_view docker_host);

class Daemon {
 public:
  /// `socket`: its path. `cancel_fd` readable: calls end with kCancelled; -1: none does.
  explicit Daemon(std::string socket, int cancel_fd = -1)
      : socket_(std::move(socket)), cancel_fd_(cancel_fd) {}

  void cancel_by(int fd) { cancel_fd_ = fd; }
  /// Of the last call: whether it failed by what the daemon said, not for want of an answer.
  [[nodiscard]] bool answered() const { return answered_; }

  [[nodiscard]] Result<bool> has_image(const std::string& image);
  /// Takes as long as it takes. `credentials`: JSON {"username":…,"password":…}; empty: none.
  /// Errors: also those of pull_error.
  [[nodiscard]] Result<> pull(const std::string& image, const std::string& credentials,
                              const SayLine& say);

  /// The id of the new container. Errors: kConflict: the name is taken; kNotFound: the image, or a
  /// network, is not there; kInvalidArgument: the spec.
  [[nodiscard]] Result<std::string> create(const std::string& name, const ContainerSpec& spec);
  /// One that was started already is left alone.
  [[nodiscard]] Result<> start(const std::string& container);
  [[nodiscard]] Result<ContainerState> inspect(const std::string& container);
  /// All its output from the beginning, and what comes, until it has ended or the daemon closes the
  /// stream: some daemons do that before they sent all (20.10, in one of ten). Errors: also those
  /// of the sink.
  [[nodiscard]] Result<> follow(const std::string& container, bool tty, const OutputSink& sink);
  /// All its output until now: of one that has ended, all. Errors: also those of the sink.
  [[nodiscard]] Result<> read_output(const std::string& container, bool tty,
                                     const OutputSink& sink);
  /// Until it does not run, at most so long. Errors: also kUnavailable: it still runs.
  [[nodiscard]] Result<> wait(const std::string& container, Millis at_most);
  /// Asks it to end (by SIGTERM, or as its image wants), and after so many seconds ends it. One
  /// that does not run any more is no error.
  [[nodiscard]] Result<> stop(const std::string& container, int seconds);
  /// With the volumes that have no name, by force; one that is not there is no error.
  [[nodiscard]] Result<> remove(const std::string& container);
  /// Running or not, with the label "name" or "name=value".
  [[nodiscard]] Result<std::vector<ListedContainer>> list(const std::string& label);

 private:
  struct Call;
  struct Answer;
  Result<Answer> send(const Call& call);
  Result<Answer> must(const Call& call);
  Result<> take_output(const std::string& target, bool tty, const OutputSink& sink);
  Result<> agree_on_version();

  std::string socket_;
  int cancel_fd_;
  std::string version_;  // that both sides speak; empty: not asked yet
  bool answered_ = false;
};

}  // namespace cordyna::docker
