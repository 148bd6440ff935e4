#include "process/data/pg_share.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "process/data/pg_server.hpp"
#include "process/data/sql_text.hpp"
#include "process/data/step_secrets.hpp"

namespace cordyna::data {
namespace {

PgFault misfit(std::string message) {
  return {.message = std::move(message), .code = TaskErrorCode::kTargetMisfit};
}

std::string text_at(const PgRows& rows, std::size_t row, std::size_t column) {
  return rows.rows.size() > row && rows.rows[row].size() > column
             ? rows.rows[row][column].value_or("")
             : std::string();
}

std::string first_text(const PgRows& rows) {
  return text_at(rows, 0, 0);
}

PgFault kept_out(std::int64_t arrived, std::int64_t sent) {
  return misfit(fmt::format("{} rows arrived of {}: a trigger or rule of the table keeps some out",
                            arrived, sent));
}

bool is_true(const PgRow& row, std::size_t at) {
  return row[at].value_or("f") == "t";
}

}  // namespace

PgShare::PgShare(StepRun& run, std::vector<TableTarget> targets, std::vector<SourceColumn> columns,
                 std::string csv, std::int64_t rows)
    : run_(run), columns_(std::move(columns)), csv_(std::move(csv)), rows_(rows) {
  for (TableTarget& target : targets) tables_.push_back({.target = std::move(target)});
}

std::string PgShare::doing() const {
  return "share to " +
         (at_ == nullptr ? tables_.front().target.connection.name : at_->target.shown());
}

StepResult<> PgShare::reach(Reached goal) {
  while (reached_ < goal) {
    const PgResult<> done = advance();
    if (done.has_value()) continue;
    const PgFault& fault = done.error();
    const bool again = !fault.cancelled && !fault.missing && kind_of(fault) == PgKind::kTransient;
    const std::int64_t delay = again ? pg_delay_ms(++tries_) : -1;
    if (delay < 0) {
      TaskError error = pg_error(fault, doing(), TaskErrorCode::kShareFailed);
      if (again) error.message += fmt::format("; tried {} times", tries_);
      connection_.reset();
      return std::unexpected<TaskError>(std::move(error));
    }
    run_.say(fmt::format("{}: {}; trying again in {} ms", doing(), fault.message, delay));
    connection_.reset();
    reached_ = Reached::kNothing;
    if (!wait_ms(delay, run_.signals)) {
      return step_fail(TaskErrorCode::kSignalled, "the step was asked to end");
    }
  }
  return {};
}

PgResult<> PgShare::advance() {
  switch (reached_) {
    case Reached::kNothing: {
      PG_TRY(begin());
      for (Table& table : tables_) {
        at_ = &table;
        PG_TRY(find_place(table));
        PG_TRY(check_ledger(table));
        if (table.way == Way::kDone) continue;
        in_doubt_ = false;
        PG_TRY(look_at(table));
        PG_TRY(choose_way(table));
        PG_TRY(fill(table));
      }
      in_doubt_ = false;
      reached_ = Reached::kStaged;
      break;
    }
    case Reached::kStaged:
      for (Table& table : tables_) {
        at_ = &table;
        if (table.way != Way::kDone) PG_TRY(publish_table(table));
      }
      reached_ = Reached::kPublished;
      break;
    case Reached::kPublished: {
      at_ = nullptr;
      const PgResult<PgRows> done = connection_->run("COMMIT");
      in_doubt_ = !done.has_value() && done.error().lost;
      PG_TRY(done);
      reached_ = Reached::kCommitted;
      break;
    }
    case Reached::kCommitted: break;
  }
  return {};
}

PgResult<> PgShare::begin() {
  at_ = nullptr;
  const Connection& connection = tables_.front().target.connection;
  std::string password;
  if (!connection.password.empty()) {
    StepResult<std::string> found = handed_secret(run_.step, connection.password);
    if (!found.has_value()) {
      return std::unexpected(PgFault{.message = found.error().message, .code = found.error().code});
    }
    password = std::move(*found);
  }
  PG_TRY_ASSIGN(PgConnection opened,
                PgConnection::open(target_of(connection, password), run_.signals));
  connection_.emplace(std::move(opened));
  PG_TRY(connection_->run(
      "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL standard_conforming_strings = on"));
  PG_TRY(connection_->run(settings_sql(connection)));
  return {};
}

/// The schema of the target, and that no other share works on it meanwhile.
PgResult<> PgShare::find_place(Table& table) {
  table.name = table.target.table;
  table.way = Way::kCreate;
  table.oid.clear();
  table.staging.clear();
  table.columns.clear();
  table.why_in_place.clear();
  if (table.name.schema.empty()) {
    PG_TRY_ASSIGN(const PgRows found,
                  connection_->run("SELECT coalesce((SELECT n.nspname FROM pg_catalog.pg_class c "
                                   "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
                                   "WHERE c.oid = to_regclass($1)), current_schema())",
                                   {quote_name(table.name.table)}));
    table.name.schema = first_text(found);
    if (table.name.schema.empty()) {
      return std::unexpected(misfit("no schema of the search path exists; write SCHEMA.TABLE"));
    }
  } else {
    PG_TRY_ASSIGN(const PgRows found,
                  connection_->run("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1",
                                   {table.name.schema}));
    if (found.rows.empty()) {
      return std::unexpected(misfit(fmt::format("there is no schema {0} (CREATE SCHEMA {0})",
                                                quote_name(table.name.schema))));
    }
  }
  PG_TRY(connection_->run("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
                          {"cordyna share " + quote_table(table.name)}));
  return {};
}

/// What was shared before under our name is not shared twice; what a newer run shared stays.
PgResult<> PgShare::check_ledger(Table& table) {
  const std::string ledger = quote_table({table.name.schema, std::string(kLedger)});
  PG_TRY_ASSIGN(const PgRows there,
                connection_->run("SELECT to_regclass($1) IS NOT NULL", {ledger}));
  if (first_text(there) != "t") {
    // Two that make it at the same time would both find none.
    PG_TRY(connection_->run("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
                            {"cordyna ledger " + ledger}));
    const std::string create = create_ledger_sql(table.name.schema);
    PgResult<PgRows> made = connection_->run(create);
    if (!made.has_value() && made.error().state == "42501") {
      made.error().message += fmt::format(
          "; shares are noted down in {0}, so that none is done "
          "twice: let somebody who may run: {1}; GRANT SELECT, "
          "INSERT, UPDATE, DELETE ON {0} TO this role",
          ledger, create);
    }
    PG_TRY(made);
    return {};
  }
  const AttemptName& mine = run_.step.attempt;
  PG_TRY_ASSIGN(
      const PgRows found,
      connection_->run(
          fmt::format("SELECT run = $2 AND task = $3, run COLLATE \"C\" > $2 OR (run = $2 AND task "
                      "= $3 AND attempt > $4::bigint), attempt = $4::bigint, run, at FROM {} WHERE "
                      "target = $1 AND (run COLLATE \"C\" >= $2) ORDER BY run COLLATE \"C\"",
                      ledger),
          {table.name.table, mine.run, mine.task, fmt::format("{}", mine.number)}));
  for (const PgRow& row : found.rows) {
    const bool append = table.target.mode == ShareMode::kAppend;
    if (is_true(row, 0) && (append || is_true(row, 2))) {
      table.way = Way::kDone;
    } else if (is_true(row, 1) && !append) {
      return std::unexpected(misfit(fmt::format(
          "run {} shared to it at {}, and is newer than this attempt, which must not undo that",
          row[3].value_or(""), row[4].value_or(""))));
    }
  }
  return {};
}

PgResult<> PgShare::look_at(Table& table) {
  PG_TRY_ASSIGN(const PgRows found,
                connection_->run("SELECT c.oid, c.relkind FROM pg_catalog.pg_class c JOIN "
                                 "pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE "
                                 "n.nspname = $1 AND c.relname = $2",
                                 {table.name.schema, table.name.table}));
  if (found.rows.empty()) return {};
  const std::string kind = text_at(found, 0, 1);
  if (kind != "r" && kind != "p") {
    return std::unexpected(misfit("it is a view, an index or another thing, not a table"));
  }
  table.oid = text_at(found, 0, 0);
  PG_TRY_ASSIGN(const PgRows columns, connection_->run(std::string(kColumnsSql), {table.oid}));
  for (const PgRow& row : columns.rows) {
    table.columns.push_back({row[0].value_or(""), row[1].value_or(""), row[2].value_or(""),
                             std::stoi(row[3].value_or("-1")), is_true(row, 4), is_true(row, 5),
                             is_true(row, 6)});
  }
  const std::vector<std::string> wrong =
      misfits(columns_, table.columns, shown_table(table.name), quote_table(table.name));
  if (!wrong.empty()) return std::unexpected(misfit(fmt::format("{}", fmt::join(wrong, "; "))));
  return {};
}

PgResult<> PgShare::choose_way(Table& table) {
  for (const std::string& name : table.target.key) {
    if (std::ranges::find(columns_, name, &SourceColumn::name) == columns_.end()) {
      return std::unexpected(misfit(fmt::format("the data has no column '{}' of 'key'", name)));
    }
  }
  if (table.oid.empty()) {
    table.way = Way::kCreate;
  } else if (table.target.mode == ShareMode::kAppend) {
    table.way = Way::kAppend;
  } else if (table.target.mode == ShareMode::kUpsert) {
    table.way = Way::kUpsert;
    return check_key(table);
  } else {
    PG_TRY(check_references(table));
    PG_TRY_ASSIGN(table.why_in_place, hanging(table));
    table.way = table.why_in_place.empty() ? Way::kSwap : Way::kInPlace;
  }
  return {};
}

PgResult<> PgShare::check_key(const Table& table) {
  PG_TRY_ASSIGN(const PgRows found, connection_->run(std::string(kUniqueSql), {table.oid}));
  std::map<std::string, std::vector<std::string>> indexes;
  for (const PgRow& row : found.rows) {
    indexes[row[0].value_or("")].push_back(row[1].value_or(""));
  }
  std::vector<std::string> wanted = table.target.key;
  std::ranges::sort(wanted);
  for (auto& [oid, names] : indexes) {
    std::ranges::sort(names);
    if (names == wanted) return {};
  }
  return std::unexpected(misfit(fmt::format(
      "it has no unique index on ({}), which tells which row is which (CREATE UNIQUE INDEX ON {} "
      "({}))",
      fmt::join(table.target.key, ", "), quote_table(table.name), quote_names(table.target.key))));
}

/// A replace would take rows away that others point at, or their rows with them.
PgResult<> PgShare::check_references(const Table& table) {
  PG_TRY_ASSIGN(const PgRows found, connection_->run(std::string(kReferencesSql), {table.oid}));
  if (found.rows.empty()) return {};
  return std::unexpected(
      misfit(fmt::format("the foreign key {} of {} points at it, so that its "
                         "rows cannot be replaced as a whole; use mode upsert",
                         text_at(found, 0, 0), text_at(found, 0, 1))));
}

PgResult<std::string> PgShare::hanging(const Table& table) {
  PG_TRY_ASSIGN(const PgRows found, connection_->run(std::string(kHangingSql), {table.oid}));
  return first_text(found);
}

PgResult<> PgShare::fill(Table& table) {
  std::string into = quote_table(table.name);
  const auto at = &table - tables_.data();
  bool frozen = false;
  if (table.way == Way::kCreate) {
    const StepResult<std::string> create = create_table_sql(into, columns_, table.target.key);
    if (!create.has_value()) return std::unexpected(misfit(create.error().message));
    PG_TRY(connection_->run(*create));
    frozen = true;
  } else if (table.way == Way::kSwap) {
    table.staging = quote_table({table.name.schema, "dyna_new_" + table.oid});
    PG_TRY(connection_->run(
        fmt::format("CREATE TABLE {} (LIKE {} INCLUDING ALL)", table.staging, into)));
    into = table.staging;
    frozen = true;
  } else if (table.way == Way::kUpsert || table.way == Way::kInPlace) {
    const std::string name = quote_name(fmt::format("dyna_in_{}", at));
    table.staging = "pg_temp." + name;
    PG_TRY(connection_->run(
        fmt::format("CREATE TEMPORARY TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA",
                    name, quote_names(names_of(columns_)), into)));
    into = table.staging;
  }
  PG_TRY_ASSIGN(const std::int64_t copied,
                connection_->copy_in(copy_in_sql(into, columns_, frozen), csv_));
  if (copied != rows_) return std::unexpected(kept_out(copied, rows_));
  return table.way == Way::kUpsert ? check_staged_keys(table) : PgResult<>();
}

PgResult<> PgShare::check_staged_keys(const Table& table) {
  const std::vector<std::string>& key = table.target.key;
  PG_TRY_ASSIGN(const PgRows keyless, connection_->run(keyless_sql(table.staging, key)));
  if (first_text(keyless) != "0") {
    return std::unexpected(misfit(fmt::format("{} rows have no value in the key ({})",
                                              first_text(keyless), fmt::join(key, ", "))));
  }
  PG_TRY_ASSIGN(const PgRows twice, connection_->run(twice_sql(table.staging, key)));
  if (twice.rows.empty()) return {};
  std::vector<std::string> samples;
  samples.reserve(twice.rows.size());
  for (const PgRow& row : twice.rows) {
    samples.push_back(fmt::format("{} ({} times)", row[0].value_or(""), row[1].value_or("")));
  }
  return std::unexpected(misfit(fmt::format("the data has keys ({}) more than once: {}",
                                            fmt::join(key, ", "), fmt::join(samples, "; "))));
}

PgResult<> PgShare::publish_table(Table& table) {
  if (table.way == Way::kSwap) {
    PG_TRY_ASSIGN(const bool locked, lock_for_swap(table));
    if (locked) {
      // Since it was looked at, somebody may have hung something on it.
      PG_TRY_ASSIGN(table.why_in_place, hanging(table));
    } else {
      table.why_in_place = "others have been reading it all the time";
    }
    if (table.why_in_place.empty()) PG_TRY(swap(table));
    if (!table.why_in_place.empty()) table.way = Way::kInPlace;
  }
  if (table.way == Way::kInPlace) PG_TRY(replace_in_place(table));
  if (table.way == Way::kUpsert) {
    PG_TRY(connection_->run(upsert_sql(quote_table(table.name), table.staging, columns_,
                                       table.target.key, table.columns)));
  }
  return note_down(table);
}

/// While we wait for readers to go, those who come wait behind us: so not for long at a time.
PgResult<bool> PgShare::lock_for_swap(const Table& table) {
  constexpr int kTries = 4;
  for (int i = 1; i <= kTries; ++i) {
    PG_TRY(connection_->run("SAVEPOINT dyna_lock; SET LOCAL lock_timeout = '500ms'"));
    const PgResult<PgRows> locked = connection_->run(
        fmt::format("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", quote_table(table.name)));
    if (locked.has_value()) {
      PG_TRY(connection_->run("SET LOCAL lock_timeout = 0; RELEASE SAVEPOINT dyna_lock"));
      return true;
    }
    if (locked.error().state != "55P03") return std::unexpected(locked.error());
    PG_TRY(connection_->run("ROLLBACK TO SAVEPOINT dyna_lock; RELEASE SAVEPOINT dyna_lock"));
    constexpr std::int64_t kPauseMs = 250;
    if (!wait_ms(kPauseMs * i, run_.signals)) {
      return std::unexpected(PgFault{.message = "the step was asked to end", .cancelled = true});
    }
  }
  return false;
}

PgResult<> PgShare::swap(Table& table) {
  PG_TRY_ASSIGN(const PgRows staged,
                connection_->run("SELECT to_regclass($1)::oid", {table.staging}));
  const std::string oid = first_text(staged);
  PG_TRY_ASSIGN(const PgRows pairs,
                connection_->run(std::string(kIndexPairsSql), {table.oid, oid}));
  for (const PgRow& row : pairs.rows) {
    if (row[1].has_value()) continue;
    table.why_in_place = fmt::format("its index {} cannot be made again", row[0].value_or(""));
    return {};
  }
  PG_TRY_ASSIGN(const PgRows statements,
                connection_->run(std::string(kTakeOverSql), {table.oid, oid}));
  for (const PgRow& row : statements.rows) PG_TRY(connection_->run(row[0].value_or("")));
  PG_TRY(connection_->run("DROP TABLE " + quote_table(table.name)));
  PG_TRY(connection_->run(
      fmt::format("ALTER TABLE {} RENAME TO {}", table.staging, quote_name(table.name.table))));
  for (const PgRow& row : pairs.rows) {
    PG_TRY(connection_->run(fmt::format("ALTER INDEX {} RENAME TO {}",
                                        quote_table({table.name.schema, row[1].value_or("")}),
                                        quote_name(row[0].value_or("")))));
  }
  return {};
}

/// Not TRUNCATE: readers with an older snapshot would find the table empty.
PgResult<> PgShare::replace_in_place(Table& table) {
  const std::string name = quote_table(table.name);
  PG_TRY(connection_->run(fmt::format("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", name)));
  PG_TRY(check_references(table));
  PG_TRY(connection_->run("DELETE FROM " + name));
  PG_TRY_ASSIGN(const PgRows left,
                connection_->run(fmt::format("SELECT EXISTS (SELECT 1 FROM {})", name)));
  if (first_text(left) == "t") {
    return std::unexpected(misfit("a trigger or rule of the table keeps its old rows"));
  }
  PG_TRY_ASSIGN(const PgRows inserted,
                connection_->run(insert_all_sql(name, table.staging, columns_)));
  if (inserted.affected != rows_) return std::unexpected(kept_out(inserted.affected, rows_));
  PG_TRY(connection_->run("DROP TABLE " + table.staging));
  return {};
}

PgResult<> PgShare::note_down(const Table& table) {
  const AttemptName& mine = run_.step.attempt;
  const std::string ledger = quote_table({table.name.schema, std::string(kLedger)});
  PG_TRY(connection_->run(
      fmt::format(
          "INSERT INTO {} AS l (target, run, task, attempt, mode, rows) VALUES ($1, $2, $3, "
          "$4::bigint, $5, $6::bigint) ON CONFLICT (target, run, task) DO UPDATE SET "
          "attempt = EXCLUDED.attempt, mode = EXCLUDED.mode, rows = EXCLUDED.rows, at = "
          "now()",
          ledger),
      {table.name.table, mine.run, mine.task, fmt::format("{}", mine.number),
       std::string(to_string(table.target.mode)), fmt::format("{}", rows_)}));
  if (table.target.mode == ShareMode::kAppend) return {};
  // The newest one is enough for those; appends stay, so that none is ever done twice.
  PG_TRY(connection_->run(fmt::format("DELETE FROM {} WHERE target = $1 AND mode <> 'append' AND "
                                      "run COLLATE \"C\" < $2",
                                      ledger),
                          {table.name.table, mine.run}));
  return {};
}

void PgShare::tell() {
  for (const Table& table : tables_) {
    const std::string shown = table.target.shown();
    run_.report.targets.push_back(shown);
    std::string how{to_string(table.target.mode)};
    if (table.way == Way::kDone) how += ", done by an earlier attempt";
    if (table.way == Way::kCreate) how += ", the table was made";
    if (table.way == Way::kInPlace) how += " in place, since " + table.why_in_place;
    run_.say(fmt::format("{} rows shared as {} ({})", grouped(rows_), shown, how));
  }
}

}  // namespace cordyna::data
