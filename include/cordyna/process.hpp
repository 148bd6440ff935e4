/// Something that is done once for each event: a container, a call, a function.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cordyna/event.hpp"
#include "cordyna/export.hpp"
#include "cordyna/result.hpp"

namespace cordyna {

enum class ExitStatus : std::uint8_t { kUnknown, kUnstarted, kSuccess, kFail };

/// "unknown", "unstarted", "success", "fail".
[[nodiscard]] CORDYNA_API std::string_view to_string(ExitStatus status);

inline constexpr std::size_t kLogBytesMax = 64 * 1024;  ///< of one status: what is kept of its logs

/// How a process ended.
struct ProcessStatus {
  std::string name{};               ///< empty: the process's id
  std::vector<std::string> logs{};  ///< lines; the last kLogBytesMax bytes are kept
  ExitStatus status = ExitStatus::kUnknown;

  bool operator==(const ProcessStatus&) const = default;
};

/// Threads: `run` is called from several at once, for different events.
class CORDYNA_API Process {
 public:
  explicit Process(std::string id) : id_(std::move(id)) {}
  virtual ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  [[nodiscard]] const std::string& id() const { return id_; }

  /// Does it, for as long as it takes; `stop` asks it to end soon. Only kSuccess is success: an
  /// error, an exception and any other status mean that it failed. What fails is tried again, but
  /// for an error kInvalidArgument, which would come again.
  ///
  /// At least once for each event: it is called again where the program ended before the result was
  /// kept. Who must not do a thing twice asks by `event.key` whether it is done.
  [[nodiscard]] virtual Result<ProcessStatus> run(std::stop_token stop, const Event& event) = 0;

  /// Behind other processes: `before` are the statuses of those that lead here, in the order of the
  /// links. By itself as `run`.
  [[nodiscard]] virtual Result<ProcessStatus> run_after(std::stop_token stop, const Event& event,
                                                        std::span<const ProcessStatus> before);

 private:
  std::string id_;
};

}  // namespace cordyna
