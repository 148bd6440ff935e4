// dyna events: what came in through triggers, and what becomes of dead letters.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/owner_request.hpp"
#include "cli/side.hpp"
#include "service/json.hpp"

namespace cordyna::cli {
namespace {

constexpr std::size_t kColumns = 7;
using Line = std::array<std::string, kColumns>;

std::string as_table(const std::vector<EventRow>& events) {
  std::vector<Line> lines{{"EVENT", "AT", "FLOW", "TRIGGER", "STATE", "RUN", "ID"}};
  for (const EventRow& event : events) {
    lines.push_back({fmt::format("{}", event.no), seconds_text(event.at),
                     printable(flow_name(event.ns, event.flow_id)), printable(event.trigger),
                     std::string(to_string(event.state)),
                     event.run > 0 ? fmt::format("{}", event.run) : "-",
                     printable(event.event_id)});
    if (!event.detail.empty()) lines.back().back() += "  " + printable(event.detail);
  }
  std::array<std::size_t, kColumns> widths{};
  for (const Line& line : lines) {
    for (std::size_t i = 0; i < kColumns; ++i) {
      widths[i] = std::max(widths[i], display_width(line[i]));
    }
  }
  std::string out;
  for (const Line& line : lines) {
    std::string text;
    for (std::size_t i = 0; i < kColumns; ++i) text += pad(line[i], widths[i]) + "  ";
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + '\n';
  }
  return out;
}

CommandResult list(CommandContext& context, StoreReader& reader) {
  const Arguments& arguments = context.arguments;
  EventFilter filter;
  if (const std::size_t slash = arguments.flow_id.find('/'); slash != std::string::npos) {
    filter.ns = arguments.flow_id.substr(0, slash);
    filter.flow_id = arguments.flow_id.substr(slash + 1);
  } else {
    filter.flow_id = arguments.flow_id;
  }
  filter.trigger = arguments.trigger;
  if (!arguments.run_state.empty()) filter.state = parse_event_state(arguments.run_state);
  filter.before = arguments.before;
  filter.limit = arguments.limit;
  TRY_ASSIGN(const std::vector<EventRow> events, reader.list_events(filter));
  if (arguments.json) {
    std::string out;
    for (const EventRow& event : events) {
      append_event(out, event);
      out += '\n';
    }
    context.output.write(out);
  } else {
    context.output.write(events.empty() ? "no events\n" : as_table(events));
  }
  return ExitCode::kOk;
}

CommandResult show(CommandContext& context, StoreReader& reader) {
  TRY_ASSIGN(const EventRow event, reader.find_event(context.arguments.event));
  if (context.arguments.json) {
    context.output.write(event_as_json(event) + '\n');
    return ExitCode::kOk;
  }
  std::string out = as_table({event});
  if (!event.source.empty()) out += "from: " + printable(event.source) + '\n';
  if (event.tries > 0) out += fmt::format("tried again: {} times\n", event.tries);
  out += printable(event.payload) + '\n';
  context.output.write(out);
  return ExitCode::kOk;
}

CommandResult told(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  if (arguments.json) {
    context.output.write(
        fmt::format("{{\"event\":{},\"op\":\"{}\"}}\n", arguments.event, arguments.action));
  } else {
    context.output.write(fmt::format(
        "event {} {}\n", arguments.event,
        arguments.action == "drop" ? "is dropped" : "is tried again, by the server of the state"));
  }
  return ExitCode::kOk;
}

CommandResult settle(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  TRY_ASSIGN(const std::optional<client::ApiClient> server, server_here(context));
  if (server.has_value()) {
    TRY(server->send({.path = fmt::format("/events/{}/settle", arguments.event),
                      .body = fmt::format("{{\"op\":\"{}\"}}", arguments.action)}));
    return told(context);
  }
  TRY_ASSIGN(const StateLayout layout, state_here(context));
  OwnerRequest request;
  request.op = arguments.action == "drop" ? OwnerOp::kEventDrop : OwnerOp::kEventReplay;
  request.follow = false;
  request.of = arguments.event;
  request.by = user_name();
  TRY(carry_out_at_last(context, layout, request));
  return told(context);
}

}  // namespace

CommandResult events_command(CommandContext& context) {
  const std::string& action = context.arguments.action;
  if (!action.empty() && action != "list" && context.arguments.event == 0) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("dyna events {} wants the number of an event; 'dyna events' lists them",
                            action));
  }
  if (action == "replay" || action == "drop") return settle(context);
  TRY_ASSIGN(const Side side, side_here(context));
  return action == "show" ? show(context, *side.reader) : list(context, *side.reader);
}

}  // namespace cordyna::cli
