/// Reads the replication slot of an input.
///
/// Threads: one.
#pragma once

#include "cordyna/postgres.hpp"
#include "input/postgres/database.hpp"
#include "pg/wake.hpp"

namespace cordyna::input {

/// Until `wake`. Errors: as postgres_input says of `handle`; kCancelled: `wake` said so.
[[nodiscard]] Result<> read_slot(const PostgresPlan& plan, const PostgresOptions& options,
                                 const Wake& wake, EventSink& sink);

/// Publication and slot. Repeats do no harm. Errors: as install_postgres_input.
[[nodiscard]] Result<> install_slot(const PostgresPlan& plan, const Wake& wake);

}  // namespace cordyna::input
