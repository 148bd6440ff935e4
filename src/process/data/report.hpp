/// What a step tells of itself: $DYNA_REPORT for programs, lines for people.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "process/data/step.hpp"

namespace cordyna::data {

struct CheckCount {
  std::string name;
  Severity severity = Severity::kFail;
  std::int64_t bad = 0;
};

/// What a guard found.
struct GuardReport {
  std::string series;
  guard::Point point;
  std::string reason;    ///< empty: nothing unusual
  std::size_t good = 0;  ///< good points before
};

/// Where a load's file came from, if not from this machine.
struct SourceReport {
  std::string url;  ///< without its query
  int status = 0;
  std::uint64_t bytes = 0;
  std::string etag;      ///< empty: none
  std::string modified;  ///< the same
  std::string sha256;    ///< empty: of several objects
  int tries = 1;
  int resumed = 0;
  std::size_t objects = 0;  ///< how many were read as one; 0: it was one file
};

/// Absent counts are not written.
struct StepReport {
  std::string data;  ///< the Parquet; empty: none
  std::int64_t rows = 0;
  std::optional<std::int64_t> rows_in;
  std::vector<std::pair<std::string, std::int64_t>> counts;     ///< "rejected", "quarantined", …
  std::vector<std::pair<std::string, std::string>> files;       ///< "rejects" → path of an artifact
  std::vector<std::pair<std::string, std::int64_t>> unmatched;  ///< per source of a merge
  std::vector<std::string> targets;                             ///< of a share
  std::optional<SourceReport> source;
  std::vector<SourceColumn> schema;
  std::vector<std::pair<std::string, double>> null_rates;  ///< 0 to 1, of columns that have any
  std::vector<CheckCount> checks;
  std::vector<std::string> warnings;
  std::optional<GuardReport> guard;
  std::string hold;  ///< why a person must decide; empty: nobody must
  double seconds = 0;
  std::uint64_t memory_peak_bytes = 0;  ///< of DuckDB; 0: it was not run
};

/// Replaces the report file in one go. `error`: null where the step completed.
[[nodiscard]] Result<> write_report(const std::string& path, const StepReport& report,
                                    const TaskError* error);

/// The report as JSON text.
[[nodiscard]] std::string report_json(const StepReport& report, const TaskError* error);

}  // namespace cordyna::data
