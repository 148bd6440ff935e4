#include "input/postgres/database.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace cordyna::input {
namespace {

constexpr std::size_t kBatchRows = 1'000;
constexpr std::size_t kBatchBytes = std::size_t{8} << 20;

/// What every connection of ours goes by.
constexpr const char* kSettings =
    "SET standard_conforming_strings = on; SET DateStyle = ISO; SET search_path = pg_catalog; "
    "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; "
    // What is taken away is read already: if the server forgets that, it is taken away again.
    "SET synchronous_commit = off";

}  // namespace

Result<PgDatabase> PgDatabase::open(const PostgresPlan& plan, const Wake& wake) {
  PgTarget target;
  target.text = plan.connection;
  // An empty text is libpq's own: PGHOST, PGSERVICE and their like.
  TRY_ASSIGN(PgConnection connection, result_of(PgConnection::open(target, wake)));
  PgDatabase database(plan, std::move(connection));
  TRY(database.ask(kSettings));
  return database;
}

Result<PgRows> PgDatabase::ask(const std::string& sql, const std::vector<std::string>& values) {
  return result_of(connection_.run(sql, values));
}

/// Of one transaction, by one program at a time: two that install at once would lock each other
/// out.
Result<> PgDatabase::change(const std::string& sql) {
  const auto done = ask(
      fmt::format("BEGIN; SET LOCAL lock_timeout = '5s'; SET LOCAL synchronous_commit = on; SELECT "
                  "pg_advisory_xact_lock(hashtext('cordyna'), 0);\n"
                  "{};\nCOMMIT",
                  sql));
  if (done.has_value()) return {};
  [[maybe_unused]] const auto undone = ask("ROLLBACK");
  return std::unexpected<Error>(done.error());
}

Result<> PgDatabase::check_tables() {
  for (const PgTable& table : plan_->tables) {
    TRY_ASSIGN(const PgRows found,
               ask("SELECT c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                   "WHERE n.nspname = $1 AND c.relname = $2",
                   {table.schema, table.name}));
    const std::string kind = found.rows.empty() ? "" : found.rows.front().front().value_or("");
    if (kind == "r" || kind == "p") continue;
    return fail(ErrorCode::kNotFound,
                kind.empty()
                    ? fmt::format("there is no table {}.{}", table.schema, table.name)
                    : fmt::format("{}.{} is no table: its changes cannot be told; name the tables "
                                  "behind it",
                                  table.schema, table.name));
  }
  return {};
}

Result<> PgDatabase::install() {
  TRY(check_tables());
  TRY(change(install_outbox_sql(plan_->id, plan_->whole_rows)));
  TRY_ASSIGN(const PgRows strays,
             ask(stray_triggers_sql(plan_->id, plan_->tables, plan_->operations)));
  for (const PgRow& row : strays.rows) TRY(change(row.front().value_or("")));
  TRY_ASSIGN(const PgRows missing,
             ask(missing_triggers_sql(plan_->id, plan_->tables, plan_->operations)));
  for (const PgRow& row : missing.rows) {
    TRY(change(add_triggers_sql(plan_->id, {row[0].value_or(""), row[1].value_or("")},
                                plan_->operations)));
  }
  return {};
}

Result<std::size_t> PgDatabase::watch_new_tables() {
  std::size_t count = 0;
  TRY_ASSIGN(const PgRows missing,
             ask(missing_triggers_sql(plan_->id, plan_->tables, plan_->operations)));
  for (const PgRow& row : missing.rows) {
    const auto added = change(
        add_triggers_sql(plan_->id, {row[0].value_or(""), row[1].value_or("")}, plan_->operations));
    if (added.has_value()) ++count;  // one that is locked, or was dropped meanwhile, waits
    if (!added.has_value() && added.error().code == ErrorCode::kCancelled) {
      return std::unexpected<Error>(added.error());
    }
  }
  return count;
}

Result<> PgDatabase::remove() {
  return change(remove_outbox_sql(plan_->id));
}

Result<> PgDatabase::take() {
  TRY_ASSIGN(
      const PgRows taken,
      ask("SELECT pg_try_advisory_lock(hashtext('cordyna input'), hashtext($1))", {plan_->id}));
  if (taken.rows.size() == 1 && taken.rows.front().front() == "t") return {};
  return fail(
      ErrorCode::kConflict,
      fmt::format("another program reads the outbox of '{}' in this database; each input of "
                  "a database needs an id of its own",
                  plan_->id));
}

Result<> PgDatabase::listen() {
  TRY_ASSIGN(const PgRows found,
             ask("SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = "
                 "c.relnamespace WHERE n.nspname = 'cordyna' AND c.relname = $1",
                 {plan_->id}));
  if (found.rows.empty()) {
    return fail(
        ErrorCode::kNotFound,
        fmt::format("the database has no outbox of '{}': it must be installed first", plan_->id));
  }
  TRY(ask(fmt::format("LISTEN {}", quote_name(kOutboxChannel))));
  return {};
}

Result<PgDatabase::Identity> PgDatabase::identity() {
  TRY_ASSIGN(const PgRows rows,
             ask("SELECT system_identifier::text, pg_snapshot_xmax(pg_current_snapshot())::text, "
                 "pg_is_in_recovery() FROM pg_control_system()"));
  if (rows.rows.size() != 1) return fail(ErrorCode::kUnavailable, "the server has no identity");
  const PgRow& row = rows.rows.front();
  if (row[2] == "t") {
    return fail(ErrorCode::kUnavailable,
                "the server is a standby: an outbox is read where it is written");
  }
  Identity identity;
  identity.system = row[0].value_or("");
  const std::string xid = row[1].value_or("");
  std::from_chars(xid.data(), xid.data() + xid.size(), identity.next_xid);
  return identity;
}

Result<std::vector<OutboxEvent>> PgDatabase::read(const OutboxPosition& read,
                                                  std::size_t row_bytes) {
  TRY_ASSIGN(const PgRows rows, ask(read_outbox_sql(plan_->id, kBatchRows, row_bytes, kBatchBytes),
                                    {fmt::to_string(read.xid), fmt::to_string(read.id)}));
  std::vector<OutboxEvent> events;
  events.reserve(rows.rows.size());
  for (const PgRow& row : rows.rows) {
    TRY_ASSIGN(OutboxEvent event, event_of(row, read.system, plan_->whole_rows));
    events.push_back(std::move(event));
  }
  return events;
}

Result<bool> PgDatabase::wait(std::chrono::milliseconds longest) {
  TRY_ASSIGN(const std::vector<PgNotice> notices, result_of(connection_.notices(longest)));
  return std::ranges::any_of(
      notices, [this](const PgNotice& notice) { return notice.payload == plan_->id; });
}

}  // namespace cordyna::input
