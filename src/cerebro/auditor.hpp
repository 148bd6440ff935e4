/// Writes the audit: what was done, in the transaction that does it, each entry with the hash of
/// the one before. So no entry can be changed, left out or put between without all later ones
/// showing it.
///
/// Part of Loop, which commits. Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/identity.hpp"
#include "model/rows.hpp"
#include "ports/store.hpp"

namespace cordyna {

/// SHA-256 in hexadecimal digits: handed in by main.
using AuditHash = std::function<std::string(std::string_view)>;

class Auditor {
 public:
  /// Borrows the store. Without a hash nothing is written.
  Auditor(Store& store, AuditHash hash) : store_(store), hash_(std::move(hash)) {}

  /// `number`: what the change gave. Errors: those of the store.
  [[nodiscard]] Result<> write(Millis wall, AuditNote note, std::int64_t number, ChangeSet& out);

 private:
  struct Last {
    std::int64_t seq = 0;
    std::string hash;
  };

  Store& store_;
  AuditHash hash_;
  std::optional<Last> last_;  // nullopt: not yet read
};

}  // namespace cordyna
