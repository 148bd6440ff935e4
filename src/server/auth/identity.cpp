#include "server/auth/identity.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "server/auth/tokens.hpp"

namespace cordyna::server {
namespace {

/// What both allow: a personal token never reaches further than its user.
std::vector<Grant> common(const std::vector<Grant>& a, const std::vector<Grant>& b) {
  std::vector<Grant> out;
  for (const Grant& one : a) {
    for (const Grant& other : b) {
      const bool wider = reaches(one.ns, other.ns);
      if (!wider && !reaches(other.ns, one.ns)) continue;
      out.push_back({wider ? other.ns : one.ns, std::min(one.role, other.role)});
    }
  }
  return out;
}

}  // namespace

Result<> Identity::load(StoreReader& reader) {
  TRY_ASSIGN(const std::vector<UserRow> users, reader.list_users());
  TRY_ASSIGN(const std::vector<TokenRow> tokens, reader.list_tokens());
  changed(users, tokens, {});
  return {};
}

void Identity::changed(const std::vector<UserRow>& users, const std::vector<TokenRow>& tokens,
                       const std::vector<std::string>& removed_tokens) {
  const std::lock_guard lock(mutex_);
  for (const UserRow& user : users) users_[user.name] = user;
  for (const TokenRow& token : tokens) tokens_[token.id] = token;
  for (const std::string& id : removed_tokens) tokens_.erase(id);
}

std::optional<TokenRow> Identity::valid(std::string_view token, Millis now) const {
  const auto parts = parse_token(token);
  if (!parts.has_value()) return std::nullopt;
  const auto found = tokens_.find(parts->id);
  // Hashed in any case: the time tells nothing about which ids there are.
  const std::string hash = hash_of(parts->secret);
  if (found == tokens_.end() || !same_hash(found->second.hash, hash)) return std::nullopt;
  const TokenRow& row = found->second;
  if (row.revoked_at > 0 || (row.expires_at > 0 && row.expires_at <= now)) return std::nullopt;
  return row;
}

std::optional<Caller> Identity::caller_of(std::string_view token, Millis now) const {
  const std::lock_guard lock(mutex_);
  const auto row = valid(token, now);
  if (!row.has_value() || row->kind == TokenKind::kLogin) return std::nullopt;
  Caller caller;
  caller.token = row->id;
  if (row->user.empty()) {
    caller.actor = "token:" + row->id;
    if (row->kind == TokenKind::kServer) {
      if (!row->grants.empty()) caller.team = row->grants.front().ns;
      return caller;
    }
    caller.grants = row->grants;
    return caller;
  }
  const auto user = users_.find(row->user);
  if (user == users_.end() || user->second.disabled_at > 0) return std::nullopt;
  caller.user = row->user;
  caller.actor = "user:" + row->user;
  caller.grants = row->kind == TokenKind::kSession ? user->second.grants
                                                   : common(row->grants, user->second.grants);
  return caller;
}

std::optional<TokenRow> Identity::find(std::string_view token, TokenKind kind, Millis now) const {
  const std::lock_guard lock(mutex_);
  auto row = valid(token, now);
  if (row.has_value() && row->kind != kind) return std::nullopt;
  return row;
}

std::optional<UserRow> Identity::user(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = users_.find(name);
  return found == users_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<UserRow> Identity::users() const {
  const std::lock_guard lock(mutex_);
  std::vector<UserRow> out;
  out.reserve(users_.size());
  for (const auto& [name, user] : users_) out.push_back(user);
  return out;
}

std::optional<TokenRow> Identity::token(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = tokens_.find(id);
  return found == tokens_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<TokenRow> Identity::tokens() const {
  const std::lock_guard lock(mutex_);
  std::vector<TokenRow> out;
  out.reserve(tokens_.size());
  for (const auto& [id, token] : tokens_) out.push_back(token);
  return out;
}

}  // namespace cordyna::server
