/// Flows from their texts, for tests.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "flow/flow_file.hpp"
#include "mesh/mesh.hpp"

namespace cordyna::mesh {

/// 2026-12-01T00:00:00Z.
inline constexpr Millis kNow = 1'796'083'200'000;
inline constexpr std::string_view kWarehouse =
    "{type: postgres, host: db1, database: w, user: u, name: warehouse}";

inline std::shared_ptr<const Flow> flow_of(const std::string& text,
                                           const std::string& folder = "/work") {
  const flow::Parsed parsed = flow::parse(text, "flow.yaml", folder);
  for (const flow::Diagnostic& one : parsed.diagnostics) {
    if (one.severity == flow::Severity::kError) ADD_FAILURE() << flow::format(one);
  }
  return parsed.flow;
}

inline Node node(const std::string& text, const std::string& folder = "/work") {
  return node_of(flow_of(text, folder), kNow);
}

/// Team a makes gold.orders from a file, with these columns, and starts as the cron says.
inline std::string maker(const std::string& columns = "{id: int64, price: double}",
                         const std::string& cron = "0 * * * *") {
  return "id: orders\nnamespace: a\nowner: team-a\n"
         "triggers: [{id: often, type: schedule, cron: '" +
         cron +
         "'}]\ntasks:\n  - {id: raw, type: load, from: orders.csv, contract: {columns: " + columns +
         "}}\n  - {id: out, type: share, of: raw, to: {connection: " + std::string(kWarehouse) +
         ", to: gold.orders}}\n";
}

/// Team b reads it, with these columns.
inline std::string reader(const std::string& columns = "{id: int64, price: double}",
                          const std::string& more = "") {
  return "id: bill\nnamespace: b\nowner: team-b\n"
         "triggers: [{id: daily, type: schedule, cron: '0 0 * * *'}]\ntasks:\n"
         "  - {id: src, type: load, connection: " +
         std::string(kWarehouse) + ", table: gold.orders, contract: {columns: " + columns + more +
         "}}\n";
}

}  // namespace cordyna::mesh
