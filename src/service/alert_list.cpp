#include "service/alert_list.hpp"

#include <fmt/format.h>

#include <iterator>

#include "base/json_text.hpp"
#include "model/rows.hpp"
#include "service/json_fields.hpp"

namespace cordyna {

void append_alert(std::string& out, const alert::Incident& incident) {
  const auto put = std::back_inserter(out);
  fmt::format_to(put, R"({{"alert":"{}","kind":"{}")", alert::id_of(incident),
                 to_string(incident.kind));
  append_text(out, "what", alert::what_of(incident));
  append_text(out, "channel", incident.channel);
  append_text(out, "team", incident.team);
  append_text(out, "cause", incident.cause);
  if (incident.flow_id.empty()) {
    append_text(out, "namespace", incident.ns);
  } else {
    append_text(out, "flow", flow_name(incident.ns, incident.flow_id));
  }
  append_text(out, "task", incident.path);
  append_text(out, "code", incident.code);
  append_text(out, "description", incident.text);
  if (incident.last_run > 0) {
    fmt::format_to(put, R"(,"first_run":{},"last_run":{})", incident.first_run, incident.last_run);
  }
  fmt::format_to(put, R"(,"count":{},"told":{})", incident.count, incident.told);
  append_time(out, "since", incident.first_at);
  append_time(out, "last_at", incident.last_at);
  append_time(out, "told_at", incident.told_at);
  append_time(out, "well_since", incident.well_at);
  if (incident.escalated) out += R"(,"escalated":true)";
  append_time(out, "acknowledged_at", incident.acknowledged_at);
  append_text(out, "acknowledged_by", incident.acknowledged_by);
  out += '}';
}

void append_channel(std::string& out, const alert::ChannelStatus& channel) {
  fmt::format_to(std::back_inserter(out), R"({{"channel":{},"type":"{}","waiting":{},"alerts":{})",
                 json_string(channel.name), to_string(channel.type), channel.waiting,
                 channel.incidents);
  append_time(out, "sent_at", channel.sent_at);
  append_text(out, "problem", channel.problem);
  append_time(out, "next_at", channel.next_at);
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
  append_text(out, "problem", status.problem);
  return out + "}";
}

}  // namespace cordyna
