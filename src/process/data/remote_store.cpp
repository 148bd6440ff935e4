#include "process/data/remote_store.hpp"

#include <fmt/format.h>

#include "base/pattern.hpp"
#include "process/data/remote_run.hpp"

namespace cordyna::data {

Result<std::optional<google::ServiceAccount>> google_account(const RemoteSecrets& secrets) {
  if (secrets.google_key.empty()) return std::optional<google::ServiceAccount>();
  TRY_ASSIGN(google::ServiceAccount account, google::parse_service_account(secrets.google_key));
  return std::optional<google::ServiceAccount>(std::move(account));
}

Result<SourceStore> SourceStore::open(const LoadParams& load, const RemoteSecrets& secrets,
                                      http::TryOptions tries) {
  SourceStore store;
  store.tries_ = std::move(tries);
  store.tries_.client.reach = http::Reach::kNoLinkLocal;
  // Of the beginning of names, nothing may be there behind the bucket, or half a part.
  const bool many = !load.files.empty();
  const std::string address = load.from + (many ? "x" : "");
  if (is_s3(load.from)) {
    TRY_ASSIGN(http::S3Name name, http::parse_s3(address));
    store.scheme_ = "s3";
    store.s3_ = s3_place(load.remote, secrets);
    store.bucket_ = std::move(name.bucket);
    store.prefix_ = std::move(name.key);
  } else {
    TRY_ASSIGN(google::ObjectName name, google::parse_gs(address));
    TRY_ASSIGN(std::optional<google::ServiceAccount> account, google_account(secrets));
    store.scheme_ = "gs";
    store.endpoint_ = load.remote.gcs.endpoint;
    store.bucket_ = std::move(name.bucket);
    store.prefix_ = std::move(name.name);
    store.google_.emplace(std::move(account), std::string(google::kStorageScope), store.tries_);
  }
  if (many) store.prefix_.pop_back();
  return store;
}

std::string SourceStore::shown(const std::string& name) const {
  return fmt::format("{}://{}/{}", scheme_, bucket_, name);
}

Result<std::vector<StoreObject>> SourceStore::list(const std::string& pattern,
                                                   std::size_t objects_max) {
  const auto wants = [&](std::string_view name) {
    return name.size() > prefix_.size() && fits_pattern(pattern, name.substr(prefix_.size()));
  };
  std::vector<StoreObject> out;
  if (google_.has_value()) {
    TRY_ASSIGN(std::vector<google::StorageObject> found,
               google::list_objects(*google_, endpoint_, {bucket_, prefix_}, objects_max, wants));
    out.reserve(found.size());
    for (google::StorageObject& one : found) {
      out.push_back({std::move(one.name), std::move(one.generation), one.bytes});
    }
    return out;
  }
  TRY_ASSIGN(std::vector<http::S3Object> found,
             http::list_s3(s3_, {bucket_, prefix_}, objects_max, tries_, wants));
  out.reserve(found.size());
  for (http::S3Object& one : found) {
    out.push_back({std::move(one.key), std::move(one.etag), one.bytes});
  }
  return out;
}

Result<> SourceStore::address(http::DownloadSpec& spec, const StoreObject& object) {
  spec.follows = false;  // a signature, or a token, is for one host alone
  spec.tries.client.reach = http::Reach::kNoLinkLocal;
  if (google_.has_value()) {
    TRY_ASSIGN(spec.url, google::media_url(endpoint_, {bucket_, object.name}, object.version));
    // As it is stored: what Google unpacks on the way has no digest.
    spec.headers = {{"Accept-Encoding", "gzip"}};
    http::Request token;
    TRY(google_->authorize(token));
    // Each attempt has one that is still good. A failure to get another one is a 401 then.
    spec.prepare = [this](http::Request& request) {
      static_cast<void>(google_->authorize(request));
    };
    return {};
  }
  TRY_ASSIGN(spec.url, http::s3_url(s3_, {bucket_, object.name}));
  spec.headers = {{"x-amz-checksum-mode", "ENABLED"}};
  if (!object.version.empty()) spec.headers.push_back({"If-Match", object.version});
  spec.prepare = [place = s3_](http::Request& request) {
    http::sign_s3(request, place, http::kEmptySha256, google::wall_now());
  };
  return {};
}

}  // namespace cordyna::data
