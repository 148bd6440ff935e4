#include "input/postgres/rows.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <charconv>

#include "base/json_text.hpp"
#include "base/text.hpp"

namespace cordyna::input {
namespace {

namespace json = boost::json;

constexpr std::size_t kColumns = 9;
constexpr std::size_t kIdMax = 1'000;  // of an event's id; what is longer stands in `data` alone

std::unexpected<Error> bad_row(std::string_view what) {
  return fail(ErrorCode::kCorrupt,
              fmt::format("the outbox has a row that this input did not write: {}", what));
}

bool read_number(std::string_view text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

Result<Operation> operation_of(std::string_view op) {
  if (op == "c") return Operation::kCreate;
  if (op == "u") return Operation::kUpdate;
  if (op == "d" || op == "t") return Operation::kDelete;
  return bad_row(fmt::format("its operation is '{}'", printable(op)));
}

std::string text_of(const json::value& value) {
  const json::string* text = value.if_string();
  return text != nullptr ? std::string(text->data(), text->size()) : json::serialize(value);
}

}  // namespace

std::string id_of_key(const std::optional<std::string>& key) {
  if (!key.has_value()) return {};
  boost::system::error_code error;
  const json::value parsed = json::parse(*key, error);
  const json::object* object = error ? nullptr : parsed.if_object();
  if (object == nullptr || object->empty()) return {};
  std::string id;
  if (object->size() == 1) {
    id = text_of(object->begin()->value());
  } else {
    json::array values;
    for (const auto& [name, value] : *object) values.push_back(value);
    id = json::serialize(values);
  }
  return id.size() <= kIdMax ? id : std::string();
}

std::string to_text(const OutboxPosition& position) {
  return fmt::format(R"({{"system":{},"xid":"{}","id":"{}"}})", json_string(position.system),
                     position.xid, position.id);
}

Result<OutboxPosition> parse_position(std::string_view text) {
  OutboxPosition position;
  if (text.empty()) return position;
  boost::system::error_code error;
  const json::value parsed = json::parse(text, error);
  const json::object* object = error ? nullptr : parsed.if_object();
  const auto member = [object](std::string_view name) -> std::string {
    const json::value* value = object == nullptr ? nullptr : object->if_contains(name);
    return value == nullptr || !value->is_string() ? std::string() : text_of(*value);
  };
  position.system = member("system");
  if (!position.system.empty() && read_number(member("xid"), position.xid) &&
      read_number(member("id"), position.id)) {
    return position;
  }
  return fail(ErrorCode::kCorrupt,
              fmt::format("the position of the input is not one of a PostgreSQL outbox: {}",
                          fit(printable(text), 100)));
}

Result<OutboxEvent> event_of(const OutboxRow& row, const std::string& system, bool whole_rows) {
  OutboxEvent out;
  if (row.size() != kColumns) return bad_row("it has other columns");
  for (const std::size_t column : {0U, 1U, 2U, 3U, 4U, 5U}) {
    if (!row[column].has_value()) return bad_row("a value is missing");
  }
  std::uint64_t at = 0;
  if (!read_number(*row[0], out.position.xid) || !read_number(*row[1], out.position.id) ||
      !read_number(*row[2], at)) {
    return bad_row("a number is none");
  }
  out.position.system = system;
  out.key_json = row[6].value_or("null");
  TRY_ASSIGN(out.event.operation, operation_of(*row[3]));
  out.event.location = *row[4] + "." + *row[5];
  out.event.id = id_of_key(row[6]);
  out.event.at = EventTime(std::chrono::milliseconds(at));
  out.event.key = fmt::format("pg:{}:{}:{}", system, out.position.xid, out.position.id);
  if (whole_rows && row[8].has_value() && !row[7].has_value()) {
    out.event =
        problem_of(out.event, out.key_json,
                   fmt::format("the row has {} bytes as JSON, too many for an event", *row[8]));
  } else if (whole_rows) {
    out.event.data = fmt::format(R"({{"key":{},"row":{}}})", out.key_json, row[7].value_or("null"));
  } else {
    out.event.data = fmt::format(R"({{"key":{}}})", out.key_json);
  }
  return out;
}

Event problem_of(const Event& event, std::string_view key_json, std::string_view problem) {
  Event out = event;
  out.data = fmt::format(R"({{"key":{},"problem":{}}})", key_json, json_string(problem));
  return out;
}

}  // namespace cordyna::input
