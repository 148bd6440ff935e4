/// What a container is to be.
///
/// Values. Threads: any.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace cordyna::docker {

struct Mount {
  std::string source;  ///< a folder or file of the daemon's machine (absolute), or a volume's name
  std::string target;  ///< absolute
  bool read_only = true;
  bool is_volume = false;
};

struct ContainerSpec {
  std::string image;
  std::vector<std::string> command;     ///< empty: the image's
  std::vector<std::string> entrypoint;  ///< empty: the image's
  std::vector<std::pair<std::string, std::string>> env;
  std::string working_dir;  ///< empty: the image's
  std::string user;         ///< "name", "uid", "uid:gid"; empty: the image's
  std::string network;      ///< "none", "bridge", "host", or a network's name
  std::vector<Mount> mounts;
  std::vector<std::string> empty_folders;  ///< made anew, in memory, over what is there
  std::map<std::string, std::string> labels;
  bool tty = false;
  bool init = false;       ///< a small first process, which ends what its children leave
  bool read_only = false;  ///< nothing can be written but to mounts
  // 0: no limit.
  std::uint64_t memory_bytes = 0;  ///< swap included
  std::uint32_t cpu_millis = 0;
  std::uint64_t file_bytes = 0;   ///< of one file
  std::uint64_t cpu_seconds = 0;  ///< of one process
};

/// Errors of these: kInvalidArgument, saying what would be right; who calls names the key.
[[nodiscard]] Result<> check_image(std::string_view image);
[[nodiscard]] Result<> check_mount_target(std::string_view target);
/// Names of labels that begin with "io.cordyna." are ours.
[[nodiscard]] Result<> check_label(std::string_view name);

/// The body of the call that makes it. No process of it gains rights by running a program
/// (no-new-privileges). Its output goes to files of the daemon, so that it can be read again.
[[nodiscard]] std::string to_json(const ContainerSpec& spec);

}  // namespace cordyna::docker
