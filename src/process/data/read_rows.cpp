#include "process/data/read_rows.hpp"

#include <fmt/format.h>

#include "process/data/duckdb.hpp"
#include "process/data/sql_text.hpp"

namespace cordyna::data {

Result<std::vector<std::string>> read_rows(const std::string& parquet,
                                           const std::string& work_folder) {
  const auto program = find_duckdb();
  if (!program.has_value()) return fail(ErrorCode::kUnavailable, program.error().message);
  Step step;
  step.paths.work = work_folder;
  const EndSignals signals;
  Duckdb duckdb(*program, step, signals);
  duckdb.keep_order();
  const auto end = duckdb.run(fmt::format("SELECT * FROM read_parquet({}) LIMIT {};\n",
                                          quote_text(parquet), kRowsReadMax + 1),
                              {parquet});
  if (!end.has_value()) return fail(ErrorCode::kUnavailable, end.error().message);
  if (end->failed) return fail(ErrorCode::kUnavailable, end->error);
  if (end->lines.size() > kRowsReadMax) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("the table has more than {} rows; say how many there are instead",
                            kRowsReadMax));
  }
  return end->lines;
}

}  // namespace cordyna::data
