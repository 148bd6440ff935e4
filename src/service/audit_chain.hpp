/// Whether the audit is as it was written.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "cerebro/auditor.hpp"
#include "model/identity.hpp"
#include "ports/store.hpp"

namespace cordyna {

struct AuditCheck {
  std::int64_t entries = 0;
  std::int64_t broken_at = 0;  ///< the first entry that does not follow from those before; 0: none
  std::string last_hash;       ///< whoever keeps it elsewhere notices a cut end, too
};

/// Reads all of it. Errors: those of the store.
[[nodiscard]] Result<AuditCheck> check_audit(StoreReader& reader, const AuditHash& hash);

void append_audit(std::string& out, const AuditRow& row);

}  // namespace cordyna
