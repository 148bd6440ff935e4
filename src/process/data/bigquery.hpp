/// BigQuery as a step names it: connections, tables, and queries with their values beside them. No
/// key is in here, only the name of its secret.
///
/// Pure. Threads: any.
#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "google/bigquery.hpp"
#include "process/data/connection.hpp"
#include "process/data/step_result.hpp"

namespace cordyna::data {

struct BigqueryConnection {
  std::string name;  ///< for messages
  std::string project;
  std::string dataset;  ///< of tables that name none; empty: they must
  std::string location;
  std::string key;  ///< the name of the secret with a service account's key; empty: no credentials
  std::string endpoint;

  bool operator==(const BigqueryConnection&) const = default;
  [[nodiscard]] google::BigqueryPlace place() const { return {endpoint, project, location}; }
};

/// What a load reads: a query; of a table, one that takes all of it.
struct BigquerySource {
  BigqueryConnection connection;
  std::string sql;
  std::vector<google::QueryParameter> parameters;
  std::string table;  ///< project.dataset.table; empty: a query of the author's
};

/// What a share writes.
struct BigqueryTarget {
  BigqueryConnection connection;
  google::BigqueryTable table;
  bool append = false;

  /// "warehouse/gold.listings"
  [[nodiscard]] std::string shown() const;
};

/// Whether a connection's JSON is one to BigQuery.
[[nodiscard]] bool is_bigquery(const boost::json::object& connection);
/// Errors: kInputInvalid, naming the key.
[[nodiscard]] StepResult<BigqueryConnection> parse_bigquery(const boost::json::object& connection);
/// table, dataset.table, project.dataset.table. Errors: kInputInvalid, with `key`.
[[nodiscard]] StepResult<google::BigqueryTable> parse_bigquery_table(
    std::string_view key, std::string_view text, const BigqueryConnection& connection);
/// Errors: kInputInvalid: also a mode that BigQuery has not.
[[nodiscard]] StepResult<BigqueryTarget> parse_bigquery_target(
    const boost::json::object& connection, std::string_view name, ShareMode mode);
/// Of a load's params, with what messages call it. Errors: kInputInvalid.
struct NamedSource {
  BigquerySource source;
  std::string shown;
};
[[nodiscard]] StepResult<NamedSource> parse_bigquery_source(const boost::json::object& params,
                                                            const boost::json::object& connection);

/// SQL of BigQuery's with each {{ … }} as a parameter: no value becomes a part of the text. `sql`
/// has @dyna_1 and up; `values` is a JSON list of theirs.
struct BoundQuery {
  std::string sql;
  std::string values;
};
/// Gives an expression's value as JSON.
using Evaluate = std::function<Result<std::string>(std::string_view expression)>;
/// Errors: kInvalidArgument: a template within quotes, or one that gives no value; those of
/// `evaluate`.
[[nodiscard]] Result<BoundQuery> bind_bigquery(std::string_view sql, const Evaluate& evaluate);

/// The id of a job that does this part of the attempt, the same whenever it is asked for.
[[nodiscard]] std::string bigquery_job_id(const AttemptName& attempt, std::int64_t number,
                                          std::string_view part);

/// The rows of `csv`, as RowPage has them, as Parquet: SQL for DuckDB.
[[nodiscard]] std::string bigquery_rows_sql(const std::vector<google::BigqueryField>& columns,
                                            std::string_view csv, std::size_t row_bytes_max,
                                            std::string_view parquet);
/// Columns that come as text, since nothing else here holds all of their numbers.
[[nodiscard]] std::vector<std::string> loose_columns(
    const std::vector<google::BigqueryField>& columns);

}  // namespace cordyna::data
