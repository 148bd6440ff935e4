/// Errors of the API as RFC 9457 has them: application/problem+json.
///
/// Values. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "server/http/http_server.hpp"
#include "shape/json_body.hpp"

namespace cordyna::server {

using shape::Flaw;
using shape::JsonBody;

struct Problem {
  int status = 500;
  std::string_view code;  ///< one word for programs; see kProblemCodes
  std::string detail;     ///< what, where, what would be right
  std::vector<Flaw> flaws{};
  std::string allow{};           ///< of method_not_allowed: the methods that there are
  std::int64_t retry_after = 1;  ///< seconds, of statuses that say when to come again
};

struct ProblemCode {
  std::string_view code;
  int status;
  std::string_view title;
};
/// All codes, for the reference.
[[nodiscard]] std::span<const ProblemCode> problem_codes();

[[nodiscard]] Problem problem(std::string_view code, std::string detail);
[[nodiscard]] Problem bad_request(std::vector<Flaw> flaws);
/// kInternal and kCorrupt say nothing of the inside.
[[nodiscard]] Problem problem_of(const Error& error);
/// The same of inputs that were refused (flow::resolve_inputs), with each at its place in `flaws`
/// where all of the message is about inputs.
[[nodiscard]] Problem inputs_problem(const Error& error);

[[nodiscard]] HttpResponse to_response(const Problem& problem);

}  // namespace cordyna::server
