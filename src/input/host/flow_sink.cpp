#include "input/host/flow_sink.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/json_text.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "cerebro/take_in.hpp"

namespace cordyna::input {
namespace {

constexpr std::chrono::milliseconds kFullWait{500};

}  // namespace

std::string payload_of(const Event& event) {
  return fmt::format(R"({{"location":{},"operation":"{}","id":{},"at":"{}","data":{}}})",
                     json_string(event.location), to_string(event.operation), json_string(event.id),
                     format_timestamp(event.at.time_since_epoch().count()),
                     event.data.empty() ? "null" : event.data);
}

std::string dedupe_key(const std::string& value) {
  const auto is_control = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  };
  const bool plain = !value.empty() && value.size() <= kEventKeyMax - 2 && is_utf8(value) &&
                     std::ranges::none_of(value, is_control);
  return plain ? "d:" + value : "";
}

FlowSink::FlowSink(FlowInputId id, std::vector<Operation> operations, std::string dedupe,
                   StoreReader& reader, std::string position, Cerebro& cerebro,
                   const Evaluator& evaluator, std::stop_token stop, FlowSinkTold told)
    : id_(std::move(id)),
      operations_(std::move(operations)),
      dedupe_(std::move(dedupe)),
      reader_(reader),
      position_(std::move(position)),
      cerebro_(cerebro),
      evaluator_(evaluator),
      stop_(std::move(stop)),
      told_(std::move(told)) {}

Result<> FlowSink::send_with(std::span<const Event> events, std::string position,
                             std::span<const Mark> marks) {
  IntakeRequest request;
  Millis happened = 0;
  for (const Event& event : events) {
    if (!operations_.empty() && std::ranges::count(operations_, event.operation) == 0) continue;
    happened = event.at.time_since_epoch().count();
    std::string payload = payload_of(event);
    std::string key = key_of(event, payload);
    request.events.push_back(
        {id_.ns, id_.flow_id, id_.trigger, std::move(key), event.location, std::move(payload)});
  }
  if (!position.empty()) request.positions.push_back({id_.text(), position});
  for (const Mark& mark : marks) request.positions.push_back({id_.text(), mark.text, mark.name});
  if (request.events.empty() && request.positions.empty()) return {};
  const std::size_t count = request.events.size();
  TRY(keep(request));
  if (!position.empty()) position_ = std::move(position);
  told_.kept(count, happened);
  return {};
}

Result<std::vector<Mark>> FlowSink::marks(std::string_view after, std::size_t limit) const {
  TRY_ASSIGN(const std::vector<PositionRow> rows,
             reader_.list_marks(id_.text(), after, static_cast<std::uint32_t>(limit)));
  std::vector<Mark> found;
  found.reserve(rows.size());
  for (const PositionRow& row : rows) found.push_back({row.mark, row.position});
  return found;
}

/// Where it cannot be told what an event is a repeat of, it is none.
std::string FlowSink::key_of(const Event& event, const std::string& payload) const {
  if (dedupe_.empty()) return event.key;
  const std::string context =
      fmt::format(R"({{"event":{{"key":{},"trigger":{},{}}})", json_string(event.key),
                  json_string(id_.trigger), payload.substr(1));
  const auto value = evaluator_.render(dedupe_, context);
  std::string key = value.has_value() ? dedupe_key(*value) : std::string();
  return key.empty() ? event.key : key;
}

/// The keys stay the same, so that it does no harm to ask again. Where too many events wait for
/// their runs, or the disk is full, the input waits, and what it listens to with it.
Result<> FlowSink::keep(const IntakeRequest& request) {
  while (true) {
    if (stop_.stop_requested()) return fail(ErrorCode::kCancelled, "the input is to end");
    const auto result = take_in(cerebro_, request);
    if (result.has_value()) return {};
    const ErrorCode code = result.error().code;
    if (code != ErrorCode::kNoSpace && code != ErrorCode::kUnavailable) {
      return std::unexpected<Error>(result.error());
    }
    told_.waits(result.error());
    if (!rest(kFullWait, stop_)) return std::unexpected<Error>(result.error());
  }
}

}  // namespace cordyna::input
