#include "process/data/store_uploads.hpp"

#include "process/data/remote_store.hpp"

namespace cordyna::data {
namespace {

http::TryOptions within_reach(http::TryOptions tries) {
  tries.client.reach = http::Reach::kNoLinkLocal;
  return tries;
}

}  // namespace

StoreUploads::StoreUploads(http::S3Place place, std::string google_endpoint, http::TryOptions tries)
    : s3_(std::move(place), within_reach(tries)),
      google_endpoint_(std::move(google_endpoint)),
      tries_(within_reach(std::move(tries))) {}

Result<> StoreUploads::stage(std::vector<StoreUpload> uploads, const RemoteSecrets& secrets) {
  std::vector<http::S3Upload> amazon;
  std::vector<google::StorageUpload> google;
  amazon.reserve(uploads.size());
  google.reserve(uploads.size());
  for (StoreUpload& upload : uploads) {
    if (is_s3(upload.target)) {
      TRY_ASSIGN(http::S3Name name, http::parse_s3(upload.target));
      amazon.push_back({std::move(upload.path), std::move(name), std::move(upload.content_type)});
    } else {
      TRY_ASSIGN(google::ObjectName name, google::parse_gs(upload.target));
      google.push_back({std::move(upload.path), std::move(name), std::move(upload.content_type)});
    }
  }
  if (!google.empty()) {
    TRY_ASSIGN(std::optional<google::ServiceAccount> account, google_account(secrets));
    google_.emplace(google::Caller(std::move(account), std::string(google::kStorageScope), tries_),
                    google_endpoint_);
    TRY(google_->stage(google));
  }
  // A single small file is sent when it is committed; that is whole by itself.
  return amazon.empty() ? Result<>() : s3_.stage(std::move(amazon));
}

Result<> StoreUploads::commit() {
  TRY(s3_.commit());
  return google_.has_value() ? google_->commit() : Result<>();
}

std::size_t StoreUploads::committed() const {
  return s3_.committed() + (google_.has_value() ? google_->committed() : 0);
}

}  // namespace cordyna::data
