#include "input/postgres/replication.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/hash.hpp"

namespace cordyna::input {
namespace {

/// How values are printed, whatever the server's own settings are.
constexpr const char* kStreamSettings =
    "-c DateStyle=ISO -c IntervalStyle=postgres -c TimeZone=UTC -c extra_float_digits=1 "
    "-c bytea_output=hex -c statement_timeout=0";

std::uint32_t oid_of(const std::optional<std::string>& text) {
  std::uint32_t oid = 0;
  if (text.has_value()) std::from_chars(text->data(), text->data() + text->size(), oid);
  return oid;
}

bool wants(const PostgresPlan& plan, Operation operation) {
  return plan.operations.empty() || std::ranges::count(plan.operations, operation) > 0;
}

std::string published(const PostgresPlan& plan) {
  std::string out;
  const auto add = [&out](const char* word) {
    out += (out.empty() ? "" : ", ") + std::string(word);
  };
  if (wants(plan, Operation::kCreate)) add("insert");
  if (wants(plan, Operation::kUpdate)) add("update");
  if (wants(plan, Operation::kDelete)) {
    add("delete");
    add("truncate");
  }
  return out;
}

std::string tables_sql(const PostgresPlan& plan) {
  std::string out;
  for (const PgTable& table : plan.tables) {
    out += fmt::format("{}{}.{}", out.empty() ? "" : ", ", quote_name(table.schema),
                       quote_name(table.name));
  }
  return out;
}

}  // namespace

std::string slot_name(std::string_view id) {
  std::string out = "cordyna_";
  for (const char c : id) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    out += upper ? static_cast<char>(c - 'A' + 'a') : plain ? c : '_';
  }
  return out + fmt::format("_{:08x}", fnv1a(id) & 0xffff'ffff);
}

Result<PgReplication> PgReplication::open(const PostgresPlan& plan, const Wake& wake) {
  TRY_ASSIGN(PgDatabase database, PgDatabase::open(plan, wake));
  return PgReplication(plan, wake, std::move(database));
}

/// A table without a key that publishes updates or deletes takes neither any more: the server
/// refuses them to whoever writes.
Result<> PgReplication::check_keys() {
  if (!wants(*plan_, Operation::kUpdate) && !wants(*plan_, Operation::kDelete)) return {};
  for (const PgTable& table : plan_->tables) {
    TRY_ASSIGN(const PgRows found,
               database_.ask(
                   "SELECT c.relreplident = 'f' OR c.relreplident = 'i' OR (c.relreplident = 'd' "
                   "AND EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND "
                   "i.indisprimary)) FROM pg_class c JOIN pg_namespace n ON n.oid = "
                   "c.relnamespace WHERE n.nspname = $1 AND c.relname = $2",
                   {table.schema, table.name}));
    if (!found.rows.empty() && found.rows.front().front() == "t") continue;
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{0}.{1} has no primary key: published, its rows could not be updated "
                            "or deleted any more. Give it one, or ALTER TABLE {0}.{1} REPLICA "
                            "IDENTITY FULL, or let the operations be create alone",
                            table.schema, table.name));
  }
  return {};
}

Result<> PgReplication::publish() {
  TRY_ASSIGN(const PgRows level, database_.ask("SHOW wal_level"));
  if (level.rows.front().front() != "logical") {
    return fail(ErrorCode::kConflict,
                fmt::format("the server's wal_level is {}, and its log does not tell rows: ALTER "
                            "SYSTEM SET wal_level = 'logical', and restart it",
                            level.rows.front().front().value_or("")));
  }
  TRY(database_.check_tables());
  TRY(check_keys());
  const std::string name = slot_name(plan_->id);
  TRY_ASSIGN(const PgRows found,
             database_.ask("SELECT puballtables FROM pg_publication WHERE pubname = $1", {name}));
  const bool all = plan_->tables.empty();
  const std::string what = all ? "FOR ALL TABLES" : "FOR TABLE " + tables_sql(*plan_);
  const std::string create = fmt::format(
      "CREATE PUBLICATION {} {} WITH (publish = '{}', "
      "publish_via_partition_root = true)",
      quote_name(name), what, published(*plan_));
  if (found.rows.empty()) return database_.change(create);
  if ((found.rows.front().front() == "t") != all) {
    return database_.change(fmt::format("DROP PUBLICATION {}; {}", quote_name(name), create));
  }
  std::string change =
      fmt::format("ALTER PUBLICATION {} SET (publish = '{}')", quote_name(name), published(*plan_));
  if (!all) {
    change +=
        fmt::format("; ALTER PUBLICATION {} SET TABLE {}", quote_name(name), tables_sql(*plan_));
  }
  return database_.change(change);
}

Result<> PgReplication::remove() {
  const std::string name = slot_name(plan_->id);
  TRY(
      database_.ask("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE "
                    "slot_name = $1",
                    {name}));
  return database_.change(fmt::format("DROP PUBLICATION IF EXISTS {}", quote_name(name)));
}

Result<PgReplication::Slot> PgReplication::slot() {
  TRY_ASSIGN(const PgRows found,
             database_.ask("SELECT coalesce(wal_status, '') FROM pg_replication_slots WHERE "
                           "slot_name = $1",
                           {slot_name(plan_->id)}));
  if (found.rows.empty()) return Slot::kNone;
  return found.rows.front().front() == "lost" ? Slot::kLost : Slot::kReady;
}

Result<> PgReplication::make_slot() {
  const std::string name = slot_name(plan_->id);
  TRY_ASSIGN(const Slot found, slot());
  if (found == Slot::kLost) {
    TRY(database_.ask("SELECT pg_drop_replication_slot($1)", {name}));
  }
  if (found == Slot::kReady) return {};
  const auto made =
      database_.ask("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", {name});
  if (made.has_value()) return {};
  // Who installs and who begins to read may make it in the same moment.
  const auto again = slot();
  if (again.has_value() && *again == Slot::kReady) return {};
  return std::unexpected(made.error());
}

Result<PgReplication::Now> PgReplication::now() {
  TRY_ASSIGN(const PgRows rows,
             database_.ask("SELECT system_identifier::text, pg_current_wal_lsn()::text FROM "
                           "pg_control_system()"));
  const auto lsn = parse_lsn(rows.rows.front()[1].value_or(""));
  if (!lsn.has_value()) return fail(ErrorCode::kUnavailable, "the server has no place in its log");
  return Now{rows.rows.front()[0].value_or(""), *lsn};
}

Result<PgValueType> PgReplication::type_of(std::uint32_t oid) {
  // A domain is what stands beneath it, however deep.
  TRY_ASSIGN(
      const PgRows found,
      database_.ask("WITH RECURSIVE beneath AS (SELECT oid, typtype, typbasetype, typcategory, "
                    "typelem FROM pg_type WHERE oid = $1::oid UNION ALL SELECT t.oid, t.typtype, "
                    "t.typbasetype, t.typcategory, t.typelem FROM pg_type t JOIN beneath b ON "
                    "b.typtype = 'd' AND t.oid = b.typbasetype) SELECT oid::text, CASE WHEN "
                    "typcategory = 'A' THEN typelem::text ELSE '0' END FROM beneath WHERE typtype "
                    "<> 'd'",
                    {fmt::to_string(oid)}));
  if (found.rows.empty()) return PgValueType{oid, 0};
  return PgValueType{oid_of(found.rows.front()[0]), oid_of(found.rows.front()[1])};
}

Result<TableFacts> PgReplication::facts_of(const PgoRelation& relation) {
  TableFacts facts;
  TRY_ASSIGN(
      const PgRows key,
      database_.ask("SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = "
                    "i.indrelid AND a.attnum = ANY (i.indkey) WHERE i.indrelid = $1::oid AND "
                    "i.indisprimary ORDER BY array_position(i.indkey::int2[], a.attnum)",
                    {fmt::to_string(relation.id)}));
  for (const PgRow& row : key.rows) facts.key.push_back(row.front().value_or(""));
  for (const PgoColumn& column : relation.columns) {
    TRY_ASSIGN(PgValueType type, type_of(column.type));
    if (type.element != 0) {
      TRY_ASSIGN(const PgValueType element, type_of(type.element));
      type.element = element.base;
    }
    facts.types.push_back(type);
  }
  return facts;
}

Result<PgConnection> PgReplication::stream() {
  PgTarget target;
  target.text = plan_->connection;
  target.words = {{"replication", "database"}, {"options", kStreamSettings}};
  TRY_ASSIGN(PgConnection connection, result_of(PgConnection::open(target, *wake_)));
  const std::string name = slot_name(plan_->id);
  const auto begun = connection.begin_stream(
      fmt::format("START_REPLICATION SLOT {} LOGICAL 0/0 (proto_version '1', publication_names "
                  "'{}')",
                  quote_name(name), quote_name(name)));
  if (begun.has_value()) return connection;
  constexpr std::string_view kInUse = "55006";
  if (begun.error().state != kInUse) return std::unexpected<Error>(error_of(begun.error()));
  return fail(ErrorCode::kConflict,
              fmt::format("another program reads the slot of '{}' in this database, or one that "
                          "was killed has not been missed yet: {}",
                          plan_->id, begun.error().message));
}

}  // namespace cordyna::input
