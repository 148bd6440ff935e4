/// What the administrator lets flows reach in clusters.
///
/// By itself a flow reaches the current context of the server's kubeconfig, in the namespace that
/// this names, without a service account's rights. Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cordyna::kubernetes {

inline constexpr const char* kContextsVariable = "DYNA_KUBERNETES_CONTEXTS";
inline constexpr const char* kNamespacesVariable = "DYNA_KUBERNETES_NAMESPACES";
inline constexpr const char* kAccountsVariable = "DYNA_KUBERNETES_SERVICE_ACCOUNTS";

struct Policy {
  std::vector<std::string> contexts;    ///< besides the current one
  std::vector<std::string> namespaces;  ///< exactly these; empty: the context's own
  std::vector<std::string> accounts;    ///< that Jobs may run as
};

/// Each a list of names, parted by ",".
[[nodiscard]] Policy make_policy(std::string_view contexts, std::string_view namespaces,
                                 std::string_view accounts);

/// What a task wants of a cluster.
struct Wanted {
  std::string context;  ///< empty: the current one
  std::string ns;       ///< empty: the context's
  std::string account;  ///< empty: none
};

/// Before anything is read of the kubeconfig. Errors: kDenied, naming the key and the variable that
/// would allow it.
[[nodiscard]] Result<> check_context(const Policy& policy, const Wanted& wanted);
/// `own`: the namespace of the context. The namespace that it is. Errors: as before.
[[nodiscard]] Result<std::string> check_namespace(const Policy& policy, const Wanted& wanted,
                                                  const std::string& own);

}  // namespace cordyna::kubernetes
