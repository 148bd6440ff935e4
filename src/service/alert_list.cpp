#include "service/alert_list.hpp"

#include <fmt/format.h>

#include <iterator>

#include "base/json_text.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "model/rows.hpp"

namespace cordyna {
namespace {

void append_time_at(std::string& out, std::string_view name, Millis at) {
  if (at == 0) return;
  fmt::format_to(std::back_inserter(out), R"(,"{}":"{}")", name, format_timestamp(at));
}

void append_text_at(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  fmt::format_to(std::back_inserter(out), ",\"{}\":", name);
  append_json(out, text);
}

}  // namespace

void append_alert(std::string& out, const alert::Incident& incident) {
  const auto put = std::back_inserter(out);
  fmt::format_to(put, R"({{"kind":"{}")", to_string(incident.kind));
  append_text_at(out, "what", alert::what_of(incident));
  append_text_at(out, "channel", incident.channel);
  append_text_at(out, "team", incident.team);
  append_text_at(out, "cause", incident.cause);
  if (incident.flow_id.empty()) {
    append_text_at(out, "namespace", incident.ns);
  } else {
    append_text_at(out, "flow", flow_name(incident.ns, incident.flow_id));
  }
  append_text_at(out, "task", incident.path);
  append_text_at(out, "code", incident.code);
  append_text_at(out, "description", incident.text);
  if (incident.last_run > 0) {
    fmt::format_to(put, R"(,"first_run":{},"last_run":{})", incident.first_run, incident.last_run);
  }
  fmt::format_to(put, R"(,"count":{},"told":{})", incident.count, incident.told);
  append_time_at(out, "since", incident.first_at);
  append_time_at(out, "last_at", incident.last_at);
  append_time_at(out, "told_at", incident.told_at);
  append_time_at(out, "well_since", incident.well_at);
  if (incident.escalated) out += R"(,"escalated":true)";
  out += '}';
}

void append_channel(std::string& out, const alert::ChannelStatus& channel) {
  fmt::format_to(std::back_inserter(out), R"({{"channel":{},"type":"{}","waiting":{},"alerts":{})",
                 json_string(channel.name), to_string(channel.type), channel.waiting,
                 channel.incidents);
  append_time_at(out, "sent_at", channel.sent_at);
  append_text_at(out, "problem", channel.problem);
  append_time_at(out, "next_at", channel.next_at);
  out += '}';
}

std::string alerts_as_json(const alert::AlertStatus& status,
                           const std::function<bool(const alert::Incident&)>& shows) {
  std::string out = "{\"channels\":[";
  for (const alert::ChannelStatus& channel : status.channels) {
    if (&channel != status.channels.data()) out += ",\n";
    append_channel(out, channel);
  }
  out += "],\"alerts\":[";
  bool first = true;
  for (const alert::Incident& incident : status.incidents) {
    if (!shows(incident)) continue;
    if (!first) out += ",\n";
    first = false;
    append_alert(out, incident);
  }
  out += ']';
  append_text_at(out, "problem", status.problem);
  return out + "}";
}

}  // namespace cordyna
