#include "cordyna/errors.hpp"

#include <fmt/format.h>

namespace cordyna {

// Here, so that their type information lies in one place, whoever catches them.
ErrorDetail::~ErrorDetail() = default;
ContainerImageMissing::~ContainerImageMissing() = default;
ContainerNonZeroExit::~ContainerNonZeroExit() = default;
UnknownProcess::~UnknownProcess() = default;
ProcessConversion::~ProcessConversion() = default;

Error container_image_missing(std::string process) {
  std::string message = fmt::format(
      "process '{}': the container image is missing: set 'image' in its execution context, such as "
      "image = \"alpine:3\"",
      process);
  return {ErrorCode::kInvalidArgument, std::move(message),
          std::make_shared<ContainerImageMissing>(std::move(process))};
}

Error container_non_zero_exit(std::string process, int exit_code, std::vector<std::string> logs) {
  std::string message = fmt::format(
      "process '{}': its container ended with code {}, and 0 alone is success: its logs "
      "say why",
      process, exit_code);
  auto detail = std::make_shared<ContainerNonZeroExit>(std::move(process), exit_code);
  detail->logs = std::move(logs);
  return {ErrorCode::kUnavailable, std::move(message), std::move(detail)};
}

Error unknown_process(std::string from, std::string to) {
  std::string message = fmt::format(
      "unable to run '{}' -> '{}': the process '{}' is unknown: add it with add_process first",
      from, to, to);
  return {ErrorCode::kNotFound, std::move(message),
          std::make_shared<UnknownProcess>(std::move(from), std::move(to))};
}

Error process_conversion(std::string from, std::string to, std::string_view what) {
  std::string message = fmt::format(
      "unable to run '{}' -> '{}': '{}' is {}, and only a process can be run: add a process with "
      "an id of its own",
      from, to, to, what);
  return {ErrorCode::kInvalidArgument, std::move(message),
          std::make_shared<ProcessConversion>(std::move(from), std::move(to))};
}

}  // namespace cordyna
