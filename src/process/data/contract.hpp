/// A contract out of its JSON, and a source's columns held against it.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "process/data/step.hpp"

namespace cordyna::data {

/// `json` is the contract as the flow's parser inlined it: columns, drift, rename, unique, rows.
/// Errors: kInputInvalid, naming the key.
[[nodiscard]] StepResult<Contract> parse_contract(std::string_view json);

/// Where each column of the result comes from.
struct ColumnSource {
  std::string name;    ///< in the result
  std::string source;  ///< name in the file; empty: the file has none, all NULL
  ColumnType type;
  std::string format;
  std::string source_type;  ///< DuckDB's, in a Parquet file; empty: text
  bool pii = false;
};

struct ColumnMap {
  std::vector<ColumnSource> columns;
  std::vector<std::string> warnings;
};

/// Holds the columns of the file, in its order, against the contract, as its drift policy says.
/// `what` names the source in messages. `ordered`: the order of columns means something (CSV).
/// Errors: kSchemaChanged, all findings in one message.
[[nodiscard]] StepResult<ColumnMap> map_columns(const Contract& contract,
                                                const std::vector<SourceColumn>& columns,
                                                std::string_view what, bool ordered);

[[nodiscard]] bool has_pii(const Contract& contract);

/// How many names of the contract (also under their old names) `names` holds.
[[nodiscard]] std::size_t count_known(const Contract& contract,
                                      const std::vector<std::string>& names);

}  // namespace cordyna::data
