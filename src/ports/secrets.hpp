/// Where `secret('X')` looks, and what `dyna secret` works on.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace cordyna {

inline constexpr std::size_t kSecretNameMax = 200;
inline constexpr std::size_t kSecretValueMax = std::size_t{64} << 10;

/// Errors: kInvalidArgument for a name that is not [A-Za-z_][A-Za-z0-9_]*, is longer than
/// kSecretNameMax, or is KEY: DYNA_SECRET_KEY is the key of the store, and must never be shown as
/// a secret. The message holds nothing from a = on, which may be a value.
[[nodiscard]] Result<> check_secret_name(std::string_view name);

/// Looked up only when a task is handed out; never stored, masked wherever it would be printed.
class Secrets {
 public:
  virtual ~Secrets() = default;

  /// Errors: kNotFound, saying where it was looked for and how to set it; kUnavailable for a file
  /// that others can read; kCorrupt for one that cannot be decrypted. Threads: any.
  [[nodiscard]] virtual Result<std::string> find(std::string_view name) const = 0;
};

struct KeptSecret {
  std::string name;
  Millis set_at = 0;
  bool operator==(const KeptSecret&) const = default;
};

struct SecretKept {
  bool replaced = false;     ///< there was one of this name
  std::string new_key_file;  ///< a key was made there, for this is the first; empty: none was
};

/// Keeps secrets for `Secrets` to find. No message of an error holds a value. Threads and
/// processes: any; each call is done whole or not at all.
class SecretKeeper {
 public:
  virtual ~SecretKeeper() = default;

  /// Durable when it returns. Errors: kInvalidArgument for a bad name, and for a value that is
  /// empty, holds a NUL, or is longer than kSecretValueMax; kUnavailable; kCorrupt.
  [[nodiscard]] virtual Result<SecretKept> set(std::string_view name, std::string_view value,
                                               Millis now) = 0;
  /// By name. Errors: kUnavailable, kCorrupt.
  [[nodiscard]] virtual Result<std::vector<KeptSecret>> list() const = 0;
  /// Errors: kNotFound, kUnavailable, kCorrupt. Needs no key.
  [[nodiscard]] virtual Result<> remove(std::string_view name) = 0;
};

}  // namespace cordyna
