/// Something that is done once for each event: a container, a call, a function.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
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

/// Hands over events, one after the other.
using EachEvent = std::function<void(const std::function<void(const Event&)>& take)>;

/// Threads: `run` is called from several at once, for different events; `kept` beside it.
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

  /// For processes that leave something behind until their result is safe. An orchestrator calls
  /// it before it first calls `run`: `given` are the events that come to this process now, among
  /// them all that an earlier program may have been at. By itself nothing.
  virtual void begin(const EachEvent& given);

  /// After `begin` alone: the success of `run` for this event is kept, and it does not come again.
  /// Where the program ends before, or the orchestrator, it is not called. By itself nothing.
  virtual void kept(const Event& event);

 private:
  std::string id_;
};

}  // namespace cordyna
