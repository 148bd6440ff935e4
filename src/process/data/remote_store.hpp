/// The object store that a load reads from, whichever it is.
///
/// Blocks. Threads: one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "google/storage.hpp"
#include "http/download.hpp"
#include "http/s3.hpp"
#include "process/data/step.hpp"

namespace cordyna::data {

struct StoreObject {
  std::string name;     ///< without the bucket
  std::string version;  ///< what tells whether it changed: ETag, generation; empty: not known
  std::uint64_t bytes = 0;
};

class SourceStore {
 public:
  /// Errors: kInvalidArgument: the address, or Google's key.
  [[nodiscard]] static Result<SourceStore> open(const LoadParams& load,
                                                const RemoteSecrets& secrets,
                                                http::TryOptions tries);

  /// "gs://bucket/name"
  [[nodiscard]] std::string shown(const std::string& name) const;
  /// The one that the load names, of any version.
  [[nodiscard]] StoreObject whole() const { return {prefix_, "", 0}; }
  /// Those whose names begin as the load says, and go on as `pattern` does. Errors: as
  /// `http::list_s3`.
  [[nodiscard]] Result<std::vector<StoreObject>> list(const std::string& pattern,
                                                      std::size_t objects_max);
  /// Says where and how the object is fetched: another version of it is no success. `spec` borrows
  /// the store.
  [[nodiscard]] Result<> address(http::DownloadSpec& spec, const StoreObject& object);

 private:
  std::string scheme_;  ///< "s3", "gs"
  std::string bucket_;
  std::string prefix_;
  http::S3Place s3_;
  std::string endpoint_;
  http::TryOptions tries_;
  std::optional<google::Caller> google_;
};

/// Who we are to Google. Nullopt: nobody. Errors: kInvalidArgument: the key.
[[nodiscard]] Result<std::optional<google::ServiceAccount>> google_account(
    const RemoteSecrets& secrets);

}  // namespace cordyna::data
