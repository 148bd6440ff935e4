/// A compiler, run to its end: found in PATH, its output passed on and kept.
///
/// Threads: one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cordyna::script {

inline constexpr std::size_t kToolOutputBytesMax = std::size_t{256} << 10;

struct ToolCall {
  std::vector<std::string> argv;  ///< argv[0]: a path
  std::vector<std::string> env;   ///< "NAME=value": all of it
  std::string folder;             ///< where it runs
  bool speaks = true;             ///< its output goes to our standard output, too
  int keeps_open = -1;            ///< a descriptor that it inherits; -1: none
};

struct ToolEnd {
  int exit_code = -1;  ///< -1: ended by `signal`
  int signal = 0;
  std::string output;  ///< both streams, as they came; at most kToolOutputBytesMax
};

/// Errors: kUnavailable: it could not be started, with the cause.
[[nodiscard]] Result<ToolEnd> run_tool(const ToolCall& call);

/// Where a program of $PATH lies, or the path itself where `program` has a "/"; "": nowhere.
[[nodiscard]] std::string find_tool(std::string_view program);

}  // namespace cordyna::script
