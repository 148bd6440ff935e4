#include "input/postgres/changes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "base/json_text.hpp"
#include "base/text.hpp"
#include "input/postgres/rows.hpp"

namespace cordyna::input {
namespace {

constexpr std::string_view kOwnSchema = "cordyna";  // of outboxes, whose rows are nobody's events

std::string member_of(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(name);
  const boost::json::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

void add_member(std::string& out, std::string_view name, std::string_view json) {
  out += fmt::format("{}{}:{}", out.empty() ? "" : ",", json_string(name), json);
}

std::string value_json(const PgoValue& value, PgValueType type) {
  return value.kind == PgoValue::Kind::kText ? json_of(type, value.text) : "null";
}

}  // namespace

std::string to_text(const ChangePosition& position) {
  return fmt::format(R"({{"system":{},"lsn":"{}","changes":"{}"}})", json_string(position.system),
                     lsn_text(position.lsn), position.changes);
}

Result<ChangePosition> parse_change_position(std::string_view text) {
  ChangePosition position;
  if (text.empty()) return position;
  boost::system::error_code error;
  const boost::json::value parsed = boost::json::parse(text, error);
  const boost::json::object* object = error ? nullptr : parsed.if_object();
  if (object != nullptr) {
    position.system = member_of(*object, "system");
    const auto lsn = parse_lsn(member_of(*object, "lsn"));
    const std::string changes = member_of(*object, "changes");
    const auto [end, wrong] =
        std::from_chars(changes.data(), changes.data() + changes.size(), position.changes);
    const bool whole = wrong == std::errc() && end == changes.data() + changes.size();
    if (!position.system.empty() && lsn.has_value() && whole) {
      position.lsn = *lsn;
      return position;
    }
  }
  return fail(ErrorCode::kCorrupt,
              fmt::format("the position of the input is not one of a replication slot: {}",
                          fit(printable(text), 100)));
}

Result<> ChangeReader::take(const PgoMessage& message, std::vector<ChangeEvent>& out) {
  if (const auto* begin = std::get_if<PgoBegin>(&message)) {
    begin_ = *begin;
    open_ = true;
    changes_ = 0;
  } else if (const auto* commit = std::get_if<PgoCommit>(&message)) {
    open_ = false;
    whole_ = commit->end_lsn;
  } else if (const auto* relation = std::get_if<PgoRelation>(&message)) {
    TRY_ASSIGN(TableFacts facts, find_(*relation));
    if (facts.types.size() != relation->columns.size()) {
      return fail(ErrorCode::kInternal, "a table's columns and types differ in number");
    }
    tables_[relation->id] = {*relation, std::move(facts)};
  } else if (const auto* change = std::get_if<PgoChange>(&message)) {
    return take_change(*change, out);
  } else if (const auto* truncate = std::get_if<PgoTruncate>(&message)) {
    return take_truncate(*truncate, out);
  }
  return {};
}

Result<const ChangeReader::Table*> ChangeReader::table_of(std::uint32_t id) const {
  const auto found = tables_.find(id);
  if (open_ && found != tables_.end()) return &found->second;
  return fail(ErrorCode::kCorrupt,
              open_ ? fmt::format("the server tells of a table {} that it did not describe", id)
                    : std::string("the server tells of a change outside of a transaction"));
}

bool ChangeReader::count() {
  ++changes_;
  if (begin_.final_lsn != position_.lsn) return begin_.final_lsn > position_.lsn;
  return changes_ > position_.changes;
}

ChangeEvent ChangeReader::begin_event(const Table& table, Operation operation) const {
  ChangeEvent out;
  out.position = {position_.system, begin_.final_lsn, changes_};
  out.event.location = table.relation.schema + "." + table.relation.name;
  out.event.operation = operation;
  out.event.at = EventTime(std::chrono::milliseconds(begin_.at));
  out.event.key =
      fmt::format("pgl:{}:{}:{}", position_.system, lsn_text(begin_.final_lsn), changes_);
  out.key_json = "null";
  return out;
}

Result<> ChangeReader::take_change(const PgoChange& change, std::vector<ChangeEvent>& out) {
  TRY_ASSIGN(const Table* table, table_of(change.relation));
  const std::vector<PgoColumn>& columns = table->relation.columns;
  const PgoRow& row = change.after.has_value() ? *change.after : *change.before;
  if (row.size() != columns.size()) {
    return fail(ErrorCode::kCorrupt, fmt::format("a row of {} has {} columns, and its table {}",
                                                 table->relation.name, row.size(), columns.size()));
  }
  if (!count() || table->relation.schema == kOwnSchema) return {};
  constexpr Operation kOperations[] = {Operation::kCreate, Operation::kUpdate, Operation::kDelete};
  ChangeEvent event = begin_event(*table, kOperations[static_cast<std::size_t>(change.kind)]);
  std::string key;
  for (const std::string& name : table->facts.key) {
    const auto column = std::ranges::find(columns, name, &PgoColumn::name);
    if (column == columns.end()) continue;
    const auto at = static_cast<std::size_t>(column - columns.begin());
    add_member(key, name, value_json(row[at], table->facts.types[at]));
  }
  if (!key.empty()) event.key_json = "{" + key + "}";
  event.event.id = id_of_key(event.key_json);
  std::string whole;
  std::string unchanged;
  const bool key_alone = change.kind == PgoChange::Kind::kDelete && !change.before_whole;
  for (std::size_t i = 0; whole_rows_ && !key_alone && i < row.size(); ++i) {
    PgoValue value = row[i];
    // The row before has it, where the table tells whole rows.
    if (value.kind == PgoValue::Kind::kUnchanged && change.before_whole)
      value = (*change.before)[i];
    if (value.kind == PgoValue::Kind::kUnchanged) {
      unchanged += (unchanged.empty() ? "" : ",") + json_string(columns[i].name);
      continue;
    }
    add_member(whole, columns[i].name, value_json(value, table->facts.types[i]));
  }
  if (whole.size() > row_bytes_) {
    event.event = problem_of(
        event.event, event.key_json,
        fmt::format("the row has {} bytes as JSON, too many for an event", whole.size()));
  } else {
    event.event.data = fmt::format(R"({{"key":{}{}{}}})", event.key_json,
                                   !whole_rows_ ? ""
                                   : key_alone  ? R"(,"row":null)"
                                                : R"(,"row":{)" + whole + "}",
                                   unchanged.empty() ? "" : R"(,"unchanged":[)" + unchanged + "]");
  }
  out.push_back(std::move(event));
  return {};
}

Result<> ChangeReader::take_truncate(const PgoTruncate& truncate, std::vector<ChangeEvent>& out) {
  for (const std::uint32_t id : truncate.relations) {
    TRY_ASSIGN(const Table* table, table_of(id));
    if (!count() || table->relation.schema == kOwnSchema) continue;
    ChangeEvent event = begin_event(*table, Operation::kDelete);
    event.event.data = whole_rows_ ? R"({"key":null,"row":null})" : R"({"key":null})";
    out.push_back(std::move(event));
  }
  return {};
}

}  // namespace cordyna::input
