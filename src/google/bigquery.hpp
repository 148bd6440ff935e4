/// Jobs of BigQuery by its REST API: queries, their rows, and loads of files into tables.
///
/// A job has the id that its caller gives it: begun again, it is the same job, so nothing is done
/// twice. Blocks. Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "google/resumable.hpp"

namespace cordyna::google {

inline constexpr std::string_view kBigqueryScope = "https://www.googleapis.com/auth/bigquery";

struct BigqueryPlace {
  std::string endpoint;  ///< empty: Google's
  std::string project;   ///< that jobs run in
  std::string location;  ///< empty: BigQuery's choice
};

struct BigqueryTable {
  std::string project;
  std::string dataset;
  std::string table;
};

/// A column, or a field of a record.
struct BigqueryField {
  std::string name;
  std::string type;  ///< "INTEGER", "RECORD", …
  bool repeated = false;
  std::vector<BigqueryField> fields;
};

struct QueryParameter {
  std::string name;
  std::string type;   ///< "STRING", "INT64", "FLOAT64", "BOOL"
  std::string value;  ///< as text
  bool is_null = false;
};

/// How a job stands.
struct JobState {
  std::string location;
  bool done = false;
  std::optional<Error> error;  ///< why it failed; only of one that is done
};

/// Rows of a query's result.
struct RowPage {
  std::vector<BigqueryField> columns;
  std::string rows;  ///< a line of CSV each: texts in quotes, records and lists as JSON
  std::uint64_t count = 0;
  std::size_t row_bytes_max = 0;
  std::uint64_t total = 0;  ///< of all pages
  std::string next;         ///< the token of the next page; empty: this is the last
};

class Bigquery {
 public:
  Bigquery(Caller caller, BigqueryPlace place)
      : caller_(std::move(caller)), place_(std::move(place)) {}

  /// Nullopt: there is no such job. `what` begins errors, here and below.
  [[nodiscard]] Result<std::optional<JobState>> find(const std::string& job,
                                                     const std::string& what);
  /// Begins a query, or finds it where it was begun before. `dataset`: of tables that name none;
  /// empty: none.
  [[nodiscard]] Result<JobState> begin_query(const std::string& job, std::string_view sql,
                                             const std::vector<QueryParameter>& parameters,
                                             std::string_view dataset, const std::string& what);
  /// Until it is done. Errors: the job's own; kCancelled: the job is cancelled, too.
  [[nodiscard]] Result<> wait(const std::string& job, JobState state, const std::string& what);
  /// `token`: empty: the first page.
  [[nodiscard]] Result<RowPage> read(const std::string& job, const std::string& location,
                                     std::string_view token, const std::string& what);
  /// An upload of a Parquet file whose end begins a job that loads it: all but that end is sent.
  /// Replaces what the table has, or appends to it, in one go; makes it if it is not there.
  [[nodiscard]] Result<Resumable> stage_load(const std::string& job, const BigqueryTable& table,
                                             bool append, const std::string& path,
                                             const std::string& what);
  /// Sends the end, and waits. Errors: those of the job.
  [[nodiscard]] Result<> finish_load(const std::string& job, Resumable& upload);
  /// Asks for it, without waiting for a server that is away.
  void cancel(const std::string& job, const std::string& location);

 private:
  [[nodiscard]] Result<http::Url> url(std::string_view path) const;
  [[nodiscard]] std::string place_query(const std::string& location) const;
  [[nodiscard]] Result<JobState> poll(const std::string& job, const std::string& location,
                                      const std::string& what);

  Caller caller_;
  BigqueryPlace place_;
};

/// "project.dataset.table"
[[nodiscard]] std::string shown_table(const BigqueryTable& table);

/// Of a job's JSON. Errors: kUnavailable: it is none.
[[nodiscard]] Result<JobState> parse_job(std::string_view json, const std::string& what);
/// Of an answer with rows. Nullopt: the query is not done. Errors: kUnavailable: it is none.
[[nodiscard]] Result<std::optional<RowPage>> parse_rows(std::string_view json,
                                                        const std::string& what);

}  // namespace cordyna::google
