#include "process/kubernetes/policy.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace cordyna::kubernetes {
namespace {

std::vector<std::string> names_in(std::string_view list) {
  std::vector<std::string> names;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    std::string_view name = list.substr(0, end);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (!name.empty()) names.emplace_back(name);
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return names;
}

bool holds_name(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

std::unexpected<Error> denied(std::string_view key, const std::string& value,
                              std::string_view variable) {
  return fail(ErrorCode::kDenied,
              fmt::format("{}: '{}' is not allowed here; {} of the server names what is", key,
                          printable(value), variable));
}

}  // namespace

Policy make_policy(std::string_view contexts, std::string_view namespaces,
                   std::string_view accounts) {
  return {names_in(contexts), names_in(namespaces), names_in(accounts)};
}

Result<> check_context(const Policy& policy, const Wanted& wanted) {
  if (!wanted.context.empty() && !holds_name(policy.contexts, wanted.context)) {
    return denied("context", wanted.context, kContextsVariable);
  }
  if (!wanted.account.empty() && !holds_name(policy.accounts, wanted.account)) {
    return denied("service_account", wanted.account, kAccountsVariable);
  }
  return {};
}

Result<std::string> check_namespace(const Policy& policy, const Wanted& wanted,
                                    const std::string& own) {
  const std::string& ns = wanted.ns.empty() ? own : wanted.ns;
  const bool allowed = policy.namespaces.empty() ? ns == own : holds_name(policy.namespaces, ns);
  if (allowed) return ns;
  return denied("namespace", ns, kNamespacesVariable);
}

}  // namespace cordyna::kubernetes
