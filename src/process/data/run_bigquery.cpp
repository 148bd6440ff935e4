#include "process/data/run_bigquery.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "process/data/contract.hpp"
#include "process/data/files.hpp"
#include "process/data/remote_run.hpp"
#include "process/data/remote_store.hpp"
#include "process/data/step_secrets.hpp"

namespace cordyna::data {
namespace {

constexpr std::string_view kRowsCsv = "tmp/fetched.csv";
constexpr std::string_view kRowsParquet = "tmp/fetched.parquet";

struct ReadRows {
  std::vector<google::BigqueryField> columns;
  std::size_t row_bytes_max = 0;
};

Result<> append(std::ofstream& out, const std::string& path, const std::string& text) {
  errno = 0;
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  out.flush();
  if (out.good()) return {};
  const bool full = errno == ENOSPC || errno == EDQUOT;
  return fail(full ? ErrorCode::kNoSpace : ErrorCode::kInternal,
              fmt::format("cannot write {}: {}", path, std::strerror(errno)));
}

/// All pages of the job's rows, as CSV.
Result<ReadRows> read_pages(google::Bigquery& bigquery, const std::string& job,
                            const std::string& location, const LoadParams& load,
                            const std::string& csv) {
  std::ofstream out(csv, std::ios::binary | std::ios::trunc);
  ReadRows read;
  std::string token;
  std::uint64_t rows = 0;
  std::uint64_t total = 0;
  std::uint64_t bytes = 0;
  do {
    TRY_ASSIGN(google::RowPage page, bigquery.read(job, location, token, load.from));
    if (read.columns.empty()) read.columns = std::move(page.columns);
    total = page.total;
    rows += page.count;
    bytes += page.rows.size();
    read.row_bytes_max = std::max(read.row_bytes_max, page.row_bytes_max);
    if (bytes > load.remote.transfer.bytes_max) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("{}: its rows are more than {} bytes, the limit (transfer.max_size)",
                              load.from, load.remote.transfer.bytes_max));
    }
    TRY(append(out, csv, page.rows));
    token = std::move(page.next);
  } while (!token.empty() && rows < total);
  if (rows == total) return read;
  return fail(ErrorCode::kUnavailable,
              fmt::format("{}: {} rows came, {} were announced", load.from, rows, total));
}

Result<ReadRows> fetch_rows(google::Bigquery& bigquery, const StepRun& run, const LoadParams& load,
                            const std::string& csv) {
  const BigquerySource& source = *load.bigquery;
  const std::string job = bigquery_job_id(run.step.attempt, run.step.attempt.number, "load");
  TRY_ASSIGN(google::JobState state, bigquery.begin_query(job, source.sql, source.parameters,
                                                          source.connection.dataset, load.from));
  run.say(fmt::format("{}: job {}", load.from, job));
  const std::string location = state.location;
  TRY(bigquery.wait(job, std::move(state), load.from));
  return read_pages(bigquery, job, location, load, csv);
}

}  // namespace

StepResult<std::unique_ptr<google::Bigquery>> open_bigquery(const StepRun& run,
                                                            const BigqueryConnection& connection,
                                                            const RemoteParams& remote,
                                                            const RemoteSecrets& secrets) {
  std::optional<google::ServiceAccount> account;
  if (!connection.key.empty()) {
    STEP_TRY_ASSIGN(const std::string key, handed_secret(run.step, connection.key));
    Result<google::ServiceAccount> parsed = google::parse_service_account(key);
    if (!parsed.has_value()) {
      return step_fail(TaskErrorCode::kAccessDenied,
                       fmt::format("{}: {}", connection.name, parsed.error().message));
    }
    account = *std::move(parsed);
  }
  http::TryOptions tries = try_options(run, remote);
  tries.say = [&run, &secrets](std::string_view line) { run.say(secrets.hide(std::string(line))); };
  return std::make_unique<google::Bigquery>(
      google::Caller(std::move(account), std::string(google::kBigqueryScope), std::move(tries)),
      connection.place());
}

StepResult<FetchedRows> fetch_bigquery(StepRun& run, const LoadParams& load) {
  const RemoteSecrets secrets = remote_secrets();
  STEP_TRY_ASSIGN(const std::unique_ptr<google::Bigquery> bigquery,
                  open_bigquery(run, load.bigquery->connection, load.remote, secrets));
  const std::string csv = fmt::format("{}/{}", run.step.paths.work, kRowsCsv);
  const Result<ReadRows> read = fetch_rows(*bigquery, run, load, csv);
  if (!read.has_value()) {
    Error error = read.error();
    // BigQuery's messages about values quote them.
    const bool quotes = error.code == ErrorCode::kInvalidArgument;
    if (quotes && load.contract.has_value() && has_pii(*load.contract)) {
      error.message = load.from + ": BigQuery refused the query: …";
    }
    if (quotes) return step_fail(TaskErrorCode::kSqlFailed, secrets.hide(error.message));
    return remote_error(error, TaskErrorCode::kSourceUnavailable, secrets);
  }
  STEP_TRY(run.query(bigquery_rows_sql(read->columns, kRowsCsv, read->row_bytes_max, kRowsParquet),
                     TaskErrorCode::kSourceUnavailable));
  std::error_code ignored;
  std::filesystem::remove(csv, ignored);
  std::vector<std::string> loose = loose_columns(read->columns);
  if (!loose.empty() && !load.contract.has_value()) {
    run.warn(
        fmt::format("{}: {} came as text, since bignumeric has more digits than a decimal; "
                    "cast it in `sql`, or name its type in a contract",
                    load.from, fmt::join(loose, ", ")));
  }
  return FetchedRows{fmt::format("{}/{}", run.step.paths.work, kRowsParquet), std::move(loose)};
}

}  // namespace cordyna::data
