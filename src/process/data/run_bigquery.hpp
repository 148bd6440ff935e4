/// Loads from BigQuery: the rows of a query as a Parquet file, which is then loaded like any other;
/// and how a step reaches it.
///
/// Blocks until done or asked to end. Threads: one.
#pragma once

#include <memory>

#include "google/bigquery.hpp"
#include "process/data/runner.hpp"

namespace cordyna::data {

/// Borrows the run and the secrets. Errors: kSecretMissing; kAccessDenied: the key is none.
[[nodiscard]] StepResult<std::unique_ptr<google::Bigquery>> open_bigquery(
    const StepRun& run, const BigqueryConnection& connection, const RemoteParams& remote,
    const RemoteSecrets& secrets);

/// Errors: kSourceUnavailable, kAccessDenied, kRemoteNotFound, kSqlFailed.
[[nodiscard]] StepResult<FetchedRows> fetch_bigquery(StepRun& run, const LoadParams& load);

}  // namespace cordyna::data
