/// Service accounts of Google: their keys, and what is signed with them.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"

namespace cordyna::google {

struct ServiceAccount {
  std::string email;
  std::string private_key;  ///< PEM
  std::string key_id;
  std::string token_uri;  ///< who gives tokens
};

/// Of the JSON file that Google gives. Errors: kInvalidArgument, quoting nothing of it: no JSON, a
/// field that is missing, a token_uri that is not https (or http to this machine).
[[nodiscard]] Result<ServiceAccount> parse_service_account(std::string_view json);

/// A JSON Web Token, good for an hour, that `account` asks for a token of `scope` with. Errors:
/// kInvalidArgument: the key is none.
[[nodiscard]] Result<std::string> make_assertion(const ServiceAccount& account,
                                                 std::string_view scope, Millis now);

}  // namespace cordyna::google
