/// Loads from a database: the rows as a Parquet file, which is then loaded like any other.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "process/data/contract.hpp"
#include "process/data/pg_server.hpp"
#include "process/data/pg_statements.hpp"
#include "process/data/runner.hpp"
#include "process/data/step_secrets.hpp"

namespace cordyna::data {
namespace {

constexpr std::string_view kFetchedCsv = "tmp/fetched.csv";
constexpr std::string_view kFetchedParquet = "tmp/fetched.parquet";

struct FetchedTable {
  std::vector<PgColumn> columns;
  PgCopied copied;
};

/// One snapshot of the server, whatever is written there meanwhile.
PgResult<FetchedTable> fetch(StepRun& run, const DatabaseSource& source,
                             const std::string& password, const std::string& csv) {
  PG_TRY_ASSIGN(PgConnection connection,
                PgConnection::open(target_of(source.connection, password), run.signals));
  PG_TRY(connection.run(
      "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET LOCAL standard_conforming_strings = "
      "on"));
  PG_TRY(connection.run(settings_sql(source.connection)));
  FetchedTable fetched;
  PG_TRY_ASSIGN(fetched.columns, connection.describe(source_sql(source)));
  if (fetched.columns.empty()) {
    return std::unexpected(PgFault{.message = "it has no columns"});
  }
  PG_TRY_ASSIGN(fetched.copied, connection.copy_out(fetch_sql(source, fetched.columns), csv));
  PG_TRY(connection.run("COMMIT"));
  return fetched;
}

/// Again for what the server may refuse for a while.
StepResult<FetchedTable> fetch_patiently(StepRun& run, const LoadParams& load,
                                         const std::string& csv) {
  const Connection& connection = load.database->connection;
  std::string password;
  if (!connection.password.empty()) {
    STEP_TRY_ASSIGN(password, handed_secret(run.step, connection.password));
  }
  const bool query = !load.database->sql.empty();
  for (int tries = 1;; ++tries) {
    PgResult<FetchedTable> fetched = fetch(run, *load.database, password, csv);
    if (fetched.has_value()) return std::move(*fetched);
    PgFault& fault = fetched.error();
    // The server's messages about values quote them.
    if (fault.state.starts_with("22") && load.contract.has_value() && has_pii(*load.contract)) {
      fault.message = fault.message.substr(0, fault.message.find(':')) + ": …";
    }
    const bool again = !fault.cancelled && !fault.missing && kind_of(fault) == PgKind::kTransient;
    const std::int64_t delay = again ? pg_delay_ms(tries) : -1;
    if (delay < 0) {
      const bool wrong = query && kind_of(fault) == PgKind::kMisfit;
      TaskError error = pg_error(
          fault, load.from, wrong ? TaskErrorCode::kSqlFailed : TaskErrorCode::kSourceUnavailable);
      if (again) error.message += fmt::format("; tried {} times", tries);
      return std::unexpected<TaskError>(std::move(error));
    }
    run.say(fmt::format("{}: {}; trying again in {} ms", load.from, fault.message, delay));
    if (!wait_ms(delay, run.signals)) {
      return step_fail(TaskErrorCode::kSignalled, "the step was asked to end");
    }
  }
}

StepResult<> refuse_twins(const LoadParams& load, const std::vector<PgColumn>& columns) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    for (std::size_t k = i + 1; k < columns.size(); ++k) {
      if (columns[i].name != columns[k].name) continue;
      return step_fail(TaskErrorCode::kSchemaChanged,
                       fmt::format("{}: column '{}' is there twice; give one of them another name "
                                   "with AS",
                                   load.from, columns[i].name));
    }
  }
  return {};
}

}  // namespace

StepResult<FetchedRows> fetch_database(StepRun& run, const LoadParams& load) {
  const std::string csv = fmt::format("{}/{}", run.step.paths.work, kFetchedCsv);
  STEP_TRY_ASSIGN(const FetchedTable fetched, fetch_patiently(run, load, csv));
  STEP_TRY(refuse_twins(load, fetched.columns));
  STEP_TRY(run.query(
      fetched_sql(fetched.columns, kFetchedCsv, fetched.copied.row_bytes_max, kFetchedParquet),
      TaskErrorCode::kSourceUnavailable));
  std::error_code ignored;
  std::filesystem::remove(csv, ignored);
  std::vector<std::string> numbers = unbounded_numbers(fetched.columns);
  if (!numbers.empty() && !load.contract.has_value()) {
    run.warn(
        fmt::format("{}: {} came as text, since numeric without a precision has any number of "
                    "digits; cast it in `sql` (::numeric(18,4)), or name its type in a contract",
                    load.from, fmt::join(numbers, ", ")));
  }
  return FetchedRows{fmt::format("{}/{}", run.step.paths.work, kFetchedParquet),
                     std::move(numbers)};
}

}  // namespace cordyna::data
