/// The tables of BigQuery that a share writes: each by a load job of its own, whose id the attempt
/// gives, so that what is repeated is done once.
///
/// `stage` sends the data but for its end, and nobody sees anything; `commit` sends the end, and a
/// job takes all of it in one go. Threads: one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "process/data/run_bigquery.hpp"

namespace cordyna::data {

class BigqueryShares {
 public:
  /// `parquet`: the data. Borrows all of them.
  BigqueryShares(StepRun& run, const ShareParams& share, const std::string& parquet,
                 const RemoteSecrets& secrets)
      : run_(run), share_(share), parquet_(parquet), secrets_(secrets) {}
  BigqueryShares(const BigqueryShares&) = delete;
  BigqueryShares& operator=(const BigqueryShares&) = delete;
  /// Gives up what was staged and not committed.
  ~BigqueryShares();

  [[nodiscard]] StepResult<> stage();
  [[nodiscard]] StepResult<> commit();
  /// How many tables have the data.
  [[nodiscard]] std::size_t committed() const { return committed_; }

 private:
  struct Staged {
    const BigqueryTarget* target = nullptr;
    std::unique_ptr<google::Bigquery> bigquery;
    std::string job;
    std::unique_ptr<google::Resumable> upload;  ///< null: an attempt before has done it
  };
  /// Whether an attempt before has begun a job that is not lost: waited for, if need be.
  [[nodiscard]] Result<bool> was_done(Staged& staged);
  [[nodiscard]] Result<> stage_one(Staged& staged);
  [[nodiscard]] std::unexpected<TaskError> error_of(const Error& error) const;

  StepRun& run_;
  const ShareParams& share_;
  const std::string& parquet_;
  const RemoteSecrets& secrets_;
  std::vector<Staged> staged_;
  std::size_t committed_ = 0;
};

}  // namespace cordyna::data
