/// Google Cloud Storage by its JSON API: addresses, lists, uploads.
///
/// Blocks. Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "google/resumable.hpp"

namespace cordyna::google {

inline constexpr std::string_view kStorageScope =
    "https://www.googleapis.com/auth/devstorage.read_write";

struct ObjectName {
  std::string bucket;
  std::string name;
};

/// Of "gs://bucket/a/name". Errors: kInvalidArgument: no such address, a part is missing, or one
/// that an object cannot have.
[[nodiscard]] Result<ObjectName> parse_gs(std::string_view address);

struct StorageObject {
  std::string name;
  std::string generation;
  std::uint64_t bytes = 0;
};

/// Where an object's bytes are. `endpoint`: empty: Google's. `generation`: empty: the newest.
/// Errors: kInvalidArgument: the endpoint.
[[nodiscard]] Result<http::Url> media_url(std::string_view endpoint, const ObjectName& name,
                                          std::string_view generation);

/// As `http::list_s3`.
[[nodiscard]] Result<std::vector<StorageObject>> list_objects(
    Caller& caller, std::string_view endpoint, const ObjectName& name, std::size_t objects_max,
    const std::function<bool(std::string_view name)>& wants);

struct StorageUpload {
  std::string path;  ///< of the file
  ObjectName name;
  std::string content_type;
};

/// Uploads of several files, none of which is visible before all of them are on the server, but for
/// the last chunk of each. What is not committed is given up; Google forgets what a process that
/// was killed has left.
class StorageUploads {
 public:
  StorageUploads(Caller caller, std::string endpoint)
      : caller_(std::move(caller)), endpoint_(std::move(endpoint)) {}
  StorageUploads(const StorageUploads&) = delete;
  StorageUploads& operator=(const StorageUploads&) = delete;
  ~StorageUploads();

  /// Errors: those of `Resumable::stage`.
  [[nodiscard]] Result<> stage(const std::vector<StorageUpload>& uploads);
  /// Makes it visible. Errors: those of `Resumable::finish`; what was committed before stays.
  [[nodiscard]] Result<> commit();
  /// How many of the staged files are visible.
  [[nodiscard]] std::size_t committed() const { return committed_; }

 private:
  Caller caller_;
  std::string endpoint_;
  std::vector<Resumable> staged_;
  std::size_t committed_ = 0;
};

}  // namespace cordyna::google
