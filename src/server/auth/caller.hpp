/// Who a request comes from.
#pragma once

#include <string>
#include <vector>

#include "model/identity.hpp"

namespace cordyna::server {

struct Caller {
  std::string actor;  ///< as in AuditRow
  std::string user;   ///< empty: a program, or nobody
  std::string token;  ///< its id; empty: nobody
  std::vector<Grant> grants;
  std::string team;        ///< of a task server's token, which has no grants
  bool by_cookie = false;  ///< a browser: writes want its CSRF token

  [[nodiscard]] bool is_known() const { return !token.empty(); }
  /// Whether it may speak for task servers of the team: one of these, or who may change its flows.
  [[nodiscard]] bool speaks_for(std::string_view other) const {
    return (!team.empty() && team == other) || allows(grants, Role::kAuthor, other);
  }
  [[nodiscard]] bool may(Role role, std::string_view ns) const { return allows(grants, role, ns); }
};

}  // namespace cordyna::server
