#include "server/api/problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.hpp"
#include "base/json_text.hpp"

namespace cordyna::server {
namespace {

constexpr std::array kCodes{
    ProblemCode{"bad_request", 400, "The request cannot be understood"},
    ProblemCode{"invalid", 422, "The request is understood, but something in it is wrong"},
    ProblemCode{"unauthenticated", 401, "A token is needed"},
    ProblemCode{"forbidden", 403, "The token's role does not allow this"},
    ProblemCode{"not_found", 404, "There is no such thing, or it is not yours to see"},
    ProblemCode{"method_not_allowed", 405, "The address has no such method"},
    ProblemCode{"not_acceptable", 406, "No form that the client accepts"},
    ProblemCode{"timeout", 408, "The request took too long to arrive"},
    ProblemCode{"conflict", 409, "It is not in a state that allows this"},
    ProblemCode{"precondition_failed", 412, "It has changed since it was read"},
    ProblemCode{"too_large", 413, "The body is too large"},
    ProblemCode{"unsupported_type", 415, "The body has a type that is not taken here"},
    ProblemCode{"expectation_failed", 417, "An expectation that cannot be met"},
    ProblemCode{"wrong_host", 421, "This server does not answer for that host"},
    ProblemCode{"too_many_requests", 429, "Too many requests"},
    ProblemCode{"head_too_large", 431, "The head of the request is too large"},
    ProblemCode{"internal", 500, "Something went wrong in the server"},
    ProblemCode{"run_failed", 500, "The run that was waited for has failed"},
    ProblemCode{"not_implemented", 501, "The server does not know this method"},
    ProblemCode{"unavailable", 503, "The server cannot do this at the moment"},
    ProblemCode{"version_not_supported", 505, "This version of HTTP is not spoken here"},
};

const ProblemCode& entry(std::string_view code) {
  const auto found = std::ranges::find(kCodes, code, &ProblemCode::code);
  CHECK(found != kCodes.end());
  return *found;
}

/// Of "input 'top' is too much", "unknown input 'tpo'; …" and "#/inputs/top/0 is too much".
std::optional<Flaw> input_flaw(std::string_view line) {
  constexpr std::string_view kKnown = "input '";
  constexpr std::string_view kUnknown = "unknown input '";
  if (line.starts_with("#/inputs/")) {
    const std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos) return std::nullopt;
    return Flaw{std::string(line.substr(0, blank)), std::string(line.substr(blank + 1))};
  }
  const bool unknown = line.starts_with(kUnknown);
  if (!unknown && !line.starts_with(kKnown)) return std::nullopt;
  const std::size_t begin = unknown ? kUnknown.size() : kKnown.size();
  const std::size_t end = line.find('\'', begin);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string at = "#/inputs/" + std::string(line.substr(begin, end - begin));
  if (unknown) return Flaw{at, std::string(line)};
  return Flaw{at, std::string(line.substr(std::min(line.size(), end + 2)))};
}

}  // namespace

std::span<const ProblemCode> problem_codes() {
  return kCodes;
}

Problem problem(std::string_view code, std::string detail) {
  const ProblemCode& known = entry(code);
  return {known.status, known.code, std::move(detail)};
}

Problem bad_request(std::vector<Flaw> flaws) {
  Problem out =
      problem("bad_request",
              fmt::format("{} found in the request",
                          flaws.size() == 1 ? std::string("one thing is wrong,")
                                            : fmt::format("{} things are wrong,", flaws.size())));
  out.flaws = std::move(flaws);
  return out;
}

Problem problem_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalidArgument: return problem("invalid", error.message);
    case ErrorCode::kNotFound: return problem("not_found", error.message);
    case ErrorCode::kConflict: return problem("conflict", error.message);
    case ErrorCode::kUnavailable:
    case ErrorCode::kNoSpace: return problem("unavailable", error.message);
    case ErrorCode::kDenied: return problem("forbidden", error.message);
    case ErrorCode::kCancelled:
    case ErrorCode::kUntrusted:
    case ErrorCode::kCorrupt:
    case ErrorCode::kInternal: break;
  }
  return problem("internal", "the server's log says more");
}

Problem inputs_problem(const Error& error) {
  Problem out = problem_of(error);
  if (error.code != ErrorCode::kInvalidArgument) return out;
  for (std::string_view rest = error.message; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    auto flaw = input_flaw(line);
    if (!flaw.has_value()) {
      out.flaws.clear();
      return out;
    }
    out.flaws.push_back(*std::move(flaw));
  }
  return out;
}

HttpResponse to_response(const Problem& problem) {
  std::string body =
      fmt::format(R"({{"type":"about:blank","title":{},"status":{},"code":"{}","detail":{})",
                  json_string(entry(problem.code).title), problem.status, problem.code,
                  json_string(problem.detail));
  if (!problem.flaws.empty()) {
    body += ",\"errors\":[";
    for (const Flaw& flaw : problem.flaws) {
      if (&flaw != problem.flaws.data()) body += ',';
      body +=
          fmt::format(R"({{"at":{},"detail":{}}})", json_string(flaw.at), json_string(flaw.detail));
    }
    body += ']';
  }
  body += "}\n";
  HttpResponse response{
      problem.status, {{"Content-Type", "application/problem+json"}}, std::move(body)};
  if (problem.status == 401) response.headers.push_back({"WWW-Authenticate", "Bearer"});
  if (!problem.allow.empty()) response.headers.push_back({"Allow", problem.allow});
  if (problem.status == 429 || problem.status == 503) {
    response.headers.push_back({"Retry-After", fmt::to_string(problem.retry_after)});
  }
  return response;
}

}  // namespace cordyna::server
