/// S3 and what speaks like it: addresses, signatures (AWS Signature Version 4), uploads.
///
/// Threads: any, each call by itself.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/tries.hpp"

namespace cordyna::http {

struct S3Credentials {
  std::string access_key;  ///< empty: requests are not signed
  std::string secret_key;
  std::string session_token;  ///< empty: none
};

struct S3Place {
  std::string endpoint;  ///< "https://host:port"; empty: Amazon's of the region
  std::string region = "us-east-1";
  S3Credentials credentials;
  std::optional<bool> path_style{};  ///< the bucket in the path; nothing: with an endpoint only
};

struct S3Name {
  std::string bucket;
  std::string key;
};

/// Of "s3://bucket/a/key". Errors: kInvalidArgument: no such address, a part is missing, or one of
/// the key's is "." or "..", which a server on the way might take for another bucket.
[[nodiscard]] Result<S3Name> parse_s3(std::string_view address);

/// An endpoint of its own has the bucket in the path; Amazon's has it in the host name, unless the
/// name has a dot, which its certificate would not match. Without a key, the bucket's own address.
/// Errors: kInvalidArgument: the endpoint.
[[nodiscard]] Result<Url> s3_url(const S3Place& place, const S3Name& name);

struct S3Object {
  std::string key;
  std::string etag;
  std::uint64_t bytes = 0;
};

/// The objects of the bucket whose keys begin with `name.key`, in the order of their keys, each
/// that `wants` takes. Errors: those of `download`; kInvalidArgument: they are more than
/// `objects_max`, or more than a hundred times as many were looked through.
[[nodiscard]] Result<std::vector<S3Object>> list_s3(
    const S3Place& place, const S3Name& name, std::size_t objects_max, const TryOptions& tries,
    const std::function<bool(std::string_view key)>& wants);

/// The digest of no bytes, and the word for a body that is not part of the signature.
inline constexpr std::string_view kEmptySha256 =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Adds x-amz-date, x-amz-content-sha256 (`body_sha256`, hexadecimal), the session token and
/// Authorization; every header that is there by then is signed. Nothing without credentials.
void sign_s3(Request& request, const S3Place& place, std::string_view body_sha256, Millis now);

struct S3Upload {
  std::string path;  ///< of the file
  S3Name name;
  std::string content_type;
};

/// Uploads of several files, none of which is visible before all of them are on the server.
///
/// A file that is the only one, and small enough for one request, is sent by that request when it
/// is committed. Any other is a multipart upload: sent in parts, visible by the request that
/// completes it, given up by one that aborts it. One whose process was killed leaves its parts on
/// the server, unseen; a lifecycle rule of the bucket removes such.
class S3Uploads {
 public:
  S3Uploads(S3Place place, TryOptions tries) : place_(std::move(place)), tries_(std::move(tries)) {}
  S3Uploads(const S3Uploads&) = delete;
  S3Uploads& operator=(const S3Uploads&) = delete;
  /// Aborts what was staged and not committed.
  ~S3Uploads();

  /// Sends everything but what makes it visible. Errors: those of `download`; kInternal: a file
  /// cannot be read.
  [[nodiscard]] Result<> stage(std::vector<S3Upload> uploads);
  /// Makes it visible. Errors: the same; what was committed before stays.
  [[nodiscard]] Result<> commit();
  /// How many of the staged files are visible.
  [[nodiscard]] std::size_t committed() const { return committed_; }

 private:
  struct Staged {
    S3Upload upload;
    Url url;
    std::uint64_t bytes = 0;
    std::string id;  ///< of the multipart upload; empty: sent by `commit`
    std::vector<std::string> etags;
  };
  [[nodiscard]] Result<> stage_parts(Staged& staged);
  [[nodiscard]] Result<Response> send(Request request, std::string_view body_sha256,
                                      const std::string& what);
  [[nodiscard]] Result<> commit_one(Staged& staged);
  void abort_all();

  S3Place place_;
  TryOptions tries_;
  std::vector<Staged> staged_;
  std::size_t committed_ = 0;
};

}  // namespace cordyna::http
