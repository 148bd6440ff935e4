#include "flow/server_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/check.hpp"
#include "base/durations.hpp"
#include "base/nearest.hpp"

namespace cordyna::flow {
namespace {

using K = ValueKind;

constexpr std::int64_t kHourMillis = 3'600'000;
constexpr std::int64_t kMany = 10'000'000;

constexpr KeySpec wait_key(std::string_view name, std::string_view description,
                           std::string_view preset) {
  return {.name = name,
          .kind = K::kDuration,
          .description = description,
          .preset = preset,
          .least = 100,
          .most = kHourMillis};
}

constexpr std::array kLimitFields{
    KeySpec{.name = "body",
            .kind = K::kSize,
            .description = "Of the body of a request: else 413. Flows may have 32 MiB in any case.",
            .preset = R"("1MiB")",
            .least = 1024,
            .most = std::int64_t{1} << 30},
    KeySpec{.name = "head",
            .kind = K::kSize,
            .description = "Of a request's line and headers: else 431.",
            .preset = R"("16KiB")",
            .least = 1024,
            .most = std::int64_t{1} << 20},
    KeySpec{.name = "headers",
            .kind = K::kInt,
            .description = "How many headers: else 431.",
            .preset = "100",
            .least = 10,
            .most = 10'000},
    KeySpec{.name = "connections",
            .kind = K::kInt,
            .description = "At once: else 503.",
            .preset = "1000",
            .least = 1,
            .most = 100'000},
    KeySpec{.name = "streams",
            .kind = K::kInt,
            .description = "Live streams at once: else 503.",
            .preset = "200",
            .least = 1,
            .most = 100'000},
    KeySpec{.name = "sessions",
            .kind = K::kInt,
            .description = "WebSockets of task servers with one token at once: else 429.",
            .preset = "500",
            .least = 1,
            .most = 100'000},
    KeySpec{
        .name = "messages",
        .kind = K::kInt,
        .description =
            "Of task servers with one token in a second (by HTTP: of one team), a tenth of them at "
            "once after a silence; what is more waits in its connection. Without it there is no "
            "bound.",
        .least = 1,
        .most = kMany},
    KeySpec{.name = "attempts",
            .kind = K::kInt,
            .description = "In flight at once on the task servers of one team, whatever these say "
                           "that they take. Without it there is no bound.",
            .least = 1,
            .most = kMany},
    KeySpec{.name = "requests",
            .kind = K::kInt,
            .description =
                "Of one user or service token in a second, with bursts of twice as many: "
                "else 429. Without it there is no bound.",
            .least = 1,
            .most = kMany},
    KeySpec{
        .name = "runs",
        .kind = K::kInt,
        .description =
            "That one user or service token begins in a day by requests, a backfill with all of "
            "its runs: else 429. They are forgotten when the server starts again. Without it "
            "there is no bound.",
        .least = 1,
        .most = kMany},
    KeySpec{.name = "failures",
            .kind = K::kInt,
            .description = "Refused tokens, logins and webhooks of one address in a second, with "
                           "bursts of four times as many: else 429.",
            .preset = "5",
            .least = 1,
            .most = kMany},
    KeySpec{.name = "pending_events",
            .kind = K::kInt,
            .description = "Events that wait for their runs: else 503.",
            .preset = "1000000",
            .least = 1,
            .most = 1'000'000'000},
    wait_key("head_wait", "From the first byte of a request to the end of its head: else 408.",
             R"("10s")"),
    wait_key("body_wait", "For the whole body: else 408.", R"("1m")"),
    wait_key("idle_wait", "Between two requests of a connection, which then ends.", R"("75s")"),
    wait_key("write_wait", "For a client to take what was sent; the connection then ends.",
             R"("30s")"),
};

constexpr KeySpec kOneText{.kind = K::kText};

constexpr std::array kServerFields{
    KeySpec{.name = "listen",
            .kind = K::kText,
            .description = "ADDRESS:PORT, port 0: any; or off.",
            .preset = R"("127.0.0.1:7070")"},
    KeySpec{.name = "tls_cert",
            .kind = K::kText,
            .description = "PEM file with the certificate and its chain."},
    KeySpec{.name = "tls_key", .kind = K::kText, .description = "PEM file with its key."},
    KeySpec{.name = "public_url",
            .kind = K::kText,
            .description = "How browsers reach it: https://dyna.example."},
    KeySpec{.name = "insecure_plaintext",
            .kind = K::kBool,
            .description = "Without TLS also where other machines reach it: something before it "
                           "does TLS."},
    KeySpec{.name = "cors",
            .kind = K::kList,
            .description = "Origins whose pages may use the API with a token: "
                           "https://app.example. Without it none.",
            .one_or_list = true,
            .item = &kOneText,
            .least = 1},
    KeySpec{.name = "files",
            .kind = K::kList,
            .description = "Folders with files that inputs of the type file may name over the API "
                           "and in events. Without it only those below the flow's folder; the "
                           "state folder's never.",
            .one_or_list = true,
            .item = &kOneText,
            .least = 1},
    KeySpec{.name = "git_folders",
            .kind = K::kList,
            .description = "Folders of this machine with repositories that git.yaml may name as "
                           "file:///… Without it none.",
            .one_or_list = true,
            .item = &kOneText,
            .least = 1},
    KeySpec{.name = "redis",
            .kind = K::kText,
            .description = "Task servers may come over this Redis, too: "
                           "rediss://cerebro@redis1:6379/0, or redis:// without TLS."},
    KeySpec{.name = "redis_secret",
            .kind = K::kText,
            .description = "Name of the secret with the password for it."},
    KeySpec{.name = "redis_prefix",
            .kind = K::kText,
            .description = "What its keys begin with: one for each state.",
            .preset = R"("cordyna")"},
    KeySpec{.name = "redis_ca_file",
            .kind = K::kText,
            .description = "PEM file with who is trusted instead of the system's authorities."},
    KeySpec{.name = "drain",
            .kind = K::kDuration,
            .description =
                "Told to go, it waits so long for its runs, and then leaves them to their "
                "guardians; the next server takes them up. Without it: to their end.",
            .least = 1,
            .most = 24 * kHourMillis},
    KeySpec{.name = "limits",
            .kind = K::kObject,
            .description = "What clients can ask for.",
            .fields = kLimitFields},
};

using Member =
    std::variant<std::string ServerConfig::*, bool ServerConfig::*, Millis ServerConfig::*,
                 std::vector<std::string> ServerConfig::*, std::uint64_t ServerLimits::*,
                 std::uint32_t ServerLimits::*, Millis ServerLimits::*>;

struct Setting {
  std::string_view name;
  Member member;
};

constexpr std::string_view kLimitPrefix = "limits.";

const std::array<Setting, 29>& settings() {
  static const std::array<Setting, 29> rows{{
      {"listen", &ServerConfig::listen},
      {"tls_cert", &ServerConfig::tls_cert},
      {"tls_key", &ServerConfig::tls_key},
      {"public_url", &ServerConfig::public_url},
      {"insecure_plaintext", &ServerConfig::insecure_plaintext},
      {"cors", &ServerConfig::cors},
      {"files", &ServerConfig::files},
      {"git_folders", &ServerConfig::git_folders},
      {"redis", &ServerConfig::redis},
      {"redis_secret", &ServerConfig::redis_secret},
      {"redis_prefix", &ServerConfig::redis_prefix},
      {"redis_ca_file", &ServerConfig::redis_ca_file},
      {"drain", &ServerConfig::drain},
      {"limits.body", &ServerLimits::body},
      {"limits.head", &ServerLimits::head},
      {"limits.headers", &ServerLimits::headers},
      {"limits.connections", &ServerLimits::connections},
      {"limits.streams", &ServerLimits::streams},
      {"limits.sessions", &ServerLimits::sessions},
      {"limits.messages", &ServerLimits::messages},
      {"limits.attempts", &ServerLimits::attempts},
      {"limits.requests", &ServerLimits::requests},
      {"limits.runs", &ServerLimits::runs},
      {"limits.failures", &ServerLimits::failures},
      {"limits.pending_events", &ServerLimits::pending_events},
      {"limits.head_wait", &ServerLimits::head_wait},
      {"limits.body_wait", &ServerLimits::body_wait},
      {"limits.idle_wait", &ServerLimits::idle_wait},
      {"limits.write_wait", &ServerLimits::write_wait},
  }};
  return rows;
}

const KeySpec& key_of(std::string_view setting) {
  const bool limit = setting.starts_with(kLimitPrefix);
  const KeySpec* spec = limit ? find_key(kLimitFields, setting.substr(kLimitPrefix.size()))
                              : find_key(kServerFields, setting);
  CHECK(spec != nullptr);
  return *spec;
}

std::unexpected<Error> bad(std::string_view setting, std::string_view wanted) {
  return fail(ErrorCode::kInvalidArgument, fmt::format("setting '{}' wants {}", setting, wanted));
}

template <class Object, class T>
Result<> assign(Object& object, T Object::* member, std::string_view name, std::string_view value) {
  const KeySpec& spec = key_of(name);
  if constexpr (std::is_same_v<T, std::string>) {
    object.*member = value;
  } else if constexpr (std::is_same_v<T, bool>) {
    if (value != "true" && value != "false") return bad(name, "true or false");
    object.*member = value == "true";
  } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    (object.*member).clear();
    for (std::string_view rest = value; !rest.empty();) {
      const std::size_t end = rest.find(',');
      if (end != 0) (object.*member).emplace_back(rest.substr(0, end));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
  } else if constexpr (std::is_same_v<T, Millis>) {
    const auto parsed = parse_duration(value);
    if (!parsed.has_value() || *parsed < spec.least || *parsed > spec.most) {
      return bad(name, fmt::format("a duration like 30s, from {} to {} milliseconds", spec.least,
                                   spec.most));
    }
    object.*member = *parsed;
  } else if constexpr (std::is_same_v<T, std::uint64_t>) {
    const auto parsed = parse_size(value);
    const auto least = static_cast<std::uint64_t>(spec.least);
    if (!parsed.has_value() || *parsed < least || *parsed > static_cast<std::uint64_t>(spec.most)) {
      return bad(name, fmt::format("a size like 2MiB, from {} to {} bytes", spec.least, spec.most));
    }
    object.*member = *parsed;
  } else {
    std::int64_t number = 0;
    const char* const begin = value.data();
    const char* const end = begin + value.size();
    const auto [stop, error] = std::from_chars(begin, end, number);
    if (error != std::errc() || stop != end || number < spec.least || number > spec.most) {
      return bad(name, fmt::format("a whole number from {} to {}", spec.least, spec.most));
    }
    object.*member = static_cast<T>(number);
  }
  return {};
}

template <class T>
std::string text_of(const T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    return value;
  } else if constexpr (std::is_same_v<T, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    return fmt::format("{}", fmt::join(value, ","));
  } else if constexpr (std::is_same_v<T, Millis>) {
    return value == 0 ? std::string() : canonical_duration(value);
  } else if constexpr (std::is_same_v<T, std::uint64_t>) {
    return fmt::format("{}B", value);
  } else {
    return value == 0 ? std::string() : fmt::format("{}", value);
  }
}

/// Calls with the object that has the member, and the member.
auto with_member(auto& config, const Setting& setting, const auto& call) {
  return std::visit(
      [&](auto member) {
        if constexpr (requires { config.*member; }) {
          return call(config, member);
        } else {
          return call(config.limits, member);
        }
      },
      setting.member);
}

const Setting* find_setting(std::string_view name) {
  const auto found = std::ranges::find(settings(), name, &Setting::name);
  return found == settings().end() ? nullptr : &*found;
}

/// Also a list, as `set` takes it.
std::string text_of(const Node& node) {
  if (node.kind != NodeKind::kList) return std::string(node.text);
  std::string out;
  for (const Node* item = node.first; item != nullptr; item = item->next) {
    out += (out.empty() ? "" : ",") + std::string(item->text);
  }
  return out;
}

}  // namespace

std::span<const KeySpec> server_keys() {
  return kServerFields;
}

std::vector<std::string> setting_names() {
  std::vector<std::string> names;
  for (const Setting& setting : settings()) names.emplace_back(setting.name);
  return names;
}

std::string environment_name(std::string_view setting) {
  std::string out = "DYNA_";
  for (const char c : setting) {
    out += c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return out;
}

Result<> set(ServerConfig& config, std::string_view setting, std::string_view value) {
  const Setting* found = find_setting(setting);
  if (found != nullptr) {
    return with_member(config, *found, [&](auto& object, auto member) {
      return assign(object, member, found->name, value);
    });
  }
  const std::vector<std::string> names = setting_names();
  const std::vector<std::string_view> known(names.begin(), names.end());
  const std::string near = nearest(std::string(setting), known);
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("there is no setting '{}'; {}", setting,
                          near.empty() ? "'dyna config' lists them"
                                       : fmt::format("did you mean '{}'?", near)));
}

std::string value_of(const ServerConfig& config, std::string_view setting) {
  const Setting* found = find_setting(setting);
  CHECK(found != nullptr);
  return with_member(config, *found,
                     [](const auto& object, auto member) { return text_of(object.*member); });
}

ServerConfig server_of(const Node& server, std::vector<std::string>& given) {
  ServerConfig config;
  const auto take = [&](const Node& map, std::string_view prefix) {
    for (const Node* key = map.first; key != nullptr; key = key->next->next) {
      const std::string name = std::string(prefix) + std::string(key->text);
      if (find_setting(name) == nullptr) continue;
      // Bool is read as YAML does; the rest was checked.
      if (set(config, name, text_of(*key->next)).has_value()) given.push_back(name);
    }
  };
  take(server, "");
  if (const Node* limits = server.find("limits"); limits != nullptr) take(*limits, kLimitPrefix);
  return config;
}

}  // namespace cordyna::flow
