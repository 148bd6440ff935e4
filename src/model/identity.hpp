/// Who may do what on a server: users, their tokens, and what was done.
///
/// Values. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace cordyna {

/// Each includes those before it.
enum class Role : std::uint8_t {
  kViewer,    ///< sees flows, runs, logs, outputs
  kOperator,  ///< starts, cancels, repeats runs; approves; steers backfills
  kAuthor,    ///< changes flows and secrets: runs any code there
  kAdmin,     ///< changes users and tokens, reads the audit
};

[[nodiscard]] std::string_view to_string(Role role);
[[nodiscard]] std::optional<Role> parse_role(std::string_view text);
/// In order, as texts.
[[nodiscard]] std::span<const std::string_view> role_names();

inline constexpr std::string_view kEverywhere = "*";

/// A role in a namespace and those below it ("acme" is above "acme.housing"), or kEverywhere. The
/// flows without a namespace belong to kEverywhere alone.
struct Grant {
  std::string ns;
  Role role = Role::kViewer;

  bool operator==(const Grant&) const = default;
};

/// "author@acme,viewer@*": as the state and the command line have them.
[[nodiscard]] std::string grants_text(std::span<const Grant> grants);
/// Nullopt: an unknown role, or a namespace that is none.
[[nodiscard]] std::optional<std::vector<Grant>> parse_grants(std::string_view text);

/// Whether a grant for `above` reaches `ns`.
[[nodiscard]] bool reaches(std::string_view above, std::string_view ns);
/// Whether one of them gives the role, or a higher one, in `ns`; kEverywhere: in all.
[[nodiscard]] bool allows(std::span<const Grant> grants, Role role, std::string_view ns);

struct UserRow {
  std::string name;
  std::string password;  ///< argon2id, as libsodium writes it; empty: no login by password
  std::vector<Grant> grants;
  Millis created_at = 0;
  Millis disabled_at = 0;    ///< 0: enabled
  std::int64_t version = 0;  ///< from 1 on, with each change

  bool operator==(const UserRow&) const = default;
};

enum class TokenKind : std::uint8_t {
  kPersonal,  ///< of a user, with at most that user's grants
  kService,   ///< of a program, with grants of its own
  kSession,   ///< of a browser, made at login
  kLogin,     ///< good once, for a session
  kServer,    ///< of a team's task servers: speaks for tasks, and does nothing else. Its one grant
              ///< names the team
};
[[nodiscard]] std::string_view to_string(TokenKind kind);
[[nodiscard]] std::optional<TokenKind> parse_token_kind(std::string_view text);

struct TokenRow {
  std::string id;  ///< not secret
  TokenKind kind = TokenKind::kPersonal;
  std::string hash;  ///< SHA-256 of the secret part, in hexadecimal digits
  std::string user;  ///< empty: of a program
  std::string name;  ///< for people
  std::vector<Grant> grants;
  std::string created_by;
  Millis created_at = 0;
  Millis expires_at = 0;  ///< 0: never
  Millis revoked_at = 0;  ///< 0: not

  bool operator==(const TokenRow&) const = default;
};

/// What was done, through whatever door. Each entry holds the hash of the one before it.
struct AuditRow {
  std::int64_t seq = 0;  ///< from 1 on, without a gap
  Millis at = 0;
  std::string actor;    ///< "user:ann", "token:k3f9…", "local:1000", "cerebro"
  std::string address;  ///< of the network; empty: none
  std::string action;   ///< "runs.start"
  std::string subject;  ///< "run 12", "flow acme/sales"
  std::string ns;
  std::string before;  ///< JSON; empty: nothing was there
  std::string after;   ///< JSON; empty: nothing is there
  std::string hash;    ///< SHA-256 of the hash before and this entry, in hexadecimal digits

  bool operator==(const AuditRow&) const = default;
};

/// An entry before it has its place: what one who asks for a change knows of it.
struct AuditNote {
  std::string actor;
  std::string address;
  std::string action;
  std::string subject;
  bool numbered = false;  ///< the number that the change gives stands behind `subject`
  std::string ns;
  std::string before;
  std::string after;
};

/// What the hash of an entry is made of.
[[nodiscard]] std::string audit_text(const AuditRow& row, std::string_view hash_before);

}  // namespace cordyna
