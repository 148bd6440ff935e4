#include "store/sqlite/events.hpp"

#include <fmt/format.h>

#include <limits>
#include <string>
#include <utility>

namespace cordyna::sqlite {
namespace {

#define CORDYNA_EVENT_COLUMNS                                                                 \
  "no, ns, flow_id, trigger, event_id, state, at, settled_at, run, source, payload, detail, " \
  "tries"

constexpr std::string_view kInsert =
    "INSERT INTO event (" CORDYNA_EVENT_COLUMNS
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
constexpr std::string_view kChange =
    "UPDATE event SET state = ?2, settled_at = ?3, run = ?4, detail = ?5, tries = ?6"
    " WHERE no = ?1 AND state = ?7";
constexpr std::string_view kRemove = "DELETE FROM event WHERE no = ?1 AND state <> 'pending'";
constexpr std::string_view kByNo = "SELECT " CORDYNA_EVENT_COLUMNS " FROM event WHERE no = ?1";
constexpr std::string_view kByKey =
    "SELECT " CORDYNA_EVENT_COLUMNS
    " FROM event INDEXED BY event_once WHERE ns = ?1 AND flow_id = ?2 AND trigger = ?3"
    " AND event_id = ?4";
// ?1 numbers below, ?2 whether only of namespace ?3, ?4 flow or '', ?5 trigger or '', ?6 limit,
// ?7 state or ''.
#define CORDYNA_EVENT_FILTER                                                       \
  " no < ?1 AND (?2 = 0 OR ns = ?3) AND (?4 = '' OR flow_id = ?4) AND (?5 = '' OR" \
  " trigger = ?5)"
constexpr std::string_view kList =
    "SELECT " CORDYNA_EVENT_COLUMNS " FROM event WHERE" CORDYNA_EVENT_FILTER
    " AND (?7 = '' OR state = ?7) ORDER BY no DESC LIMIT ?6";
// So that the few that are open are found among millions.
constexpr std::string_view kListPending =
    "SELECT " CORDYNA_EVENT_COLUMNS
    " FROM event INDEXED BY event_open WHERE state = 'pending' AND" CORDYNA_EVENT_FILTER
    " ORDER BY no DESC LIMIT ?6";
constexpr std::string_view kListDead =
    "SELECT " CORDYNA_EVENT_COLUMNS
    " FROM event INDEXED BY event_open WHERE state = 'dead' AND" CORDYNA_EVENT_FILTER
    " ORDER BY no DESC LIMIT ?6";
constexpr std::string_view kPending =
    "SELECT " CORDYNA_EVENT_COLUMNS
    " FROM event INDEXED BY event_open WHERE state = 'pending' AND no > ?1 ORDER BY no LIMIT ?2";
constexpr std::string_view kOld =
    "SELECT no, at, state FROM event WHERE no > ?1 ORDER BY no LIMIT ?2";
// ?1 how many of each are counted.
constexpr std::string_view kCountOpen =
    "SELECT ns, flow_id, trigger, sum(state = 'pending'), sum(state = 'dead') FROM ("
    "SELECT * FROM (SELECT ns, flow_id, trigger, state FROM event INDEXED BY event_open"
    " WHERE state = 'pending' ORDER BY no LIMIT ?1)"
    " UNION ALL SELECT * FROM (SELECT ns, flow_id, trigger, state FROM event INDEXED BY event_open"
    " WHERE state = 'dead' ORDER BY no LIMIT ?1)) GROUP BY ns, flow_id, trigger"
    " ORDER BY ns, flow_id, trigger";
constexpr std::string_view kPutPosition =
    "INSERT INTO input_position (input, position) VALUES (?1, ?2)"
    " ON CONFLICT (input) DO UPDATE SET position = ?2";
constexpr std::string_view kForgetMark = "DELETE FROM input_position WHERE input = ?1";
constexpr std::string_view kPosition = "SELECT position FROM input_position WHERE input = ?1";
constexpr std::string_view kMarks =
    "SELECT input, position FROM input_position WHERE input > ?1 AND input < ?2"
    " ORDER BY input LIMIT ?3";

// No name of an input has one. A mark stands behind its input's name and this.
constexpr char kBeforeMark = '\n';
// The index alone tells the number.
constexpr std::string_view kLast =
    "SELECT no, at FROM event WHERE no = (SELECT max(no) FROM event INDEXED BY event_once"
    " WHERE ns = ?1 AND flow_id = ?2 AND trigger = ?3)";

Result<> unknown_state(std::string_view word) {
  return fail(ErrorCode::kCorrupt,
              fmt::format("'{}' is no state of an event that this version knows", word));
}

Result<EventRow> read_event(const Statement& row) {
  EventRow event;
  event.no = row.integer(0);
  event.ns = row.text(1);
  event.flow_id = row.text(2);
  event.trigger = row.text(3);
  event.event_id = row.text(4);
  event.from = parse_event_state(row.text(5));
  if (!event.from.has_value()) TRY(unknown_state(row.text(5)));
  event.state = *event.from;
  event.at = row.integer(6);
  event.settled_at = row.integer(7);
  event.run = row.integer(8);
  event.source = row.text(9);
  event.payload = row.text(10);
  event.detail = row.text(11);
  event.tries = row.integer(12);
  return event;
}

std::string name_of(const EventRow& row) {
  return fmt::format("event '{}' of trigger '{}' of flow '{}'", row.event_id, row.trigger,
                     row.flow_id);
}

Result<> prepare_late(Database& database, std::optional<Statement>& statement,
                      std::string_view sql) {
  if (statement.has_value()) return {};
  TRY_ASSIGN(Statement prepared, database.prepare(sql));
  statement.emplace(std::move(prepared));
  return {};
}

}  // namespace

Result<> EventWriter::write(const ChangeSet& changes) {
  for (const EventRow& row : changes.events) TRY(row.from.has_value() ? change(row) : insert(row));
  for (const PositionRow& row : changes.positions) TRY(put(row));
  if (changes.removed_events.empty()) return {};
  TRY(prepare_late(database_, remove_, kRemove));
  for (const EventNo no : changes.removed_events) {
    remove_->bind(1, no);
    const int rc = remove_->run();
    if (rc != SQLITE_DONE) return database_.error(rc);
  }
  return {};
}

Result<> EventWriter::insert(const EventRow& row) {
  TRY(prepare_late(database_, insert_, kInsert));
  insert_->bind(1, row.no);
  insert_->bind(2, row.ns);
  insert_->bind(3, row.flow_id);
  insert_->bind(4, row.trigger);
  insert_->bind(5, row.event_id);
  insert_->bind(6, to_string(row.state));
  insert_->bind(7, row.at);
  insert_->bind(8, row.settled_at);
  insert_->bind(9, row.run);
  insert_->bind(10, row.source);
  insert_->bind(11, row.payload);
  insert_->bind(12, row.detail);
  insert_->bind(13, row.tries);
  const int rc = insert_->run();
  constexpr int kPrimary = 0xff;  // of a code its kind, without the detail
  if ((rc & kPrimary) == SQLITE_CONSTRAINT) {
    return fail(ErrorCode::kConflict,
                fmt::format("{} (number {}) cannot be written: it is there already, or is not "
                            "what an event must be",
                            name_of(row), row.no));
  }
  if (rc != SQLITE_DONE) return database_.error(rc);
  return {};
}

Result<> EventWriter::change(const EventRow& row) {
  TRY(prepare_late(database_, change_, kChange));
  change_->bind(1, row.no);
  change_->bind(2, to_string(row.state));
  change_->bind(3, row.settled_at);
  change_->bind(4, row.run);
  change_->bind(5, row.detail);
  change_->bind(6, row.tries);
  change_->bind(7, to_string(*row.from));
  const int rc = change_->run();
  if (rc != SQLITE_DONE) return database_.error(rc);
  if (sqlite3_changes(database_.handle()) == 1) return {};
  return fail(ErrorCode::kConflict,
              fmt::format("event {} is not '{}' any more", row.no, to_string(*row.from)));
}

Result<> EventWriter::put(const PositionRow& row) {
  if (!row.mark.empty() && row.position.empty()) return forget(row);
  TRY(prepare_late(database_, position_, kPutPosition));
  const std::string mark = row.mark.empty() ? "" : row.input + kBeforeMark + row.mark;
  position_->bind(1, row.mark.empty() ? row.input : mark);
  position_->bind(2, row.position);
  const int rc = position_->run();
  if (rc != SQLITE_DONE) return database_.error(rc);
  return {};
}

Result<> EventWriter::forget(const PositionRow& mark) {
  TRY(prepare_late(database_, forget_, kForgetMark));
  const std::string name = mark.input + kBeforeMark + mark.mark;
  forget_->bind(1, name);
  const int rc = forget_->run();
  if (rc != SQLITE_DONE) return database_.error(rc);
  return {};
}

Result<std::string> EventQueries::position(std::string_view input) {
  TRY_ASSIGN(Statement position, database_.prepare(kPosition));
  position.bind(1, input);
  const ResetGuard reset(position);
  TRY_ASSIGN(const bool there, position.step());
  return there ? std::string(position.text(0)) : std::string();
}

Result<std::vector<PositionRow>> EventQueries::marks(std::string_view input, std::string_view after,
                                                     std::uint32_t limit) {
  const std::string before = std::string(input) + kBeforeMark;
  const std::string end = std::string(input) + static_cast<char>(kBeforeMark + 1);
  const std::string from = before + std::string(after);
  TRY_ASSIGN(Statement query, database_.prepare(kMarks));
  query.bind(1, from);
  query.bind(2, end);
  query.bind(3, std::int64_t{limit});
  const ResetGuard reset(query);
  std::vector<PositionRow> rows;
  while (true) {
    TRY_ASSIGN(const bool there, query.step());
    if (!there) return rows;
    PositionRow& row = rows.emplace_back();
    row.input = input;
    row.mark = query.text(0).substr(before.size());
    row.position = query.text(1);
  }
}

Result<EventRow> EventQueries::find(EventNo no) {
  TRY_ASSIGN(Statement event, database_.prepare(kByNo));
  event.bind(1, no);
  TRY_ASSIGN(std::vector<EventRow> found, collect<EventRow>(event, read_event));
  if (!found.empty()) return std::move(found.front());
  return fail(ErrorCode::kNotFound, fmt::format("there is no event {}", no));
}

Result<std::optional<EventRow>> EventQueries::find(const EventKey& key) {
  TRY(prepare_late(database_, by_key_, kByKey));
  by_key_->bind(1, key.ns);
  by_key_->bind(2, key.flow_id);
  by_key_->bind(3, key.trigger);
  by_key_->bind(4, key.event_id);
  TRY_ASSIGN(std::vector<EventRow> found, collect<EventRow>(*by_key_, read_event));
  if (found.empty()) return std::optional<EventRow>();
  return std::optional(std::move(found.front()));
}

Result<std::vector<EventRow>> EventQueries::list(const EventFilter& filter) {
  std::string_view sql = kList;
  if (filter.state == EventState::kPending) sql = kListPending;
  if (filter.state == EventState::kDead) sql = kListDead;
  TRY_ASSIGN(Statement events, database_.prepare(sql));
  events.bind(1, filter.before == 0 ? std::numeric_limits<EventNo>::max() : filter.before);
  events.bind(2, std::int64_t{filter.ns.has_value() ? 1 : 0});
  const std::string ns = filter.ns.value_or("");
  events.bind(3, ns);
  events.bind(4, filter.flow_id);
  events.bind(5, filter.trigger);
  events.bind(6, filter.limit);
  if (sql == kList) {
    events.bind(7, filter.state.has_value() ? to_string(*filter.state) : std::string_view());
  }
  return collect<EventRow>(events, read_event);
}

Result<std::vector<EventRow>> EventQueries::list_pending(EventNo after, std::uint32_t limit) {
  TRY_ASSIGN(Statement events, database_.prepare(kPending));
  events.bind(1, after);
  events.bind(2, limit);
  return collect<EventRow>(events, read_event);
}

Result<std::vector<OldEvent>> EventQueries::list_old(EventNo after, Millis before,
                                                     std::uint32_t limit) {
  TRY_ASSIGN(Statement events, database_.prepare(kOld));
  events.bind(1, after);
  events.bind(2, limit);
  const ResetGuard reset(events);
  std::vector<OldEvent> found;
  for (;;) {
    TRY_ASSIGN(const bool there, events.step());
    // They are in the order in which they came.
    if (!there || events.integer(1) >= before) return found;
    found.push_back({events.integer(0), events.text(2) == to_string(EventState::kPending)});
  }
}

Result<EventCounts> EventQueries::count() {
  EventCounts counts;
  TRY_ASSIGN(counts.last, database_.number("SELECT ifnull(max(no), 0) FROM event"));
  TRY_ASSIGN(counts.pending, database_.number("SELECT count(*) FROM event INDEXED BY event_open"
                                              " WHERE state = 'pending'"));
  TRY_ASSIGN(counts.dead, database_.number("SELECT count(*) FROM event INDEXED BY event_open"
                                           " WHERE state = 'dead'"));
  return counts;
}

Result<std::vector<OpenEvents>> EventQueries::count_open(std::uint32_t limit) {
  TRY_ASSIGN(Statement counts, database_.prepare(kCountOpen));
  counts.bind(1, limit);
  return collect<OpenEvents>(counts, [](const Statement& row) -> Result<OpenEvents> {
    return OpenEvents{std::string(row.text(0)), std::string(row.text(1)), std::string(row.text(2)),
                      row.integer(3), row.integer(4)};
  });
}

Result<LastEvent> EventQueries::last(std::string_view ns, std::string_view flow_id,
                                     std::string_view trigger) {
  TRY_ASSIGN(Statement event, database_.prepare(kLast));
  event.bind(1, ns);
  event.bind(2, flow_id);
  event.bind(3, trigger);
  TRY_ASSIGN(const std::vector<LastEvent> found,
             collect<LastEvent>(event, [](const Statement& row) -> Result<LastEvent> {
               return LastEvent{row.integer(0), row.integer(1)};
             }));
  return found.empty() ? LastEvent() : found.front();
}

}  // namespace cordyna::sqlite
