/// Notices, in and out of the database.
#pragma once

#include <vector>

#include "base/result.hpp"
#include "model/notice.hpp"
#include "ports/store.hpp"
#include "store/sqlite/database.hpp"

namespace cordyna::sqlite {

/// Within the transaction that is open.
[[nodiscard]] Result<> write_notices(Database& database, const std::vector<NoticeRow>& rows);

[[nodiscard]] Result<std::vector<NoticeRow>> list_notices(Database& database,
                                                          const NoticeFilter& filter);

}  // namespace cordyna::sqlite
