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
  bool by_cookie = false;  ///< a browser: writes want its CSRF token

  [[nodiscard]] bool is_known() const { return !token.empty(); }
  [[nodiscard]] bool may(Role role, std::string_view ns) const { return allows(grants, role, ns); }
};

}  // namespace cordyna::server
