#include "embed/intake.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/id.hpp"
#include "base/text.hpp"
#include "cerebro/take_in.hpp"
#include "embed/flow_text.hpp"
#include "embed/job_text.hpp"
#include "embed/json_slice.hpp"

namespace cordyna::embed {
namespace {

constexpr std::chrono::milliseconds kSpaceWait{500};

std::unexpected<Error> bad_event(const Event& event, std::string_view what) {
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("event '{}' of '{}': {}", fit(printable(event.id), 60),
                          fit(printable(event.location), 60), what));
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

Result<> check_event(const Event& event) {
  if (!is_utf8(event.location) || !is_utf8(event.id)) {
    return bad_event(event, "'location' and 'id' must be UTF-8");
  }
  if (event.key.size() > kEventKeyMax || !is_utf8(event.key) ||
      std::ranges::any_of(event.key, is_control)) {
    return bad_event(event, fmt::format("'key' must be at most {} bytes of UTF-8 without control "
                                        "characters; of a longer one, give a hash",
                                        kEventKeyMax));
  }
  if (event.data.empty()) return {};
  const auto data = parse_json("'data'", event.data);
  if (!data.has_value()) return bad_event(event, data.error().message);
  return {};
}

}  // namespace

Intake::Intake(const Input& input, InputLeft left, Cerebro& cerebro, Room& room, const Clock& clock,
               Reporter& reporter, std::stop_token stop)
    : input_(input),
      left_(std::move(left)),
      cerebro_(cerebro),
      room_(room),
      clock_(clock),
      reporter_(reporter),
      stop_(std::move(stop)) {}

bool Intake::is_wanted(const Event& event) const {
  const std::vector<Operation>& wanted = input_.operations();
  return wanted.empty() || std::ranges::find(wanted, event.operation) != wanted.end();
}

Result<EventRequest> Intake::request_of(const Event& event) const {
  TRY(check_event(event));
  Event whole = event;
  whole.trigger = input_.id();
  if (whole.at == EventTime{}) whole.at = EventTime(std::chrono::milliseconds(clock_.wall()));
  // Apart, so that no key that somebody chose is ever one of ours.
  const bool named = !whole.key.empty();
  if (!named) whole.key = make_uuid7(clock_.wall());
  EventRequest request;
  request.ns = kNamespace;
  request.flow_id = input_.id();
  request.trigger = kTrigger;
  request.event_id = (named ? "k:" : "u:") + whole.key;
  request.source = "library";
  request.payload = payload_of(whole);
  if (request.payload.size() > kEventBytesMax) {
    return bad_event(event,
                     fmt::format("it has {} bytes as JSON, and {} are the most: put what is large "
                                 "elsewhere, and say in 'data' where",
                                 request.payload.size(), kEventBytesMax));
  }
  return request;
}

Result<> Intake::check_memory(std::string_view position, std::span<const Mark> marks) const {
  if (position.size() > kPositionMax || !is_utf8(position)) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("input '{}': a position must be at most {} bytes of UTF-8", input_.id(),
                            kPositionMax));
  }
  for (const Mark& mark : marks) {
    if (!mark.name.empty() && mark.name.size() + mark.text.size() <= kMarkMax &&
        is_utf8(mark.name) && is_utf8(mark.text) && std::ranges::none_of(mark.name, is_control)) {
      continue;
    }
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("input '{}': a mark has a name without control characters, and at most "
                            "{} bytes of UTF-8 with its text; not '{}'",
                            input_.id(), kMarkMax, fit(printable(mark.name), 60)));
  }
  return {};
}

Result<> Intake::send_with(std::span<const Event> events, std::string position,
                           std::span<const Mark> marks) {
  TRY(check_memory(position, marks));
  IntakeRequest request;
  for (const Event& event : events) {
    if (!is_wanted(event)) continue;
    TRY_ASSIGN(EventRequest one, request_of(event));
    request.events.push_back(std::move(one));
  }
  if (!position.empty()) request.positions.push_back({input_.id(), position});
  for (const Mark& mark : marks) request.positions.push_back({input_.id(), mark.text, mark.name});
  if (request.events.empty() && request.positions.empty()) return {};
  const std::size_t count = request.events.size();
  if (stop_.stop_requested() || (count > 0 && !room_.take(count, stop_))) {
    return fail(ErrorCode::kCancelled, "the orchestrator stops, and takes no more events");
  }
  const auto kept = keep(request);
  room_.settle(count);
  if (!kept.has_value()) return kept;
  if (!position.empty()) left_.position = std::move(position);
  for (const Mark& mark : marks) {
    if (mark.text.empty()) {
      left_.marks.erase(mark.name);
    } else {
      left_.marks[mark.name] = mark.text;
    }
  }
  if (count > 0) ++sent_;
  return {};
}

Result<std::vector<Mark>> Intake::marks(std::string_view after, std::size_t limit) const {
  std::vector<Mark> found;
  for (auto one = left_.marks.upper_bound(after); one != left_.marks.end() && found.size() < limit;
       ++one) {
    found.push_back({one->first, one->second});
  }
  return found;
}

void Intake::tell(const std::string& problem) {
  if (problem.empty()) return;
  Failure failure;
  failure.error = {ErrorCode::kUnavailable, problem};
  failure.input = input_.id();
  reporter_.failed(failure);
}

/// The ids stay the same, so that it does no harm to ask again after a disk was full.
Result<> Intake::keep(const IntakeRequest& request) {
  while (true) {
    const auto result = take_in(cerebro_, request);
    if (result.has_value()) return {};
    if (result.error().code != ErrorCode::kNoSpace) {
      return std::unexpected<Error>(result.error());
    }
    if (!rest(kSpaceWait, stop_)) return std::unexpected<Error>(result.error());
  }
}

}  // namespace cordyna::embed
