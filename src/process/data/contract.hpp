/// A contract out of its JSON, and a source's columns held against it.
///
/// Pure. Threads: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
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
  std::vector<std::pair<std::string, bool>> to_bool = {};
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

/// Where the values of a column that refers to another task's lie.
struct RefSource {
  std::size_t upstream = 0;  ///< its place
  std::string column;
};

/// For each of `contract.refs`, in order. Columns that are not known yet are not checked.
/// Errors: kInputInvalid: the task left no data, has no such column, or one of another kind.
[[nodiscard]] StepResult<std::vector<RefSource>> map_refs(const Contract& contract,
                                                          const std::vector<Upstream>& upstream);
/// In the SQL of a rule: the view of the values that ref number `at` refers to, in its column v.
[[nodiscard]] std::string ref_view(std::size_t at);

/// All that a row can be labelled with: `rules`, then the unique keys whose rows go into
/// quarantine, then, where values that do not convert do, one rule for each column that is no text.
[[nodiscard]] std::vector<Rule> label_rules(const Contract& contract);
/// The place among them of a unique key; nullopt: it is no label.
[[nodiscard]] std::optional<std::size_t> unique_label(const Contract& contract, std::size_t key);
/// The places among them of the columns' types, in the contract's order; empty: they are no labels.
[[nodiscard]] std::vector<std::optional<std::size_t>> type_labels(const Contract& contract);

/// "unique(id, date)"
[[nodiscard]] std::string unique_name(const UniqueKey& key);

[[nodiscard]] bool has_pii(const Contract& contract);

/// How many names of the contract (also under their old names) `names` holds.
[[nodiscard]] std::size_t count_known(const Contract& contract,
                                      const std::vector<std::string>& names);

}  // namespace cordyna::data
