/// Errors that a program can tell apart by more than their code: `detail_of` gives what they are
/// about.
///
///     if (const auto* ended = cordyna::detail_of<cordyna::ContainerNonZeroExit>(error)) {
///       if (ended->exit_code == 75) …
///
/// Values. Threads: any.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cordyna/export.hpp"
#include "cordyna/result.hpp"

namespace cordyna {

/// Programs may derive their own, or use it as it is, for `logs` alone.
class CORDYNA_API ErrorDetail {
 public:
  ErrorDetail() = default;
  virtual ~ErrorDetail();
  ErrorDetail(const ErrorDetail&) = delete;
  ErrorDetail& operator=(const ErrorDetail&) = delete;

  /// What a process said that failed by this error: an orchestrator puts it into the status of the
  /// failure.
  std::vector<std::string> logs{};
};

/// Null: the error has none, or another. It lives as long as the error.
template <class T>
[[nodiscard]] const T* detail_of(const Error& error) {
  return dynamic_cast<const T*>(error.detail.get());
}

/// A process that is a container has no `image` in its execution context. kInvalidArgument.
struct CORDYNA_API ContainerImageMissing final : ErrorDetail {
  explicit ContainerImageMissing(std::string process_id) : process(std::move(process_id)) {}
  ~ContainerImageMissing() override;
  std::string process;
};

/// A container ended with a code other than 0; `logs` has what it said. kUnavailable: it may be
/// tried again.
struct CORDYNA_API ContainerNonZeroExit final : ErrorDetail {
  ContainerNonZeroExit(std::string process_id, int code)
      : process(std::move(process_id)), exit_code(code) {}
  ~ContainerNonZeroExit() override;
  std::string process;
  int exit_code;
};

/// A link, or what the state still has to do, names a process that is not there. kNotFound.
struct CORDYNA_API UnknownProcess final : ErrorDetail {
  UnknownProcess(std::string from_id, std::string to_id)
      : from(std::move(from_id)), to(std::move(to_id)) {}
  ~UnknownProcess() override;
  std::string from;  ///< the input or process that leads to it
  std::string to;
};

/// What should be a process is something else. kInvalidArgument. Where a process gives this error
/// back, the orchestrator stops: nothing that it could do would be right.
struct CORDYNA_API ProcessConversion final : ErrorDetail {
  ProcessConversion(std::string from_id, std::string to_id)
      : from(std::move(from_id)), to(std::move(to_id)) {}
  ~ProcessConversion() override;
  std::string from;
  std::string to;
};

/// Each with its code, its detail, and a message that says what to do.
[[nodiscard]] CORDYNA_API Error container_image_missing(std::string process);
[[nodiscard]] CORDYNA_API Error container_non_zero_exit(std::string process, int exit_code,
                                                        std::vector<std::string> logs = {});
[[nodiscard]] CORDYNA_API Error unknown_process(std::string from, std::string to);
/// `what`: what it is instead: "an input".
[[nodiscard]] CORDYNA_API Error process_conversion(std::string from, std::string to,
                                                   std::string_view what);

}  // namespace cordyna
