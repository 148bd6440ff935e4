/// The input of a replication slot.
#pragma once

#include <memory>

#include "cordyna/postgres.hpp"
#include "input/postgres/database.hpp"
#include "pg/wake.hpp"

namespace cordyna::input {

/// As postgres_input, of a plan that was checked.
[[nodiscard]] std::unique_ptr<Input> replication_input(OutboxPlan plan, PostgresOptions options);

/// Publication and slot. Repeats do no harm. Errors: as install_postgres_input.
[[nodiscard]] Result<> install_replication(const OutboxPlan& plan, const Wake& wake);

}  // namespace cordyna::input
