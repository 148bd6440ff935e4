/// The tables of one share, on whatever servers they are: nothing is seen before `commit`.
///
/// Threads: one.
#pragma once

#include <vector>

#include "process/data/pg_share.hpp"
#include "process/data/runner.hpp"

namespace cordyna::data {

class TableShares {
 public:
  /// Writes the data, which is in/0 with `columns`, for them. Borrows the run, whose report has the
  /// number of rows. Without tables it does nothing, like all of the following.
  [[nodiscard]] static StepResult<TableShares> open(StepRun& run, const ShareParams& share,
                                                    const std::vector<SourceColumn>& columns);

  /// All rows are at their servers, and fit.
  [[nodiscard]] StepResult<> stage();
  /// One server after the other; reports and tells of each that is done.
  [[nodiscard]] StepResult<> commit();

 private:
  explicit TableShares(StepRun& run) : run_(run) {}
  [[nodiscard]] StepResult<> told(const PgShare& server, StepResult<> done) const;

  StepRun& run_;
  std::vector<PgShare> servers_;
};

}  // namespace cordyna::data
