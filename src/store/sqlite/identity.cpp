#include "store/sqlite/identity.hpp"

#include <fmt/format.h>

#include <limits>
#include <string>
#include <utility>

namespace cordyna::sqlite {
namespace {

constexpr std::string_view kPutUser =
    "INSERT OR REPLACE INTO user (name, password, grants, created_at, disabled_at, version)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
constexpr std::string_view kPutToken =
    "INSERT OR REPLACE INTO token (id, kind, hash, user, name, grants, created_by, created_at,"
    " expires_at, revoked_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
constexpr std::string_view kRemoveToken = "DELETE FROM token WHERE id = ?1";
constexpr std::string_view kInsertAudit =
    "INSERT INTO audit (seq, at, actor, address, action, subject, ns, before, after, hash)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
constexpr std::string_view kUsers =
    "SELECT name, password, grants, created_at, disabled_at, version FROM user ORDER BY name";
constexpr std::string_view kTokens =
    "SELECT id, kind, hash, user, name, grants, created_by, created_at, expires_at, revoked_at"
    " FROM token ORDER BY id";
constexpr std::string_view kAudit =
    "SELECT seq, at, actor, address, action, subject, ns, before, after, hash FROM audit"
    " WHERE seq < ?1 AND (?2 = '' OR actor = ?2) AND (?3 = '' OR subject = ?3)"
    " ORDER BY seq DESC LIMIT ?4";

Result<> run(Database& database, Statement& statement) {
  const int rc = statement.run();
  if (rc != SQLITE_DONE) return database.error(rc);
  return {};
}

Result<> put(Database& database, const UserRow& row) {
  TRY_ASSIGN(Statement user, database.prepare(kPutUser));
  const std::string grants = grants_text(row.grants);
  user.bind(1, row.name);
  user.bind(2, row.password);
  user.bind(3, grants);
  user.bind(4, row.created_at);
  user.bind(5, row.disabled_at);
  user.bind(6, row.version);
  return run(database, user);
}

Result<> put(Database& database, const TokenRow& row) {
  TRY_ASSIGN(Statement token, database.prepare(kPutToken));
  const std::string grants = grants_text(row.grants);
  token.bind(1, row.id);
  token.bind(2, to_string(row.kind));
  token.bind(3, row.hash);
  token.bind(4, row.user);
  token.bind(5, row.name);
  token.bind(6, grants);
  token.bind(7, row.created_by);
  token.bind(8, row.created_at);
  token.bind(9, row.expires_at);
  token.bind(10, row.revoked_at);
  return run(database, token);
}

Result<> put(Database& database, Statement& audit, const AuditRow& row) {
  audit.bind(1, row.seq);
  audit.bind(2, row.at);
  audit.bind(3, row.actor);
  audit.bind(4, row.address);
  audit.bind(5, row.action);
  audit.bind(6, row.subject);
  audit.bind(7, row.ns);
  audit.bind(8, row.before);
  audit.bind(9, row.after);
  audit.bind(10, row.hash);
  const int rc = audit.run();
  constexpr int kPrimary = 0xff;  // of a code its kind, without the detail
  if ((rc & kPrimary) == SQLITE_CONSTRAINT) {
    return fail(ErrorCode::kConflict,
                fmt::format("entry {} of the audit is there already", row.seq));
  }
  if (rc != SQLITE_DONE) return database.error(rc);
  return {};
}

Result<std::vector<Grant>> read_grants(std::string_view text, std::string_view whose) {
  auto grants = parse_grants(text);
  if (grants.has_value()) return std::move(*grants);
  return fail(ErrorCode::kCorrupt, fmt::format("the grants of '{}' cannot be read", whose));
}

Result<UserRow> read_user(const Statement& row) {
  UserRow user;
  user.name = row.text(0);
  user.password = row.text(1);
  TRY_ASSIGN(user.grants, read_grants(row.text(2), user.name));
  user.created_at = row.integer(3);
  user.disabled_at = row.integer(4);
  user.version = row.integer(5);
  return user;
}

Result<TokenRow> read_token(const Statement& row) {
  TokenRow token;
  token.id = row.text(0);
  const auto kind = parse_token_kind(row.text(1));
  if (!kind.has_value()) {
    return fail(ErrorCode::kCorrupt, fmt::format("token '{}' is of no known kind", token.id));
  }
  token.kind = *kind;
  token.hash = row.text(2);
  token.user = row.text(3);
  token.name = row.text(4);
  TRY_ASSIGN(token.grants, read_grants(row.text(5), token.id));
  token.created_by = row.text(6);
  token.created_at = row.integer(7);
  token.expires_at = row.integer(8);
  token.revoked_at = row.integer(9);
  return token;
}

Result<AuditRow> read_audit(const Statement& row) {
  AuditRow entry;
  entry.seq = row.integer(0);
  entry.at = row.integer(1);
  entry.actor = row.text(2);
  entry.address = row.text(3);
  entry.action = row.text(4);
  entry.subject = row.text(5);
  entry.ns = row.text(6);
  entry.before = row.text(7);
  entry.after = row.text(8);
  entry.hash = row.text(9);
  return entry;
}

}  // namespace

Result<> write_identity(Database& database, const ChangeSet& changes) {
  for (const UserRow& row : changes.users) TRY(put(database, row));
  for (const TokenRow& row : changes.tokens) TRY(put(database, row));
  if (!changes.removed_tokens.empty()) {
    TRY_ASSIGN(Statement removal, database.prepare(kRemoveToken));
    for (const std::string& id : changes.removed_tokens) {
      removal.bind(1, id);
      TRY(run(database, removal));
    }
  }
  if (changes.audit.empty()) return {};
  TRY_ASSIGN(Statement audit, database.prepare(kInsertAudit));
  for (const AuditRow& row : changes.audit) TRY(put(database, audit, row));
  return {};
}

Result<std::vector<UserRow>> list_users(Database& database) {
  TRY_ASSIGN(Statement users, database.prepare(kUsers));
  return collect<UserRow>(users, read_user);
}

Result<std::vector<TokenRow>> list_tokens(Database& database) {
  TRY_ASSIGN(Statement tokens, database.prepare(kTokens));
  return collect<TokenRow>(tokens, read_token);
}

Result<std::vector<AuditRow>> list_audit(Database& database, const AuditFilter& filter) {
  TRY_ASSIGN(Statement audit, database.prepare(kAudit));
  audit.bind(1, filter.before == 0 ? std::numeric_limits<std::int64_t>::max() : filter.before);
  audit.bind(2, filter.actor);
  audit.bind(3, filter.subject);
  audit.bind(4, filter.limit);
  return collect<AuditRow>(audit, read_audit);
}

}  // namespace cordyna::sqlite
