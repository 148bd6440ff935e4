/// Fetches sources from servers.
///
/// Blocks until done or asked to end. Threads: one.
#pragma once

#include <string>
#include <vector>

#include "http/s3.hpp"
#include "process/data/runner.hpp"

namespace cordyna::data {

/// What came of a source that is no file of this machine.
struct Fetched {
  std::string path;      ///< in the work folder
  std::string encoding;  ///< how the server packed it: gzip, zstd; empty: not at all
  bool whole = false;    ///< the server's answer showed that nothing is missing
  bool joined = false;   ///< of several objects, unpacked
};

/// The source into the work folder, and into the report. Errors: kSourceUnavailable when another
/// attempt of the task may do; kRemoteNotFound, kAccessDenied, kRemoteRefused,
/// kRemoteUntrusted; kNoSpace;
/// kSignalled.
[[nodiscard]] StepResult<Fetched> fetch(StepRun& run, const LoadParams& load);

/// The same of all objects that `files` means, as one file. Errors: also kSchemaChanged: they do
/// not go together; kRemoteNotFound: there are none.
[[nodiscard]] StepResult<Fetched> fetch_many(StepRun& run, const LoadParams& load);

/// How the step reaches S3, with its secrets.
[[nodiscard]] http::S3Place s3_place(const RemoteParams& remote, const RemoteSecrets& secrets);
[[nodiscard]] http::TryOptions try_options(const StepRun& run, const RemoteParams& remote);

/// The error of a load (`unavailable` kSourceUnavailable) or of a share (kShareFailed).
[[nodiscard]] std::unexpected<TaskError> remote_error(const Error& error, TaskErrorCode unavailable,
                                                      const RemoteSecrets& secrets);

/// Errors: kRemoteUntrusted: the file has another one.
[[nodiscard]] StepResult<> check_sha256(const std::string& path, const std::string& shown,
                                        const std::string& wanted);

}  // namespace cordyna::data
