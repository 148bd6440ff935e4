#include "model/identity.hpp"

#include <algorithm>
#include <array>

#include "base/json_text.hpp"
#include "model/value_names.hpp"

namespace cordyna {
namespace {

constexpr std::array<std::string_view, 4> kRoles{"viewer", "operator", "author", "admin"};
constexpr std::array<std::string_view, 5> kTokenKinds{"personal", "service", "session", "login",
                                                      "server"};

}  // namespace

std::string_view to_string(Role role) {
  return kRoles[static_cast<std::size_t>(role)];
}

std::optional<Role> parse_role(std::string_view text) {
  return value_named<Role>(kRoles, text);
}

std::span<const std::string_view> role_names() {
  return kRoles;
}

std::string grants_text(std::span<const Grant> grants) {
  std::string out;
  for (const Grant& grant : grants) {
    if (!out.empty()) out += ',';
    out += to_string(grant.role);
    out += '@';
    out += grant.ns;
  }
  return out;
}

std::optional<std::vector<Grant>> parse_grants(std::string_view text) {
  std::vector<Grant> grants;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t at = one.find('@');
    if (at == std::string_view::npos) return std::nullopt;
    const auto role = parse_role(one.substr(0, at));
    const std::string_view ns = one.substr(at + 1);
    const bool is_ns = !ns.empty() && std::ranges::all_of(ns, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    });
    if (!role.has_value() || (!is_ns && ns != kEverywhere)) return std::nullopt;
    grants.push_back({std::string(ns), *role});
  }
  return grants;
}

std::string_view to_string(TokenKind kind) {
  return kTokenKinds[static_cast<std::size_t>(kind)];
}

std::optional<TokenKind> parse_token_kind(std::string_view text) {
  return value_named<TokenKind>(kTokenKinds, text);
}

bool reaches(std::string_view above, std::string_view ns) {
  if (above == kEverywhere) return true;
  if (above.empty() || !ns.starts_with(above)) return false;
  return ns.size() == above.size() || ns[above.size()] == '.';
}

bool allows(std::span<const Grant> grants, Role role, std::string_view ns) {
  return std::ranges::any_of(
      grants, [&](const Grant& grant) { return grant.role >= role && reaches(grant.ns, ns); });
}

std::string audit_text(const AuditRow& row, std::string_view hash_before) {
  std::string out = "[";
  out += json_string(hash_before);
  out += ',' + std::to_string(row.seq) + ',' + std::to_string(row.at);
  for (const std::string* text :
       {&row.actor, &row.address, &row.action, &row.subject, &row.ns, &row.before, &row.after}) {
    out += ',';
    append_json_string(out, *text);
  }
  out += ']';
  return out;
}

}  // namespace cordyna
