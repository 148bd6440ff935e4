#include <fmt/format.h>

#include "process/data/compile.hpp"
#include "process/data/sql_text.hpp"
#include "process/data/step_guard.hpp"

namespace cordyna::data {
namespace {

/// Empty: of the number of rows.
std::string metric_sql(const std::string& metric) {
  const std::string column = quote_name(column_of(metric));
  if (metric.starts_with("nulls(")) {
    return fmt::format("100.0 * count(*) FILTER ({} IS NULL) / nullif(count(*), 0)", column);
  }
  if (metric.starts_with("sum(")) return fmt::format("sum({})", column);
  if (metric.starts_with("mean(")) return fmt::format("avg({})", column);
  if (metric.starts_with("distinct(")) return fmt::format("count(DISTINCT {})", column);
  return {};
}

}  // namespace

std::string compile_metrics(const std::vector<guard::Watch>& watch, bool all_nulls) {
  std::string out =
      "SELECT 'out' AS dyna, num_rows::BIGINT AS n FROM parquet_file_metadata('in/0');\n";
  if (all_nulls) {
    out +=
        "SELECT 'nulls' AS dyna, path_in_schema AS name, sum(stats_null_count)::BIGINT AS n\n"
        "  FROM parquet_metadata('in/0') WHERE stats_null_count IS NOT NULL GROUP BY ALL;\n";
  }
  for (const guard::Watch& one : watch) {
    const std::string sql = metric_sql(one.metric);
    if (sql.empty()) continue;
    out += fmt::format(
        "SELECT 'metric' AS dyna, {} AS name, ({})::DOUBLE::VARCHAR AS text\n  FROM "
        "read_parquet('in/0');\n",
        quote_text(one.metric), sql);
  }
  return out;
}

}  // namespace cordyna::data
