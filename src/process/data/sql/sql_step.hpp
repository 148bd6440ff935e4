/// `dyna sql-step FILE`: the process that a guardian watches while a database works.
#pragma once

#include <string>

namespace cordyna::sql {

/// Runs the statements that the file describes, once. Their rows become outputs, in $DYNA_REPORT,
/// or an artifact; what went wrong stands there, too.
[[nodiscard]] int sql_step_main(const std::string& path);

}  // namespace cordyna::sql
