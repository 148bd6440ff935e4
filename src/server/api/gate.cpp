#include "server/api/gate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/nearest.hpp"
#include "base/words.hpp"
#include "server/api/router.hpp"
#include "server/auth/tokens.hpp"

namespace cordyna::server {
namespace {

constexpr std::size_t kAddressesMax = 10'000;

bool writes(const HttpRequest& request) {
  return request.method != "GET" && request.method != "HEAD";
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

/// "application/json; charset=utf-8" is of the type; other charsets are not.
bool is_of_type(std::string_view header, std::string_view type) {
  const std::size_t end = header.find(';');
  if (ascii_lower(trimmed(header.substr(0, end))) != type) return false;
  if (end == std::string_view::npos) return true;
  const std::string parameter = ascii_lower(trimmed(header.substr(end + 1)));
  return parameter.empty() || parameter == "charset=utf-8" || parameter == "charset=\"utf-8\"";
}

std::string wanted(const Field& field) {
  switch (field.type) {
    case ValueType::kInteger:
      return field.max > 0 ? fmt::format("an integer from {} to {}", field.min, field.max)
                           : fmt::format("an integer from {}", field.min);
    case ValueType::kBoolean: return "true or false";
    case ValueType::kTime: return "a time as 2026-01-02T03:04:05Z";
    default: break;
  }
  if (!field.values.empty()) return fmt::format("one of {}", fmt::join(field.values, ", "));
  return "a text";
}

bool is_right(const Field& field, const std::string& text) {
  switch (field.type) {
    case ValueType::kInteger: {
      std::int64_t number = 0;
      const char* const end = text.data() + text.size();
      const auto [stop, error] = std::from_chars(text.data(), end, number);
      return error == std::errc() && stop == end && number >= field.min &&
             (field.max == 0 || number <= field.max);
    }
    case ValueType::kBoolean: return text == "true" || text == "false";
    case ValueType::kTime: return parse_timestamp(text).has_value();
    default: break;
  }
  return field.values.empty() || std::ranges::find(field.values, text) != field.values.end();
}

std::vector<Flaw> check_query(const Route& route, const QueryPairs& query) {
  std::vector<Flaw> flaws;
  std::vector<std::string_view> names;
  for (const Field& field : route.query) names.push_back(field.name);
  for (const auto& [name, text] : query) {
    const auto field = std::ranges::find(route.query, std::string_view(name), &Field::name);
    if (field == route.query.end()) {
      const std::string near = nearest(name, names);
      std::string hint = names.empty() ? std::string("this address takes none")
                                       : fmt::format("known: {}", fmt::join(names, ", "));
      if (!near.empty()) hint = fmt::format("did you mean '{}'?", near);
      flaws.push_back({"query", "an unknown parameter; " + hint});
    } else if (std::ranges::count(query, name, &QueryPairs::value_type::first) > 1) {
      flaws.push_back({std::string(field->name), "is given more than once"});
    } else if (!is_right(*field, text)) {
      flaws.push_back({std::string(field->name), "must be " + wanted(*field)});
    }
  }
  for (const Field& field : route.query) {
    const auto is_it = [&field](const auto& pair) { return pair.first == field.name; };
    if (field.required && std::ranges::none_of(query, is_it)) {
      flaws.push_back({std::string(field.name), "is missing"});
    }
  }
  return flaws;
}

std::optional<Problem> read_into(Call& call) {
  const Route& route = *call.route;
  auto query = split_query(call.request.query);
  if (!query.has_value())
    return problem("bad_request", "the query has a broken escape, or is no UTF-8");
  call.query = std::move(*query);
  if (route.free_form) return std::nullopt;
  if (auto flaws = check_query(route, call.query); !flaws.empty())
    return bad_request(std::move(flaws));
  if (route.body == nullptr && route.body_type.empty()) {
    if (call.request.body.empty()) return std::nullopt;
    return problem("bad_request", "this address takes no body");
  }
  const std::string_view type = route.body != nullptr ? "application/json" : route.body_type;
  const std::string* header = http::find_header(call.request.headers, "Content-Type");
  if (header == nullptr || !is_of_type(*header, type)) {
    return problem("unsupported_type", fmt::format("the body must have the type {}", type));
  }
  if (route.body == nullptr) return std::nullopt;
  auto body = shape::read_body(call.request.body, *route.body, object_specs());
  if (auto* flaws = std::get_if<std::vector<Flaw>>(&body)) return bad_request(std::move(*flaws));
  call.body = std::move(std::get<JsonBody>(body));
  return std::nullopt;
}

/// Whether the caller's role is enough, as far as the path tells.
std::optional<Problem> authorize(const Call& call) {
  const Route& route = *call.route;
  const auto too_weak = [&route] {
    return problem("forbidden", fmt::format("this wants the role {}", to_string(route.role)));
  };
  switch (route.scope) {
    case Scope::kPublic:
    case Scope::kSelf: return std::nullopt;
    case Scope::kRun:  // the handler looks at the run's namespace
    case Scope::kAnywhere: {
      const bool any = std::ranges::any_of(
          call.caller.grants, [&route](const Grant& grant) { return grant.role >= route.role; });
      return any ? std::nullopt : std::optional(too_weak());
    }
    case Scope::kNamespace: {
      const std::string ns = call.ns();
      if (call.caller.may(route.role, ns)) return std::nullopt;
      // Whoever may not see a namespace does not learn whether it is there.
      if (!call.caller.may(Role::kViewer, ns))
        return problem("not_found", "there is no such thing, or it is not yours to see");
      return too_weak();
    }
    case Scope::kTaskServer: {
      const bool any = !call.caller.team.empty() ||
                       std::ranges::any_of(call.caller.grants, [&route](const Grant& grant) {
                         return grant.role >= route.role;
                       });
      return any ? std::nullopt : std::optional(too_weak());
    }
    case Scope::kServer:
      return call.caller.may(route.role, kEverywhere) ? std::nullopt : std::optional(too_weak());
  }
  return too_weak();
}

}  // namespace

std::string cookie_of(const HttpRequest& request, std::string_view name) {
  for (const http::Header& header : request.headers) {
    if (!same_word(header.name, "cookie")) continue;
    std::string_view rest = header.value;
    while (!rest.empty()) {
      const std::size_t end = rest.find(';');
      const std::string_view pair = trimmed(rest.substr(0, end));
      if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) {
        return std::string(pair.substr(name.size() + 1));
      }
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
  }
  return {};
}

std::string csrf_token_of(std::string_view session_token) {
  return hash_of(fmt::format("csrf {}", session_token));
}

std::size_t Gate::body_limit(const HttpRequest& head) const {
  const auto segments = split_path(head.path);
  if (!segments.has_value()) return settings_.body_bytes;
  const Match match = find_route(head.method, *segments);
  if (match.route == nullptr) return settings_.body_bytes;
  return match.route->body_bytes > 0 ? match.route->body_bytes : settings_.body_bytes;
}

void Gate::failed(const std::string& address, Millis now) {
  const std::lock_guard lock(mutex_);
  if (failures_.size() >= kAddressesMax) failures_.clear();
  failures_[address].add(now, settings_.failures_per_second);
}

void Gate::forgive(const std::string& address) {
  const std::lock_guard lock(mutex_);
  const auto found = failures_.find(address);
  if (found != failures_.end()) found->second.take(1);
}

bool Gate::is_limited(const std::string& address, Millis now) const {
  const std::lock_guard lock(mutex_);
  const auto found = failures_.find(address);
  return found != failures_.end() && found->second.level(now, settings_.failures_per_second) >=
                                         static_cast<double>(settings_.failures_burst);
}

bool Gate::takes(const Caller& caller, Millis now) {
  const std::uint32_t rate = settings_.requests_per_second;
  if (rate == 0) return true;
  if (callers_.size() >= kAddressesMax) callers_.clear();
  LeakyBucket& bucket = callers_[caller.actor];
  if (bucket.level(now, rate) >= 2.0 * rate) return false;
  bucket.add(now, rate);
  return true;
}

/// As many in a day, whenever it begins: what was begun is forgotten little by little.
std::optional<Problem> Gate::refuse_runs(const Caller& caller, std::size_t count, Millis now) {
  const double most = settings_.runs_per_day;
  if (most == 0) return std::nullopt;
  constexpr double kDaySeconds = 86'400;
  const double per_second = most / kDaySeconds;
  const std::lock_guard lock(mutex_);
  if (runs_.size() >= kAddressesMax) runs_.clear();
  LeakyBucket& bucket = runs_[caller.actor];
  const double over = bucket.level(now, per_second) + static_cast<double>(count) - most;
  if (over <= 0) {
    bucket.add(now, per_second, static_cast<double>(count));
    return std::nullopt;
  }
  Problem refused = problem("too_many_requests",
                            fmt::format("at most {} runs a day of one caller (limits.runs)", most));
  refused.retry_after = static_cast<std::int64_t>(std::ceil(std::min(over, most) / per_second));
  return refused;
}

bool Gate::allows_origin(std::string_view origin) const {
  return std::ranges::find(settings_.cors, origin) != settings_.cors.end();
}

std::variant<Caller, Problem> Gate::authenticate(const HttpRequest& request, Millis now) {
  // Only what is refused counts: whoever has a good token is let in, whatever others at the same
  // address do.
  const auto unknown = [&](std::string detail) -> std::variant<Caller, Problem> {
    if (is_limited(request.address, now)) {
      return problem("too_many_requests", "too many refused tokens from this address");
    }
    failed(request.address, now);
    return problem("unauthenticated", std::move(detail));
  };
  const std::string* header = http::find_header(request.headers, "Authorization");
  const std::string cookie = cookie_of(request, kSessionCookie);
  if (header == nullptr && cookie.empty()) {
    return problem("unauthenticated", "no token: send 'Authorization: Bearer <token>'");
  }
  if (header != nullptr) {
    constexpr std::string_view kBearer = "bearer ";
    if (!ascii_lower(header->substr(0, kBearer.size())).starts_with(kBearer)) {
      return unknown("the header Authorization is not 'Bearer <token>'");
    }
    auto caller =
        identity_.caller_of(trimmed(std::string_view(*header).substr(kBearer.size())), now);
    if (!caller.has_value()) return unknown("the token is not known here, or is no longer good");
    return std::move(*caller);
  }
  const std::string* origin = http::find_header(request.headers, "Origin");
  if (origin != nullptr && *origin != settings_.origin) {
    return problem("forbidden", "a page of another origin must not use this session");
  }
  const auto session = identity_.find(cookie, TokenKind::kSession, now);
  auto caller = identity_.caller_of(cookie, now);
  if (!session.has_value() || !caller.has_value()) return unknown("the session is over");
  caller->by_cookie = true;
  if (writes(request)) {
    const std::string* shown = http::find_header(request.headers, kCsrfHeader);
    if (origin == nullptr || shown == nullptr || !same_hash(*shown, csrf_token_of(cookie))) {
      return problem("forbidden",
                     fmt::format("a write of a session needs its origin and {}", kCsrfHeader));
    }
  }
  return std::move(*caller);
}

std::variant<Call, Problem> Gate::admit(HttpRequest& request, Millis now) {
  const auto segments = split_path(request.path);
  Match match;
  if (segments.has_value()) match = find_route(request.method, *segments);
  Call call;
  if (match.route == nullptr || match.route->scope != Scope::kPublic) {
    auto caller = authenticate(request, now);
    if (auto* refused = std::get_if<Problem>(&caller)) return std::move(*refused);
    call.caller = std::move(std::get<Caller>(caller));
    if (!takes(call.caller, now)) {
      return problem("too_many_requests",
                     fmt::format("at most {} requests a second, and twice as many in a burst",
                                 settings_.requests_per_second));
    }
  }
  if (!segments.has_value()) return problem("bad_request", "the path is malformed");
  if (match.route == nullptr) {
    if (match.methods.empty()) return problem("not_found", "there is no such address");
    Problem refused = problem("method_not_allowed", "this address has other methods");
    refused.allow = fmt::format("{}", fmt::join(match.methods, ", "));
    return refused;
  }
  call.route = match.route;
  call.values = std::move(match.values);
  if (auto refused = authorize(call); refused.has_value()) return std::move(*refused);
  call.request = std::move(request);
  if (auto refused = read_into(call); refused.has_value()) return std::move(*refused);
  return call;
}

}  // namespace cordyna::server
