// Users, tokens and the audit.
#include <fmt/format.h>

#include <vector>

#include "store/memory/memory_data.hpp"

namespace cordyna {

Result<> MemoryStore::Data::write_identity(const ChangeSet& changes) {
  for (const AuditRow& row : changes.audit) {
    if (!audit.contains(row.seq)) continue;
    return fail(ErrorCode::kConflict,
                fmt::format("entry {} of the audit is there already", row.seq));
  }
  for (const UserRow& row : changes.users) users[row.name] = row;
  for (const TokenRow& row : changes.tokens) tokens[row.id] = row;
  for (const std::string& id : changes.removed_tokens) tokens.erase(id);
  for (const AuditRow& row : changes.audit) audit[row.seq] = row;
  return {};
}

Result<std::vector<UserRow>> MemoryStore::list_users() {
  const std::lock_guard lock(data_->mutex);
  std::vector<UserRow> found;
  found.reserve(data_->users.size());
  for (const auto& [name, user] : data_->users) found.push_back(user);
  return found;
}

Result<std::vector<TokenRow>> MemoryStore::list_tokens() {
  const std::lock_guard lock(data_->mutex);
  std::vector<TokenRow> found;
  found.reserve(data_->tokens.size());
  for (const auto& [id, token] : data_->tokens) found.push_back(token);
  return found;
}

Result<std::vector<AuditRow>> MemoryStore::list_audit(const AuditFilter& filter) {
  const std::lock_guard lock(data_->mutex);
  std::vector<AuditRow> found;
  for (auto at = data_->audit.rbegin(); at != data_->audit.rend(); ++at) {
    const AuditRow& row = at->second;
    if (found.size() >= filter.limit) break;
    if (filter.before != 0 && row.seq >= filter.before) continue;
    if (!filter.actor.empty() && row.actor != filter.actor) continue;
    if (!filter.subject.empty() && row.subject != filter.subject) continue;
    found.push_back(row);
  }
  return found;
}

}  // namespace cordyna
