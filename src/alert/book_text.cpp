// The book as text, for its row in the state.
#include <fmt/format.h>
#include <boost/json.hpp>

#include <exception>
#include <string>
#include <utility>

#include "alert/book.hpp"

namespace cordyna::alert {
namespace {

namespace json = boost::json;

constexpr std::int64_t kVersion = 1;

std::string text_of(const json::object& from, std::string_view key) {
  const json::value* at = from.if_contains(key);
  return at == nullptr ? std::string() : std::string(at->as_string());
}

std::int64_t number_of(const json::object& from, std::string_view key) {
  const json::value* at = from.if_contains(key);
  return at == nullptr ? 0 : at->to_number<std::int64_t>();
}

/// What has its default is left out: most of a book is that.
void put(json::object& into, std::string_view key, const std::string& text) {
  if (!text.empty()) into[key] = text;
}
void put(json::object& into, std::string_view key, std::int64_t number) {
  if (number != 0) into[key] = number;
}

json::object to_json(const Incident& one) {
  json::object out;
  put(out, "key", one.key);
  put(out, "channel", one.channel);
  put(out, "kind", std::string(cordyna::to_string(one.kind)));
  put(out, "team", one.team);
  put(out, "cause", one.cause);
  put(out, "ns", one.ns);
  put(out, "flow", one.flow_id);
  put(out, "path", one.path);
  put(out, "code", one.code);
  put(out, "text", one.text);
  put(out, "first_at", one.first_at);
  put(out, "last_at", one.last_at);
  put(out, "first_run", one.first_run);
  put(out, "last_run", one.last_run);
  put(out, "count", one.count);
  put(out, "told", one.told);
  put(out, "told_at", one.told_at);
  put(out, "opened_at", one.opened_at);
  put(out, "well_at", one.well_at);
  if (one.escalated) out["escalated"] = true;
  put(out, "acknowledged_at", one.acknowledged_at);
  put(out, "acknowledged_by", one.acknowledged_by);
  put(out, "group", one.group);
  return out;
}

Incident incident_of(const json::object& from) {
  Incident one;
  one.key = text_of(from, "key");
  one.channel = text_of(from, "channel");
  one.kind = parse_notice_kind(text_of(from, "kind")).value_or(NoticeKind::kFailed);
  one.team = text_of(from, "team");
  one.cause = text_of(from, "cause");
  one.ns = text_of(from, "ns");
  one.flow_id = text_of(from, "flow");
  one.path = text_of(from, "path");
  one.code = text_of(from, "code");
  one.text = text_of(from, "text");
  one.first_at = number_of(from, "first_at");
  one.last_at = number_of(from, "last_at");
  one.first_run = number_of(from, "first_run");
  one.last_run = number_of(from, "last_run");
  one.count = number_of(from, "count");
  one.told = number_of(from, "told");
  one.told_at = number_of(from, "told_at");
  one.opened_at = number_of(from, "opened_at");
  one.well_at = number_of(from, "well_at");
  one.escalated = from.contains("escalated");
  one.acknowledged_at = number_of(from, "acknowledged_at");
  one.acknowledged_by = text_of(from, "acknowledged_by");
  one.group = text_of(from, "group");
  return one;
}

json::object to_json(const Message& one) {
  json::object out;
  put(out, "id", one.id);
  put(out, "channel", one.channel);
  put(out, "type", static_cast<std::int64_t>(one.type));
  put(out, "at", one.at);
  json::array& incidents = out["incidents"].emplace_array();
  for (const Incident& incident : one.incidents) incidents.emplace_back(to_json(incident));
  put(out, "incidents_in_all", one.incidents_in_all);
  put(out, "notices", one.notices);
  json::array& groups = out["groups"].emplace_array();
  for (const std::string& group : one.groups) groups.emplace_back(group);
  put(out, "tries", one.tries);
  put(out, "next_at", one.next_at);
  put(out, "problem", one.problem);
  return out;
}

Message message_of(const json::object& from) {
  Message one;
  one.id = text_of(from, "id");
  one.channel = text_of(from, "channel");
  one.type = static_cast<MessageType>(number_of(from, "type") & 3);
  one.at = number_of(from, "at");
  for (const json::value& incident : from.at("incidents").as_array()) {
    one.incidents.push_back(incident_of(incident.as_object()));
  }
  one.incidents_in_all = number_of(from, "incidents_in_all");
  one.notices = number_of(from, "notices");
  for (const json::value& group : from.at("groups").as_array()) {
    one.groups.emplace_back(group.as_string());
  }
  one.tries = number_of(from, "tries");
  one.next_at = number_of(from, "next_at");
  one.problem = text_of(from, "problem");
  return one;
}

}  // namespace

class BookText {
 public:
  static std::string write(const AlertBook& book) {
    json::object out;
    out["version"] = kVersion;
    put(out, "cursor", book.cursor_);
    put(out, "next_id", book.next_id_);
    put(out, "given_up", book.given_up_);
    json::array& incidents = out["incidents"].emplace_array();
    for (const Incident& one : book.incidents_) incidents.emplace_back(to_json(one));
    json::array& waiting = out["waiting"].emplace_array();
    for (const Message& one : book.waiting_) waiting.emplace_back(to_json(one));
    return json::serialize(out);
  }

  /// Throws what the library does where it is no book.
  static AlertBook read(std::string_view text) {
    const json::value all = json::parse(json::string_view(text.data(), text.size()));
    const json::object& from = all.as_object();
    AlertBook book;
    book.cursor_ = number_of(from, "cursor");
    book.next_id_ = number_of(from, "next_id");
    book.given_up_ = number_of(from, "given_up");
    for (const json::value& one : from.at("incidents").as_array()) {
      book.incidents_.push_back(incident_of(one.as_object()));
    }
    for (const json::value& one : from.at("waiting").as_array()) {
      book.waiting_.push_back(message_of(one.as_object()));
    }
    return book;
  }
};

Result<AlertBook> AlertBook::load(std::string_view text) {
  try {
    return BookText::read(text);
  } catch (const std::exception& error) {
    return fail(ErrorCode::kCorrupt,
                fmt::format("the state of alerts cannot be read: {}", error.what()));
  }
}

std::string AlertBook::text() const {
  return BookText::write(*this);
}

}  // namespace cordyna::alert
