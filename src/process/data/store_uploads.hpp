/// The targets of a share that are objects of stores: staged on their servers, then visible.
///
/// Blocks. Threads: one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "google/storage.hpp"
#include "http/s3.hpp"
#include "process/data/remote.hpp"

namespace cordyna::data {

struct StoreUpload {
  std::string path;    ///< of the file
  std::string target;  ///< "s3://…", "gs://…"
  std::string content_type;
};

class StoreUploads {
 public:
  /// No link-local address is connected to, where clouds tell a machine its credentials.
  StoreUploads(http::S3Place place, std::string google_endpoint, http::TryOptions tries);

  /// Sends everything but what makes it visible. Errors: those of `S3Uploads::stage` and of
  /// `google::StorageUploads::stage`.
  [[nodiscard]] Result<> stage(std::vector<StoreUpload> uploads, const RemoteSecrets& secrets);
  [[nodiscard]] Result<> commit();
  [[nodiscard]] std::size_t committed() const;

 private:
  http::S3Uploads s3_;
  std::string google_endpoint_;
  http::TryOptions tries_;
  std::optional<google::StorageUploads> google_;
};

}  // namespace cordyna::data
