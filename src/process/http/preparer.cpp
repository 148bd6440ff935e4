#include "process/http/preparer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "base/base64.hpp"
#include "base/durations.hpp"
#include "base/percent.hpp"
#include "http/digest.hpp"
#include "http/proxy.hpp"
#include "process/http/step_file.hpp"
#include "template/task_renderer.hpp"
#include "template/template.hpp"

namespace cordyna::web {
namespace {

namespace json = boost::json;

using Refused = std::unexpected<TaskError>;
template <class T = void>
using Prepared = std::expected<T, TaskError>;

#define WEB_TRY(call)                                                                      \
  do {                                                                                     \
    if (auto done_ = (call); !done_.has_value()) return Refused(std::move(done_.error())); \
  } while (false)

Refused refuse(TaskErrorCode code, std::string message) {
  return Refused(make_task_error(code, Phase::kPrepare, std::move(message)));
}

const json::value* find(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains({key.data(), key.size()});
  return value == nullptr || value->is_null() ? nullptr : value;
}

/// A text with its secrets, and as it may be seen.
struct Rendered {
  std::string text;
  std::string shown;
  bool has_secret = false;
};

/// Makes one task's step.
class StepMaker {
 public:
  StepMaker(const StartAttempt& command, const Secrets& secrets)
      : command_(command), renderer_(secrets, command) {}

  Prepared<> make() {
    boost::system::error_code problem;
    const json::value params = json::parse(renderer_.task().params, problem);
    if (problem.failed() || !params.is_object()) {
      return refuse(TaskErrorCode::kInternal, "the keys of the task are not a JSON object");
    }
    const json::object& keys = params.get_object();
    WEB_TRY(add_url(keys));
    WEB_TRY(add_headers(keys));
    WEB_TRY(add_body(keys));
    WEB_TRY(add_credentials(keys));
    WEB_TRY(add_options(keys));
    add_identity();
    for (const std::string& mask : renderer_.masks()) add_mask(mask);
    // One that is part of another must not leave the rest of it.
    std::ranges::stable_sort(secrets.masks, std::ranges::greater{}, &std::string::size);
    if (auto good = request_of(step, secrets); !good.has_value()) {
      return refuse(TaskErrorCode::kInputInvalid, good.error().message);
    }
    return {};
  }

  HttpStep step;
  StepSecrets secrets;

  void add_mask(const std::string& mask) {
    if (mask.empty() || std::ranges::count(secrets.masks, mask) > 0) return;
    secrets.masks.push_back(mask);
  }

 private:
  /// `render` gives one text for a lookup of secrets: once with theirs, once with stars.
  template <class Render>
  Prepared<Rendered> render_both(std::string_view key, const Render& render, bool encoded = false) {
    Rendered made;
    tmpl::Lookup lookup = renderer_.lookup();
    tmpl::Lookup seeing = lookup;
    seeing.secret = [&](std::string_view name) {
      made.has_secret = true;
      Result<std::string> value = lookup.secret(name);
      if (value.has_value() && encoded) add_mask(percent_encode(*value));
      return value;
    };
    Result<std::string> text = render(seeing);
    if (!text.has_value()) return Refused(renderer_.error(key, text.error()));
    made.text = *std::move(text);
    made.shown = made.text;
    if (!made.has_secret) return made;
    tmpl::Lookup hiding = lookup;
    hiding.secret = [](std::string_view) { return Result<std::string>(std::string("***")); };
    Result<std::string> shown = render(hiding);
    // What a template makes of stars may be an error, where what it makes of the secret is none.
    made.shown = shown.has_value() ? *std::move(shown) : std::string("***");
    return made;
  }

  Prepared<Rendered> render_text(std::string_view key, const json::value& value) {
    const std::string text =
        value.is_string() ? std::string(value.get_string()) : json::serialize(value);
    return render_both(key, [&](const tmpl::Lookup& lookup) {
      return tmpl::render(text, command_.context, lookup);
    });
  }

  Prepared<> add_url(const json::object& keys) {
    const json::value* url = find(keys, "url");
    if (url == nullptr || !url->is_string()) {
      return refuse(TaskErrorCode::kInputInvalid, "url: a text is wanted here");
    }
    std::vector<tmpl::Reference> host_from;
    auto made = render_both(
        "url",
        [&](const tmpl::Lookup& lookup) -> Result<std::string> {
          TRY_ASSIGN(tmpl::BoundUrl bound,
                     tmpl::bind_url(url->get_string(), command_.context, lookup));
          host_from = std::move(bound.host_from);
          return std::move(bound.text);
        },
        true);
    if (!made.has_value()) return Refused(std::move(made.error()));
    step.url = made->shown;
    if (made->has_secret) secrets.url = std::move(made->text);
    if (!std::ranges::all_of(host_from, [this](const auto& one) { return is_authors(one); })) {
      const json::value* allowed = find(keys, "allow_private");
      step.host_by = allowed != nullptr && allowed->is_bool() && allowed->get_bool()
                         ? HostBy::kAllowed
                         : HostBy::kValue;
    }
    return {};
  }

  /// What nobody gives to a run, nor a task of it: texts of the flow itself, and what the
  /// administrator has set.
  [[nodiscard]] bool is_authors(const tmpl::Reference& reference) const {
    if (reference.path.empty()) return false;
    const std::string& root = reference.path.front();
    if (root == "env" || root == "secret") return reference.path.size() == 2;
    if (root == "flow") return true;
    return root == "vars" && !tmpl::has_template(command_.flow->vars);
  }

  Prepared<> add_headers(const json::object& keys) {
    const json::value* headers = find(keys, "headers");
    if (headers == nullptr || !headers->is_object()) return {};
    for (const auto& item : headers->get_object()) {
      std::string name(item.key());
      auto made = render_text(fmt::format("headers.{}", name), item.value());
      if (!made.has_value()) return Refused(std::move(made.error()));
      if (made->has_secret) secrets.headers.push_back({name, std::move(made->text)});
      step.headers.push_back({std::move(name), std::move(made->shown)});
    }
    return {};
  }

  void set_body(Rendered made, std::string_view type) {
    if (made.has_secret) secrets.body = std::move(made.text);
    step.body = std::move(made.shown);
    has_body_ = true;
    if (http::find_header(step.headers, "Content-Type") == nullptr) {
      step.headers.push_back({"Content-Type", std::string(type)});
    }
  }

  Prepared<> add_body(const json::object& keys) {
    if (const json::value* body = find(keys, "body"); body != nullptr) {
      auto made = render_text("body", *body);
      if (!made.has_value()) return Refused(std::move(made.error()));
      set_body(*std::move(made), "text/plain; charset=utf-8");
    } else if (const json::value* tree = keys.if_contains("json"); tree != nullptr) {
      const std::string text = json::serialize(*tree);
      auto made = render_both("json", [&](const tmpl::Lookup& lookup) {
        return tmpl::render_json(text, command_.context, lookup);
      });
      if (!made.has_value()) return Refused(std::move(made.error()));
      set_body(*std::move(made), "application/json");
    } else if (const json::value* form = find(keys, "form"); form != nullptr && form->is_object()) {
      return add_form(form->get_object());
    }
    return {};
  }

  Prepared<> add_form(const json::object& form) {
    Rendered whole;
    for (const auto& item : form) {
      const std::string name(item.key());
      auto made = render_text(fmt::format("form.{}", name), item.value());
      if (!made.has_value()) return Refused(std::move(made.error()));
      whole.has_secret = whole.has_secret || made->has_secret;
      for (auto [into, value] :
           {std::pair{&whole.text, &made->text}, std::pair{&whole.shown, &made->shown}}) {
        *into += fmt::format("{}{}={}", into->empty() ? "" : "&", percent_encode(name),
                             percent_encode(*value));
      }
    }
    set_body(std::move(whole), "application/x-www-form-urlencoded");
    return {};
  }

  /// The value of {secret: NAME} at `key`; empty: there is no such key.
  Prepared<std::string> secret_of(const json::object& object, std::string_view key,
                                  std::string_view place) {
    const json::value* value = find(object, key);
    if (value == nullptr) return std::string();
    const json::value* name = value->is_object() ? find(value->get_object(), "secret") : nullptr;
    if (name == nullptr || !name->is_string()) {
      return refuse(TaskErrorCode::kInputInvalid,
                    fmt::format("{}: {{secret: NAME}} is wanted", place));
    }
    Result<std::string> found = renderer_.lookup().secret(name->get_string());
    if (!found.has_value()) return Refused(renderer_.error(place, found.error()));
    if (found->empty()) {
      return refuse(
          TaskErrorCode::kSecretMissing,
          fmt::format("{}: the secret {} is empty", place, std::string_view(name->get_string())));
    }
    return *std::move(found);
  }

  Prepared<> add_credentials(const json::object& keys) {
    auto sign = secret_of(keys, "sign", "sign");
    if (!sign.has_value()) return Refused(std::move(sign.error()));
    secrets.sign = *std::move(sign);
    const json::value* auth = find(keys, "auth");
    if (auth == nullptr || !auth->is_object()) return {};
    const json::object& given = auth->get_object();
    auto token = secret_of(given, "token", "auth.token");
    if (!token.has_value()) return Refused(std::move(token.error()));
    if (!token->empty()) {
      secrets.authorization = "Bearer " + *token;
      return {};
    }
    auto password = secret_of(given, "password", "auth.password");
    if (!password.has_value()) return Refused(std::move(password.error()));
    const json::value* name = find(given, "user");
    auto user = renderer_.text("auth.user", name != nullptr && name->is_string()
                                                ? std::string(name->get_string())
                                                : std::string());
    if (!user.has_value()) return Refused(std::move(user.error()));
    if (user->empty() || user->contains(':') || password->empty()) {
      return refuse(TaskErrorCode::kInputInvalid,
                    "auth: a user without ':' and a password are wanted, or a token");
    }
    const std::string basic = base64(fmt::format("{}:{}", *user, *password));
    add_mask(basic);
    secrets.authorization = "Basic " + basic;
    return {};
  }

  static Prepared<> read_time(const json::object& object, std::string_view key, Millis& into) {
    const json::value* value = find(object, key);
    if (value == nullptr) return {};
    const auto time = value->is_string()
                          ? parse_duration(value->get_string())
                          : Result<Millis>(value->is_int64() ? value->get_int64() : 0);
    constexpr Millis kLimitMax = 86'400'000;
    if (!time.has_value() || *time < 1 || *time > kLimitMax) {
      return refuse(TaskErrorCode::kInputInvalid,
                    fmt::format("transfer.{}: 1ms to 1d is wanted", key));
    }
    into = *time;
    return {};
  }

  Prepared<> add_transfer(const json::object& transfer) {
    WEB_TRY(read_time(transfer, "connect_timeout", step.connect));
    WEB_TRY(read_time(transfer, "idle_timeout", step.idle));
    WEB_TRY(read_time(transfer, "timeout", step.limit));
    const json::value* most = find(transfer, "max_size");
    if (most == nullptr) return {};
    const auto bytes = most->is_string() ? parse_size(most->get_string())
                                         : Result<std::uint64_t>(most->to_number<std::uint64_t>());
    if (!bytes.has_value() || *bytes == 0) {
      return refuse(TaskErrorCode::kInputInvalid, "transfer.max_size: a size is wanted, as 10MB");
    }
    step.bytes_max = *bytes;
    return {};
  }

  Prepared<> add_options(const json::object& keys) {
    const json::value* method = find(keys, "method");
    step.method = method != nullptr && method->is_string() ? std::string(method->get_string())
                  : has_body_                              ? "POST"
                                                           : "GET";
    const bool reads = step.method == "GET" || step.method == "HEAD";
    const json::value* follows = find(keys, "follow_redirects");
    step.follows = follows != nullptr && follows->is_bool() ? follows->get_bool() : reads;
    step.has_key = !reads && step.method != "OPTIONS";
    if (const json::value* accepted = find(keys, "accept_status"); accepted != nullptr) {
      json::array one{*accepted};
      for (const json::value& item : accepted->is_array() ? accepted->get_array() : one) {
        const std::string text =
            item.is_string() ? std::string(item.get_string()) : json::serialize(item);
        auto range = parse_status_range(text);
        if (!range.has_value()) {
          return refuse(TaskErrorCode::kInputInvalid, "accept_status: " + range.error().message);
        }
        step.accepted.push_back(*range);
      }
    }
    if (step.accepted.empty()) step.accepted.emplace_back();
    const json::value* transfer = find(keys, "transfer");
    if (transfer == nullptr || !transfer->is_object()) return {};
    return add_transfer(transfer->get_object());
  }

  void add_identity() {
    constexpr std::size_t kHashDigits = 16;
    step.id = fmt::format("{}-{}", command_.run_id.value,
                          http::hex(http::sha256(command_.key.path)).substr(0, kHashDigits));
    // As engine/retry.cpp decides; who is wrong here waits for nothing, or too little.
    const Retry& retry = renderer_.task().retry;
    const bool goes_on = retry.on.empty() || std::ranges::any_of(retry.on, [](const auto& word) {
                           return word == "SOURCE_UNAVAILABLE" || word == "error" || word == "1";
                         });
    step.may_repeat = goes_on && command_.key.attempt < retry.attempts;
  }

  const StartAttempt& command_;
  TaskRenderer renderer_;
  bool has_body_ = false;
};

}  // namespace

std::expected<Launch, TaskError> HttpPreparer::prepare(const StartAttempt& command,
                                                       const AttemptPaths& paths) {
  StepMaker maker(command, secrets_);
  WEB_TRY(maker.make());
  Launch launch;
  launch.argv = {dyna_, "http-step", fmt::format("{}/{}", paths.folder, kStepFile)};
  launch.folder = command.flow->folder;
  for (auto& variable : http::network_variables()) {
    maker.add_mask(http::proxy_password(variable.second));
    launch.env.push_back(std::move(variable));
  }
  launch.masks = maker.secrets.masks;
  if (!maker.secrets.empty()) {
    std::string text = to_json(maker.secrets);
    if (text.size() > kSecretsBytesMax) {
      return refuse(TaskErrorCode::kInputInvalid,
                    fmt::format("url, headers and body that hold secrets have {} bytes, and can "
                                "have {} together",
                                text.size(), kSecretsBytesMax));
    }
    launch.env.emplace_back(kSecretsVariable, std::move(text));
  }
  launch.files.push_back({kStepFile, to_json(maker.step)});
  return launch;
}

}  // namespace cordyna::web
