#include "cordyna/process.hpp"

#include <utility>

#include "cordyna/input.hpp"

namespace cordyna {

Process::~Process() = default;
Input::~Input() = default;
EventSink::~EventSink() = default;

Result<> EventSink::send_with(std::span<const Event> events, std::string position,
                              std::span<const Mark> marks) {
  if (marks.empty()) return send(events, std::move(position));
  return fail(ErrorCode::kInvalidArgument, "this sink keeps no marks");
}

Result<std::vector<Mark>> EventSink::marks(std::string_view after, std::size_t limit) const {
  static_cast<void>(after), static_cast<void>(limit);
  return std::vector<Mark>();
}

void EventSink::tell(const std::string& problem) {
  static_cast<void>(problem);
}

void EventSink::fails(const std::string& problem) {
  tell(problem);
}

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
