#include "process/data/remote.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdlib>

#include "base/pattern.hpp"
#include "base/text.hpp"
#include "google/storage.hpp"
#include "http/message.hpp"
#include "http/s3.hpp"
#include "process/data/json_read.hpp"

namespace cordyna::data {
namespace {

namespace json = boost::json;

std::string variable(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value == nullptr ? std::string() : std::string(value);
}

/// At least `least` and at most a day.
StepResult<> read_delay(const json::object& object, std::string_view key, std::int64_t least,
                        std::int64_t& into) {
  STEP_TRY_ASSIGN(const std::optional<std::int64_t> value, read_millis(object, key));
  if (!value.has_value()) return {};
  constexpr std::int64_t kDay = 86'400'000;
  if (*value < least || *value > kDay) {
    return bad_value(fmt::format("transfer.{}", key), fmt::format("{}ms to 1d is wanted", least));
  }
  into = *value;
  return {};
}

/// {secret: NAME}: never the secret itself.
StepResult<std::string> read_secret(const json::object& object, std::string_view place,
                                    std::string_view key) {
  const json::value* value = object.if_contains(json::string_view(key.data(), key.size()));
  if (value == nullptr || value->is_null()) return std::string();
  const json::object* secret = value->if_object();
  STEP_TRY_ASSIGN(std::optional<std::string> name, secret == nullptr
                                                       ? StepResult<std::optional<std::string>>()
                                                       : read_text(*secret, "secret"));
  if (name.value_or("").empty()) {
    return bad_value(fmt::format("{}.{}", place, key), "{secret: NAME} is wanted");
  }
  return std::move(*name);
}

StepResult<TransferParams> parse_transfer(const json::object& params) {
  TransferParams transfer;
  STEP_TRY_ASSIGN(const json::object* object, read_object(params, "transfer"));
  if (object == nullptr) return transfer;
  STEP_TRY_ASSIGN(const std::optional<std::int64_t> attempts, read_int(*object, "attempts"));
  if (attempts.value_or(1) < 1 || attempts.value_or(1) > 100) {
    return bad_value("transfer.attempts", "1 to 100 is wanted");
  }
  transfer.attempts = static_cast<std::int32_t>(attempts.value_or(transfer.attempts));
  STEP_TRY(read_delay(*object, "delay", 0, transfer.delay_ms));
  STEP_TRY(read_delay(*object, "connect_timeout", 1, transfer.connect_ms));
  STEP_TRY(read_delay(*object, "idle_timeout", 1, transfer.idle_ms));
  STEP_TRY_ASSIGN(const std::optional<std::uint64_t> most, read_bytes(*object, "max_size"));
  transfer.bytes_max = most.value_or(transfer.bytes_max);
  return transfer;
}

StepResult<S3Params> parse_s3_params(const json::object& params) {
  S3Params s3;
  STEP_TRY_ASSIGN(const json::object* object, read_object(params, "s3"));
  if (object == nullptr) return s3;
  for (const auto& [key, into] :
       {std::pair<std::string_view, std::string*>{"endpoint", &s3.endpoint},
        {"region", &s3.region}}) {
    STEP_TRY_ASSIGN(std::optional<std::string> text, read_text(*object, key));
    *into = std::move(text).value_or("");
  }
  STEP_TRY_ASSIGN(s3.access_key, read_secret(*object, "s3", "access_key"));
  STEP_TRY_ASSIGN(s3.secret_key, read_secret(*object, "s3", "secret_key"));
  STEP_TRY_ASSIGN(s3.session_token, read_secret(*object, "s3", "session_token"));
  STEP_TRY_ASSIGN(const std::optional<bool> anonymous, read_bool(*object, "anonymous"));
  s3.anonymous = anonymous.value_or(false);
  STEP_TRY_ASSIGN(s3.path_style, read_bool(*object, "path_style"));
  if (s3.access_key.empty() != s3.secret_key.empty()) {
    return bad_value("s3", "access_key and secret_key are wanted both, or neither");
  }
  if (s3.anonymous && !s3.access_key.empty()) {
    return bad_value("s3.anonymous", "it does not go with access_key");
  }
  constexpr std::string_view kRegionCharacters = "abcdefghijklmnopqrstuvwxyz0123456789-";
  if (s3.region.find_first_not_of(kRegionCharacters) != std::string::npos) {
    return bad_value("s3.region", fmt::format("'{}' is no region, as eu-central-1 is", s3.region));
  }
  return s3;
}

StepResult<GcsParams> parse_gcs_params(const json::object& params) {
  GcsParams gcs;
  STEP_TRY_ASSIGN(const json::object* object, read_object(params, "gcs"));
  if (object == nullptr) return gcs;
  STEP_TRY_ASSIGN(std::optional<std::string> endpoint, read_text(*object, "endpoint"));
  gcs.endpoint = std::move(endpoint).value_or("");
  STEP_TRY_ASSIGN(gcs.key, read_secret(*object, "gcs", "key"));
  STEP_TRY_ASSIGN(const std::optional<bool> anonymous, read_bool(*object, "anonymous"));
  gcs.anonymous = anonymous.value_or(false);
  if (gcs.anonymous && !gcs.key.empty()) {
    return bad_value("gcs.anonymous", "it does not go with key");
  }
  return gcs;
}

StepResult<> check_gcs_address(std::string_view key, std::string_view address,
                               const GcsParams& gcs) {
  const Result<google::ObjectName> name = google::parse_gs(address);
  if (!name.has_value()) return bad_value(key, name.error().message);
  if (gcs.endpoint.empty()) return {};
  const Result<http::Url> url = http::parse_url(gcs.endpoint);
  return url.has_value() ? StepResult<>() : bad_value("gcs.endpoint", url.error().message);
}

}  // namespace

bool is_http(std::string_view address) {
  return address.starts_with("http://") || address.starts_with("https://");
}
bool is_s3(std::string_view address) {
  return address.starts_with("s3://");
}
bool is_gcs(std::string_view address) {
  return address.starts_with("gs://");
}
bool is_object(std::string_view address) {
  return is_s3(address) || is_gcs(address);
}

StepResult<RemoteParams> parse_remote(const json::object& params) {
  RemoteParams remote;
  STEP_TRY_ASSIGN(remote.transfer, parse_transfer(params));
  STEP_TRY_ASSIGN(remote.s3, parse_s3_params(params));
  STEP_TRY_ASSIGN(remote.gcs, parse_gcs_params(params));
  STEP_TRY_ASSIGN(const json::object* headers, read_object(params, "headers"));
  if (headers != nullptr) {
    for (const auto& item : *headers) {
      http::Header header{text_of(item.key()), scalar_text(item.value())};
      const Result<> good = http::check_header(header);
      if (!good.has_value()) return bad_value("headers", good.error().message);
      remote.headers.emplace_back(std::move(header.name), std::move(header.value));
    }
  }
  STEP_TRY_ASSIGN(const json::object* auth, read_object(params, "auth"));
  if (auth == nullptr) return remote;
  STEP_TRY_ASSIGN(std::optional<std::string> user, read_text(*auth, "user"));
  STEP_TRY_ASSIGN(remote.password, read_secret(*auth, "auth", "password"));
  remote.user = std::move(user).value_or("");
  if (remote.user.empty() || remote.user.find(':') != std::string::npos) {
    return bad_value("auth.user", "a name without ':' is wanted");
  }
  if (remote.password.empty()) return bad_value("auth.password", "{secret: NAME} is wanted");
  return remote;
}

StepResult<> check_address(std::string_view key, std::string_view address,
                           const RemoteParams& remote, bool whole) {
  if (is_http(address)) {
    const Result<http::Url> url = http::parse_url(address);
    return url.has_value() ? StepResult<>() : bad_value(key, url.error().message);
  }
  // The beginning of names may be all of them, or end within one.
  const std::string text = fmt::format("{}{}", address, whole ? "" : "x");
  if (is_gcs(address)) return check_gcs_address(key, text, remote.gcs);
  const Result<http::S3Name> name = http::parse_s3(text);
  if (!name.has_value()) return bad_value(key, name.error().message);
  if (remote.s3.endpoint.empty()) return {};
  const Result<http::Url> url = http::s3_url({remote.s3.endpoint, "", {}}, *name);
  return url.has_value() ? StepResult<>() : bad_value("s3.endpoint", url.error().message);
}

StepResult<std::string> parse_files(const json::object& params, std::string_view from) {
  STEP_TRY_ASSIGN(std::optional<std::string> files, read_text(params, "files"));
  if (!files.has_value()) return std::string();
  if (!is_object(from)) return bad_value("files", "it goes with an address s3:// or gs://");
  const std::string problem = files->empty() ? "is empty" : pattern_problem("x" + *files);
  if (!problem.empty()) return bad_value("files", fmt::format("'{}' {}", *files, problem));
  if (params.contains("sha256")) return bad_value("sha256", "it is of one file, not of 'files'");
  return std::move(*files);
}

RemoteSecrets remote_secrets() {
  RemoteSecrets secrets;
  secrets.from = variable(kFromVariable);
  secrets.password = variable(kPasswordVariable);
  secrets.s3_access = variable(kS3AccessVariable);
  secrets.s3_secret = variable(kS3SecretVariable);
  secrets.s3_session = variable(kS3SessionVariable);
  secrets.google_key = variable(kGoogleKeyVariable);
  boost::system::error_code error;
  const json::value headers = json::parse(variable(kHeadersVariable), error);
  if (!error.failed() && headers.is_object()) {
    for (const auto& item : headers.get_object()) {
      secrets.headers.emplace_back(text_of(item.key()), scalar_text(item.value()));
    }
  }
  const json::value masks = json::parse(variable(kMasksVariable), error);
  if (!error.failed() && masks.is_array()) {
    for (const json::value& item : masks.get_array()) secrets.masks.push_back(scalar_text(item));
  }
  return secrets;
}

std::string RemoteSecrets::hide(std::string text) const {
  for (const std::string& mask : masks) hide_in(text, mask);
  for (const std::string* value :
       {&from, &password, &s3_access, &s3_secret, &s3_session, &google_key}) {
    hide_in(text, *value);
  }
  for (const auto& [name, value] : headers) hide_in(text, value);
  return text;
}

}  // namespace cordyna::data
