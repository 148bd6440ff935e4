/// A container for each event, as a process.
///
/// Of the Docker daemon of this machine, over its socket. The container has a name that its process
/// and its event give it: one that is there, as its program was killed, is taken up, whether it
/// still runs or has ended, and is not run again.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cordyna/config.hpp"
#include "cordyna/export.hpp"
#include "cordyna/process.hpp"
#include "cordyna/result.hpp"

namespace cordyna {

/// Of the container: the event, to_json in Base64, in one line.
inline constexpr std::string_view kEventVariable = "PIPELINE_EVENT";
/// Of an event as JSON. Linux hands 128 KiB to a program in one variable; Base64 takes a quarter.
inline constexpr std::size_t kContainerEventMax = 98'292;

enum class ImagePull : std::uint8_t { kMissing, kAlways, kNever };

struct ContainerMount {
  std::string source;  ///< an absolute path of the daemon's machine, or the name of a volume
  std::string target;  ///< an absolute path of the container
  bool read_only = true;
};

struct ContainerOptions {
  std::string image;                      ///< "alpine:3.20", "ghcr.io/team/app@sha256:…"
  std::vector<std::string> command{};     ///< each one word, whatever is in it; empty: the image's
  std::vector<std::string> entrypoint{};  ///< stands before the command; empty: the image's
  std::map<std::string, std::string> env{};  ///< not PIPELINE_EVENT
  ImagePull pull = ImagePull::kMissing;
  std::string registry_user{};      ///< who we are to the image's registry; empty: nobody
  std::string registry_password{};  ///< or a token
  std::string network = "bridge";   ///< or "none", "host", a network's name
  std::uint64_t memory_bytes = 0;   ///< swap included; 0: no limit
  double cpus = 0;                  ///< 1.5: one and a half; 0: no limit
  std::string user{};               ///< a name, a number, "uid:gid"; empty: the image's
  std::string working_dir{};        ///< empty: the image's
  std::vector<ContainerMount> mounts{};
  std::map<std::string, std::string> labels{};  ///< names with "io.cordyna." are ours
  bool read_only = false;                       ///< nothing can be written but to mounts
  bool init = false;  ///< a small first process, which ends what its children leave
  /// Of one call, its pull included; then the container is ended, and the call fails. 0: none.
  std::chrono::milliseconds timeout{0};
  std::chrono::seconds stop_wait{7};  ///< from asking it to end (SIGTERM) to ending it
  std::string docker_host{};          ///< "unix:///run/docker.sock"; empty: $DOCKER_HOST, or that
  /// Part of the containers' names. Programs of one machine whose processes have the same id, and
  /// may get the same event, need different ones: else one takes the other's container for its own.
  std::string scope{};
};

/// Runs it for each event. Code 0 is kSuccess; `logs` are the last kLogBytesMax bytes of what it
/// printed, both streams. It is removed at its end, however it ends; where an orchestrator calls, a
/// success not before its result is kept, so that a crash in between runs nothing again. Where the
/// stop comes first, it is asked to end and removed, and runs anew next time.
///
/// Errors of `run`, those of a container that ran with `logs` in their detail:
/// ContainerNonZeroExit, by detail_of; kNotFound: there is no such image; kDenied: no right to the
/// daemon's socket, or to the image; kUnavailable: no daemon, or it or the registry does not answer
/// (one that goes away meanwhile is waited for, ten minutes); it could not be started, ran longer
/// than `timeout`, wanted more memory, or was removed by somebody else; kInvalidArgument: the
/// daemon refuses the options, or the event is larger than kContainerEventMax; kConflict: a
/// stranger's container has its name, or another process has it; kNoSpace; kCancelled: the stop.
///
/// Errors: kInvalidArgument, naming the option; ContainerImageMissing: `image` is empty.
[[nodiscard]] CORDYNA_API Result<std::unique_ptr<Process>> container_process(
    std::string id, ContainerOptions options);

/// For a ProcessRegistry. Keys of the execution context: `image`; `command`, `entrypoint`: one
/// word, or a JSON list of words; `env`: a JSON object, and `env.NAME` for one variable; `pull`:
/// missing, always, never; `auth`: {"username":…,"password":…}; `network`; `memory`: "512MB";
/// `cpus`: "1.5"; `user`; `working_dir`; `mounts`: [{"source":…,"target":…,"read_only":true}];
/// `labels`: a JSON object; `read_only`, `init`: true, false; `timeout`, `stop_wait`: "30s";
/// `docker_host`; `scope`. Errors: as above, and kInvalidArgument for a key that is none of these.
[[nodiscard]] CORDYNA_API Result<std::unique_ptr<Process>> make_container_process(
    const ProcessConfig& config);

}  // namespace cordyna
