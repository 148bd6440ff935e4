/// Between what a step knows of a PostgreSQL server and what libpq does: where it is, and what went
/// wrong there.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>

#include "pg/connection.hpp"
#include "process/data/connection.hpp"
#include "process/data/step_result.hpp"

namespace cordyna::data {

/// `password` may be empty.
[[nodiscard]] PgTarget target_of(const Connection& connection, const std::string& password);

/// The error of a step. `doing`: "share to warehouse/gold.listings". `otherwise`: the code where
/// the kind has none of its own.
[[nodiscard]] TaskError pg_error(const PgFault& fault, std::string_view doing,
                                 TaskErrorCode otherwise);

}  // namespace cordyna::data
