/// Who callers are: users and tokens, in memory as the state has them.
///
/// Threads: any.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/identity.hpp"
#include "ports/store.hpp"
#include "server/auth/caller.hpp"

namespace cordyna::server {

class Identity {
 public:
  /// What the state has. Errors: those of the store.
  [[nodiscard]] Result<> load(StoreReader& reader);
  /// What a commit changed.
  void changed(const std::vector<UserRow>& users, const std::vector<TokenRow>& tokens,
               const std::vector<std::string>& removed_tokens);

  /// Who shows this token. Nullopt: nobody does: it is none, or unknown, revoked, or its time is
  /// over, or its user is disabled; which of these is not told.
  [[nodiscard]] std::optional<Caller> caller_of(std::string_view token, Millis now) const;
  /// The token itself, for a login. As caller_of, of one kind.
  [[nodiscard]] std::optional<TokenRow> find(std::string_view token, TokenKind kind,
                                             Millis now) const;

  [[nodiscard]] std::optional<UserRow> user(const std::string& name) const;
  [[nodiscard]] std::vector<UserRow> users() const;
  [[nodiscard]] std::optional<TokenRow> token(const std::string& id) const;
  /// In order of their ids.
  [[nodiscard]] std::vector<TokenRow> tokens() const;

 private:
  [[nodiscard]] std::optional<TokenRow> valid(std::string_view token, Millis now) const;

  mutable std::mutex mutex_;
  std::map<std::string, UserRow, std::less<>> users_;
  std::map<std::string, TokenRow, std::less<>> tokens_;
};

}  // namespace cordyna::server
