#include "alert/words.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <set>

#include "base/text.hpp"

namespace cordyna::alert {
namespace {

namespace json = boost::json;

constexpr std::size_t kDescriptionColumns = 300;
constexpr std::size_t kSummaryBytes = 1000;  // PagerDuty takes 1024

std::string_view verb_of(const Incident& one) {
  switch (one.kind) {
    case NoticeKind::kFailed: return "failed";
    case NoticeKind::kBlocked: return "is blocked";
    case NoticeKind::kHeld: return "waits for a person";
    case NoticeKind::kRetrying: return "is tried again";
    case NoticeKind::kLate: return "is late";
    case NoticeKind::kStuck: return "is stuck";
    case NoticeKind::kLost: break;
  }
  return "is lost";
}

/// What it is when it is over.
std::string_view over_of(const Incident& one) {
  switch (one.kind) {
    case NoticeKind::kHeld: return "does not wait any more";
    case NoticeKind::kLate: return "has ended";
    case NoticeKind::kStuck: return "is not stuck any more";
    case NoticeKind::kFailed:
    case NoticeKind::kBlocked:
    case NoticeKind::kRetrying:
    case NoticeKind::kLost: break;
  }
  return "is well again";
}

std::string times_of(std::int64_t count) {
  return count == 1 ? std::string()
                    : fmt::format(" {} times", grouped(static_cast<std::size_t>(count)));
}

std::string description_of(const Incident& one) {
  const std::string code = one.code.empty() ? std::string() : one.code + ": ";
  return code + fit(printable(one.text), kDescriptionColumns);
}

std::string link_of(const Incident& one, std::string_view base) {
  if (base.empty()) return {};
  if (one.last_run > 0) return fmt::format("{}/runs/{}", base, one.last_run);
  return fmt::format("{}/network", base);
}

std::string runs_of(const Incident& one) {
  if (one.last_run == 0) return {};
  if (one.first_run == one.last_run || one.count == 1) return fmt::format(", run {}", one.last_run);
  return fmt::format(", runs {} to {}", one.first_run, one.last_run);
}

std::string line_of(const Message& message, const Incident& one, std::string_view base) {
  std::string line;
  if (message.type == MessageType::kRecovered) {
    line = fmt::format("- {} {}, since {}; it {}{} since {}", what_of(one), over_of(one),
                       seconds_text(one.well_at), verb_of(one), times_of(one.count),
                       seconds_text(one.first_at));
  } else {
    line = fmt::format("- {} {}{}: {} (team {}{}, since {}{})", what_of(one), verb_of(one),
                       times_of(one.count), description_of(one), one.team,
                       one.cause.empty() || one.cause == one.team ? std::string()
                                                                  : ", caused by team " + one.cause,
                       seconds_text(one.first_at), runs_of(one));
    if (one.well_at != 0) line += fmt::format("; well again since {}", seconds_text(one.well_at));
  }
  const std::string link = link_of(one, base);
  if (!link.empty()) line += "\n  " + link;
  return line;
}

std::string teams_of(const Message& message) {
  std::set<std::string> teams;
  for (const Incident& one : message.incidents) teams.insert(one.team);
  std::string out;
  for (const std::string& team : teams) out += (out.empty() ? "" : ", ") + team;
  return out;
}

std::string note_title(const Note& note) {
  if (!note.title.empty()) return note.title;
  const std::string_view text(note.text);
  return fit(text.substr(0, text.find('\n')), kDescriptionColumns);
}

/// What it says, and who says it.
std::string note_text(const Note& note) {
  std::string text;
  for (std::string_view rest(note.text); !rest.empty();) {
    const std::size_t end = rest.find('\n');
    text += printable(rest.substr(0, end)) + "\n";
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return text + fmt::format("({}#{}, run {})", note.flow, note.task, note.run);
}

std::string title_of(const Message& message) {
  if (message.type == MessageType::kTest) return "Cordyna: this channel works";
  if (message.type == MessageType::kNote) return note_title(message.note);
  const std::string teams = teams_of(message);
  const std::string_view still = message.type == MessageType::kEscalated ? "not well yet: " : "";
  if (message.incidents_in_all == 1 && !message.incidents.empty()) {
    const Incident& one = message.incidents.front();
    if (message.type == MessageType::kRecovered) {
      return fmt::format("{}: {} {}", teams, what_of(one), over_of(one));
    }
    return fmt::format("{}: {}{} {}{}", teams, still, what_of(one), verb_of(one),
                       times_of(one.count));
  }
  const auto many = grouped(static_cast<std::size_t>(message.incidents_in_all));
  const auto all_are = [&](auto is) { return std::ranges::all_of(message.incidents, is); };
  if (message.type == MessageType::kRecovered) {
    return fmt::format("{}: {} things are well again", teams, many);
  }
  if (all_are([](const Incident& one) { return one.kind == NoticeKind::kHeld; })) {
    return fmt::format("{}: {}{} tasks wait for a person", teams, still, many);
  }
  if (all_are([](const Incident& one) { return is_of_a_moment(one.kind); })) {
    return fmt::format("{}: {}{} things want to be looked at", teams, still, many);
  }
  return fmt::format("{}: {}{} things went wrong", teams, still, many);
}

/// Slack takes these three for its own signs.
std::string slack_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string utf8(std::string_view text) {
  std::string quoted;
  append_json(quoted, text);  // bytes that are not UTF-8 go
  return std::string(json::parse(quoted).as_string());
}

json::object incident_json(const Incident& one, std::string_view base) {
  json::object out;
  out["kind"] = to_string(one.kind);
  out["what"] = utf8(what_of(one));
  out["team"] = utf8(one.team);
  if (!one.cause.empty()) out["cause"] = utf8(one.cause);
  if (!one.flow_id.empty()) {
    out["namespace"] = utf8(one.ns);
    out["flow"] = utf8(one.flow_id);
  }
  if (!one.path.empty()) out["task"] = utf8(one.path);
  if (!one.code.empty()) out["code"] = one.code;
  out["description"] = utf8(one.text);
  if (one.last_run > 0) {
    out["first_run"] = one.first_run;
    out["last_run"] = one.last_run;
  }
  out["count"] = one.count;
  out["since"] = seconds_text(one.first_at);
  out["last_at"] = seconds_text(one.last_at);
  if (one.well_at != 0) out["well_since"] = seconds_text(one.well_at);
  const std::string link = link_of(one, base);
  if (!link.empty()) out["url"] = link;
  return out;
}

std::string pagerduty_event(std::string_view key, std::string_view action, std::string_view group) {
  json::object out;
  out["routing_key"] = key;
  out["event_action"] = action;
  out["dedup_key"] = fmt::format("cordyna/{}", group);
  return json::serialize(out);
}

std::string pagerduty_trigger(const Message& message, std::string_view base, std::string_view key) {
  const Words words = words_of(message, base);
  const bool is_told = message.type == MessageType::kTest || message.type == MessageType::kNote;
  const std::string& group = message.incidents.empty() || message.incidents.front().group.empty()
                                 ? message.id
                                 : message.incidents.front().group;
  json::object payload;
  payload["summary"] = fit(words.title, kSummaryBytes);
  payload["source"] = base.empty() ? "cordyna" : std::string(base);
  const bool is_wrong = std::ranges::any_of(
      message.incidents, [](const Incident& one) { return !is_of_a_moment(one.kind); });
  payload["severity"] = is_told ? "info" : is_wrong ? "error" : "warning";
  payload["timestamp"] = seconds_text(message.at);
  if (!message.incidents.empty()) payload["group"] = utf8(message.incidents.front().team);
  payload["custom_details"] = json::parse(webhook_body(message, base));
  json::object out;
  out["routing_key"] = key;
  out["event_action"] = "trigger";
  out["dedup_key"] = fmt::format("cordyna/{}", group);
  out["client"] = "Cordyna";
  if (!base.empty()) out["client_url"] = base;
  out["payload"] = std::move(payload);
  return json::serialize(out);
}

}  // namespace

Words words_of(const Message& message, std::string_view base) {
  Words words{.title = printable(title_of(message))};
  if (message.type == MessageType::kTest) {
    words.text = "Somebody tried it. Nothing is wrong.";
    return words;
  }
  if (message.type == MessageType::kNote) {
    words.text = note_text(message.note);
    return words;
  }
  for (const Incident& one : message.incidents) {
    words.text += (words.text.empty() ? "" : "\n") + line_of(message, one, base);
  }
  const auto shown = static_cast<std::int64_t>(message.incidents.size());
  if (message.incidents_in_all > shown) {
    words.text += fmt::format("\n… and {} more",
                              grouped(static_cast<std::size_t>(message.incidents_in_all - shown)));
  }
  return words;
}

std::string slack_body(const Words& words) {
  json::object out;
  out["text"] = fmt::format("*{}*\n{}", slack_text(words.title), slack_text(utf8(words.text)));
  return json::serialize(out);
}

std::string webhook_body(const Message& message, std::string_view base) {
  const Words words = words_of(message, base);
  json::object out;
  out["id"] = message.id;
  out["type"] = to_string(message.type);
  out["at"] = seconds_text(message.at);
  out["channel"] = message.channel;
  out["title"] = words.title;
  out["text"] = utf8(words.text);
  if (message.type == MessageType::kNote) {
    out["flow"] = message.note.flow;
    out["task"] = utf8(message.note.task);
    out["run"] = message.note.run;
    return json::serialize(out);
  }
  json::array& incidents = out["incidents"].emplace_array();
  for (const Incident& one : message.incidents) incidents.emplace_back(incident_json(one, base));
  out["incidents_in_all"] = message.incidents_in_all;
  out["notices"] = message.notices;
  return json::serialize(out);
}

std::vector<std::string> pagerduty_bodies(const Message& message, std::string_view base,
                                          std::string_view key) {
  std::vector<std::string> out;
  if (message.type == MessageType::kRecovered) {
    for (const std::string& group : message.groups) {
      out.push_back(pagerduty_event(key, "resolve", group));
    }
    return out;
  }
  out.push_back(pagerduty_trigger(message, base, key));
  if (message.type == MessageType::kTest) {
    out.push_back(pagerduty_event(key, "resolve", message.id));
  }
  return out;
}

}  // namespace cordyna::alert
