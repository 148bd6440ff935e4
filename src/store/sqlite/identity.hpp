/// Users, tokens and the audit, in and out of the database.
#pragma once

#include <vector>

#include "base/result.hpp"
#include "model/identity.hpp"
#include "model/rows.hpp"
#include "ports/store.hpp"
#include "store/sqlite/database.hpp"

namespace cordyna::sqlite {

/// Within the transaction that is open. Errors: kConflict: an entry of the audit has a number that
/// is taken; those of the database.
[[nodiscard]] Result<> write_identity(Database& database, const ChangeSet& changes);

[[nodiscard]] Result<std::vector<UserRow>> list_users(Database& database);
[[nodiscard]] Result<std::vector<TokenRow>> list_tokens(Database& database);
[[nodiscard]] Result<std::vector<AuditRow>> list_audit(Database& database,
                                                       const AuditFilter& filter);

}  // namespace cordyna::sqlite
