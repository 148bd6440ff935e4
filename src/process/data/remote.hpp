/// What a step needs to reach servers: what the flow says, and the secrets that come beside it.
///
/// Pure but for `remote_secrets`, which reads the environment. Threads: any.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "process/data/step_result.hpp"

namespace cordyna::data {

struct TransferParams {
  std::int32_t attempts = 5;
  std::int64_t delay_ms = 1000;  ///< before the second attempt; then twice as long each time
  std::int64_t connect_ms = 10'000;
  std::int64_t idle_ms = 60'000;
  std::uint64_t bytes_max = std::uint64_t{64} << 30;
};

/// An S3-compatible store. The keys are names of secrets.
struct S3Params {
  std::string endpoint;  ///< empty: $AWS_ENDPOINT_URL_S3, $AWS_ENDPOINT_URL, Amazon's
  std::string region;    ///< empty: $AWS_REGION, $AWS_DEFAULT_REGION, us-east-1
  std::string access_key;
  std::string secret_key;
  std::string session_token;
  bool anonymous = false;
  std::optional<bool> path_style;  ///< nothing: with an endpoint only
};

/// Google Cloud Storage. The key is the name of a secret.
struct GcsParams {
  std::string endpoint;  ///< empty: Google's
  std::string key;
  bool anonymous = false;
};

struct RemoteParams {
  TransferParams transfer;
  std::vector<std::pair<std::string, std::string>> headers;  ///< secrets in them as "***"
  std::string user;                                          ///< of Basic authentication
  std::string password;                                      ///< the name of its secret
  S3Params s3;
  GcsParams gcs;
};

/// "http://", "https://", "s3://", "gs://", in lower case.
[[nodiscard]] bool is_http(std::string_view address);
[[nodiscard]] bool is_s3(std::string_view address);
[[nodiscard]] bool is_gcs(std::string_view address);
/// Of an object store: one of the last two.
[[nodiscard]] bool is_object(std::string_view address);

/// Of the keys headers, auth, transfer, s3 and gcs. Errors: kInputInvalid, naming the key.
[[nodiscard]] StepResult<RemoteParams> parse_remote(const boost::json::object& params);

/// An address of http(s), S3 or Google's. `whole`: not the beginning of names alone. Errors:
/// kInputInvalid, naming the key and what is wrong.
[[nodiscard]] StepResult<> check_address(std::string_view key, std::string_view address,
                                         const RemoteParams& remote, bool whole = true);

/// The key files of a load: which objects are read whose names begin as `from`. Empty: it is not
/// there. Errors: kInputInvalid.
[[nodiscard]] StepResult<std::string> parse_files(const boost::json::object& params,
                                                  std::string_view from);

/// Environment variables of `dyna data-step`. The first two are there only where secrets stand in
/// the address, or in a header; the second is a JSON object.
inline constexpr std::string_view kFromVariable = "DYNA_FROM";
inline constexpr std::string_view kHeadersVariable = "DYNA_HEADERS";
inline constexpr std::string_view kPasswordVariable = "DYNA_PASSWORD";
inline constexpr std::string_view kS3AccessVariable = "DYNA_S3_ACCESS_KEY";
inline constexpr std::string_view kS3SecretVariable = "DYNA_S3_SECRET_KEY";
inline constexpr std::string_view kS3SessionVariable = "DYNA_S3_SESSION_TOKEN";
inline constexpr std::string_view kGoogleKeyVariable = "DYNA_GOOGLE_KEY";
inline constexpr std::string_view kMasksVariable = "DYNA_MASKS";  ///< a JSON list

/// What stands for a secret wherever it may be seen.
inline constexpr std::string_view kHidden = "***";

struct RemoteSecrets {
  std::string from;  ///< the whole address; empty: it has no secret
  std::vector<std::pair<std::string, std::string>> headers;
  std::string password;
  std::string s3_access;
  std::string s3_secret;
  std::string s3_session;
  std::string google_key;          ///< the JSON of a service account's key
  std::vector<std::string> masks;  ///< every secret by itself, in each spelling that is used

  /// `text` with each of them as "***".
  [[nodiscard]] std::string hide(std::string text) const;
};

/// Of this process's environment.
[[nodiscard]] RemoteSecrets remote_secrets();

}  // namespace cordyna::data
