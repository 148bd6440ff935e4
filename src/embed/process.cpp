#include "cordyna/process.hpp"

#include "cordyna/input.hpp"

namespace cordyna {

Process::~Process() = default;
Input::~Input() = default;
EventSink::~EventSink() = default;

Result<ProcessStatus> Process::run_after(std::stop_token stop, const Event& event,
                                         std::span<const ProcessStatus> before) {
  static_cast<void>(before);
  return run(std::move(stop), event);
}

void Process::begin(const EachEvent& given) {
  static_cast<void>(given);
}

void Process::kept(const Event& event) {
  static_cast<void>(event);
}

std::string_view to_string(ExitStatus status) {
  switch (status) {
    case ExitStatus::kUnknown: return "unknown";
    case ExitStatus::kUnstarted: return "unstarted";
    case ExitStatus::kSuccess: return "success";
    case ExitStatus::kFail: return "fail";
  }
  return "unknown";
}

}  // namespace cordyna
