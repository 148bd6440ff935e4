#include "process/data/remote_launch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <optional>

#include "base/base64.hpp"
#include "http/proxy.hpp"
#include "process/data/remote.hpp"
#include "template/template.hpp"

namespace cordyna::data {
namespace {

namespace json = boost::json;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::unexpected<TaskError> missing(const Error& error) {
  return step_fail(TaskErrorCode::kSecretMissing, error.message, Phase::kPrepare);
}

/// Hands one step's secrets over.
class Handover {
 public:
  Handover(const RawParams& raw, const Secrets& secrets, Launch& launch)
      : raw_(raw), secrets_(secrets), launch_(launch) {}

  /// The value of a secret that the flow names.
  StepResult<> add(std::string_view name, std::string_view into) {
    if (name.empty()) return {};
    Result<std::string> value = find(name);
    if (!value.has_value()) return missing(value.error());
    launch_.env.emplace_back(into, *std::move(value));
    return {};
  }

  /// AWS's usual names, as secrets or in the environment.
  StepResult<> add_amazon(const std::string& address) {
    constexpr std::pair<const char*, std::string_view> kNames[] = {
        {"AWS_ACCESS_KEY_ID", kS3AccessVariable},
        {"AWS_SECRET_ACCESS_KEY", kS3SecretVariable},
        {"AWS_SESSION_TOKEN", kS3SessionVariable}};
    for (const auto& [name, into] : kNames) {
      const Result<std::string> secret = secrets_.find(name);
      const std::string value = secret.has_value() ? *secret : variable(name);
      if (!value.empty()) {
        mask(value);
        launch_.env.emplace_back(into, value);
      } else if (into != kS3SessionVariable) {
        return missing({ErrorCode::kNotFound,
                        fmt::format("{}: no credentials: set the secrets AWS_ACCESS_KEY_ID and "
                                    "AWS_SECRET_ACCESS_KEY, name others in s3.access_key and "
                                    "s3.secret_key, or say s3.anonymous: true",
                                    address)});
      }
    }
    return {};
  }

  /// The address and the headers once more, now with their secrets, if they have any.
  StepResult<> add_texts() {
    boost::system::error_code error;
    const json::value params = json::parse(to_json_view(raw_.params), error);
    if (error.failed() || !params.is_object()) return {};
    if (const json::value* from = params.get_object().if_contains("from")) {
      STEP_TRY_ASSIGN(const std::optional<json::value> text, render(*from, true));
      if (text.has_value() && text->is_string()) {
        launch_.env.emplace_back(kFromVariable, text->get_string());
      }
    }
    if (const json::value* headers = params.get_object().if_contains("headers")) {
      STEP_TRY_ASSIGN(const std::optional<json::value> texts, render(*headers, false));
      if (texts.has_value()) {
        launch_.env.emplace_back(kHeadersVariable, json::serialize(*texts));
      }
    }
    return {};
  }

  void add_environment() {
    for (const char* name :
         {"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"}) {
      pass(name);
    }
    for (auto& variable : http::network_variables()) {
      const std::string password = http::proxy_password(variable.second);
      if (!password.empty()) mask(password);
      launch_.env.push_back(std::move(variable));
    }
  }

  void mask(const std::string& value) {
    if (std::ranges::find(launch_.masks, value) == launch_.masks.end()) {
      launch_.masks.push_back(value);
    }
  }

 private:
  static json::string_view to_json_view(std::string_view text) {
    return {text.data(), text.size()};
  }

  void pass(const char* name) {
    std::string value = variable(name);
    if (!value.empty()) launch_.env.emplace_back(name, std::move(value));
  }

  Result<std::string> find(std::string_view name) {
    TRY_ASSIGN(std::string value, secrets_.find(name));
    if (value.empty() || value.find('\0') != std::string::npos) {
      return fail(ErrorCode::kNotFound, fmt::format("the secret {} is empty, or no text", name));
    }
    mask(value);
    return value;
  }

  /// Nullopt: no secret was asked for.
  StepResult<std::optional<json::value>> render(const json::value& value, bool encoded) {
    bool used = false;
    std::optional<Error> unknown;
    tmpl::Lookup lookup;
    lookup.env = raw_.env;
    lookup.secret = [&](std::string_view name) -> Result<std::string> {
      used = true;
      Result<std::string> secret = find(name);
      if (!secret.has_value()) unknown = secret.error();
      if (!secret.has_value() || !encoded) return secret;
      std::string text = http::percent_encode(*secret);
      mask(text);
      return text;
    };
    const Result<std::string> text =
        tmpl::render_json(json::serialize(value), raw_.context, lookup);
    if (unknown.has_value()) return missing(*unknown);
    if (!text.has_value()) {
      return step_fail(TaskErrorCode::kTemplateFailed, text.error().message, Phase::kPrepare);
    }
    if (!used) return std::optional<json::value>();
    boost::system::error_code error;
    json::value parsed = json::parse(to_json_view(*text), error);
    return std::optional<json::value>(std::move(parsed));
  }

  const RawParams& raw_;
  const Secrets& secrets_;
  Launch& launch_;
};

/// The step hides them in what it says, also where a server repeats them.
void add_masks(Launch& launch) {
  if (launch.masks.empty()) return;
  json::array masks;
  for (const std::string& mask : launch.masks) masks.emplace_back(mask);
  launch.env.emplace_back(kMasksVariable, json::serialize(masks));
}

StepResult<> add_s3(Handover& handover, const S3Params& s3, const std::string& address) {
  if (s3.anonymous) return {};
  if (s3.access_key.empty()) return handover.add_amazon(address);
  STEP_TRY(handover.add(s3.access_key, kS3AccessVariable));
  STEP_TRY(handover.add(s3.secret_key, kS3SecretVariable));
  return handover.add(s3.session_token, kS3SessionVariable);
}

StepResult<> add_gcs(Handover& handover, const GcsParams& gcs, const std::string& address) {
  if (gcs.anonymous) return {};
  if (!gcs.key.empty()) return handover.add(gcs.key, kGoogleKeyVariable);
  return missing({ErrorCode::kNotFound,
                  fmt::format("{}: no credentials: name the secret with a service account's key in "
                              "gcs.key, or say gcs.anonymous: true",
                              address)});
}

/// Of the first target of its kind: all of them have the same.
StepResult<> add_stores(Handover& handover, const ShareParams& share) {
  const auto amazon = std::ranges::find_if(share.to, is_s3);
  if (amazon != share.to.end()) STEP_TRY(add_s3(handover, share.remote.s3, *amazon));
  const auto google = std::ranges::find_if(share.to, is_gcs);
  if (google != share.to.end()) STEP_TRY(add_gcs(handover, share.remote.gcs, *google));
  return {};
}

}  // namespace

StepResult<> hand_over_remote(const Step& step, const RawParams& raw, const Secrets& secrets,
                              Launch& launch) {
  Handover handover(raw, secrets, launch);
  if (const auto* load = std::get_if<LoadParams>(&step.params)) {
    if (!load->is_remote() && !load->bigquery.has_value()) return {};
    handover.add_environment();
    if (load->bigquery.has_value()) {
      add_masks(launch);
      return {};
    }
    if (is_object(load->from)) {
      STEP_TRY(is_s3(load->from) ? add_s3(handover, load->remote.s3, load->from)
                                 : add_gcs(handover, load->remote.gcs, load->from));
      add_masks(launch);
      return {};
    }
    STEP_TRY(handover.add_texts());
    STEP_TRY(handover.add(load->remote.password, kPasswordVariable));
    if (!load->remote.user.empty()) {
      handover.mask(base64(load->remote.user + ":" + launch.env.back().second));
    }
    add_masks(launch);
    return {};
  }
  const auto* share = std::get_if<ShareParams>(&step.params);
  if (share == nullptr) return {};
  if (std::ranges::none_of(share->to, is_object) && share->bigquery.empty()) return {};
  handover.add_environment();
  STEP_TRY(add_stores(handover, *share));
  add_masks(launch);
  return {};
}

}  // namespace cordyna::data
