#include "server/api/grants.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace cordyna::server {
namespace {

constexpr std::size_t kGrantsMax = 100;
constexpr std::size_t kNameMax = 64;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

}  // namespace

void append_grants(std::string& out, std::span<const Grant> grants) {
  out += '[';
  for (const Grant& grant : grants) {
    if (&grant != grants.data()) out += ',';
    out += "{\"namespace\":";
    append_json(out, grant.ns);
    out += fmt::format(",\"role\":\"{}\"}}", to_string(grant.role));
  }
  out += ']';
}

Result<std::vector<Grant>> grants_of(const shape::JsonBody& body) {
  std::vector<Grant> grants;
  for (const shape::JsonBody& one : body.objects("grants")) {
    const std::string text = fmt::format("{}@{}", one.text("role"), one.text("namespace"));
    const auto parsed = parse_grants(text);
    if (!parsed.has_value() || parsed->size() != 1) {
      return fail(ErrorCode::kInvalidArgument,
                  "a grant is for a namespace (a to z, 0 to 9, '.', '_', '-') or for '*'");
    }
    grants.push_back(parsed->front());
  }
  if (grants.size() <= kGrantsMax) return grants;
  return fail(ErrorCode::kInvalidArgument, fmt::format("more than {} grants", kGrantsMax));
}

bool covers(std::span<const Grant> giver, std::span<const Grant> grants) {
  return std::ranges::all_of(
      grants, [giver](const Grant& grant) { return allows(giver, grant.role, grant.ns); });
}

bool is_identity_name(std::string_view name) {
  if (name.empty() || name.size() > kNameMax || !is_letter_or_digit(name.front())) return false;
  return std::ranges::all_of(name, [](char c) {
    return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-' || c == '@';
  });
}

}  // namespace cordyna::server
