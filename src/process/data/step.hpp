/// One data step as plain values: what step.json says, checked.
///
/// Pure. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "guard/judge.hpp"
#include "process/data/bigquery.hpp"
#include "process/data/connection.hpp"
#include "process/data/contract_types.hpp"
#include "process/data/remote.hpp"
#include "process/data/step_result.hpp"

namespace cordyna::data {

enum class FileFormat : std::uint8_t { kCsv, kJson, kParquet };

enum class Cardinality : std::uint8_t { kAny, kOneToOne, kManyToOne, kOneToMany };

enum class JoinKind : std::uint8_t { kInner, kLeft, kFull };

struct SourceColumn {
  std::string name;
  std::string type;  ///< DuckDB's; empty: text
  bool pii = false;  ///< tells about a person, and was not secured yet
};

struct LoadParams {
  std::string from;   ///< absolute, or an address: http://, https://, s3://, gs://; of a
                      ///< database: what messages call it
  std::string files;  ///< which objects whose names begin as `from` does; empty: that one alone
  std::optional<DatabaseSource> database;  ///< then the file is made from it first
  std::optional<BigquerySource> bigquery;  ///< the same
  FileFormat format = FileFormat::kCsv;
  std::string compression = "none";  ///< none, gzip, zstd
  std::string delimiter;             ///< empty: "," with a contract, found out without one
  std::string quote = "\"";
  std::string encoding;  ///< empty: UTF-8
  bool header = true;
  std::vector<std::string> nulls = {""};
  std::optional<Contract> contract;
  double rejects_percent_max = 0;
  std::string sha256;  ///< of the file, as lower-case hexadecimal digits; empty: any
  RemoteParams remote;
  [[nodiscard]] bool is_remote() const { return is_http(from) || is_object(from); }
  [[nodiscard]] DriftPolicy drift() const {
    return contract.has_value() ? contract->drift : DriftPolicy{};
  }
};

struct CheckParams {
  std::string of;
  std::vector<Rule> rules;
};

/// What happens to values that an expression of `set` turned into nothing.
enum class OnLost : std::uint8_t { kFail, kWarn, kQuarantine, kIgnore };

struct StandardizeParams {
  std::string of;
  std::vector<std::pair<std::string, std::string>> set;  ///< column → expression over the old row
  std::vector<std::pair<std::string, std::string>> rename;  ///< old name → new name
  std::vector<std::string> drop;
  bool dedupe = false;  ///< of rows that are equal in every column one stays
  OnLost on_lost = OnLost::kFail;
};

enum class Care : std::uint8_t { kDrop, kKeep, kHash, kToken, kMask, kRound };

/// How one column is made harmless.
struct ColumnCare {
  std::string column;
  Care care = Care::kKeep;
  std::string key;         ///< kToken: the name of its secret
  std::uint32_t last = 0;  ///< kMask: so many characters stay
  std::string round;       ///< kRound: digits behind the point (may be negative), or year, month, …
};

struct SecureParams {
  std::string of;
  std::vector<ColumnCare> columns;

  /// The names of the secrets, each once, in the order of their columns.
  [[nodiscard]] std::vector<std::string> keys() const;
};

struct Dedupe {
  std::string of;
  std::vector<std::string> by;
  std::string keep;  ///< an ORDER BY list: the first row of each group stays; empty: any order of
                     ///< all columns
};

/// Whose value of a column stays where several sources have one. A NULL never does.
enum class Choose : std::uint8_t { kSource, kNonNull, kMax, kMin, kNewest };

struct Preference {
  std::string column;  ///< or "default"
  Choose choose = Choose::kSource;
  std::string of;  ///< kSource: the source; kNewest: the column by whose latest value it is chosen
};

struct MergeParams {
  std::vector<std::string> of;
  std::vector<std::string> on;
  JoinKind how = JoinKind::kInner;
  Cardinality expect = Cardinality::kAny;
  std::vector<Preference> prefer;
  std::vector<Dedupe> dedupe;
};

struct TransformParams {
  std::string sql;
  std::vector<std::string> declassify;  ///< columns of the result that tell about nobody any more
};

/// How data is compared with its history.
struct GuardPolicy {
  std::string series;    ///< names the dataset; empty: the flow's and the task's id
  guard::Policy policy;  ///< without a watch: usual_watch
};

struct GuardParams {
  std::string of;
  GuardPolicy guard;
};

/// What a share does with texts in CSV that a spreadsheet would run as a formula.
enum class OnFormula : std::uint8_t { kWarn, kKeep, kEscape, kFail };

struct ShareParams {
  std::string of;
  OnFormula formulas = OnFormula::kWarn;
  std::optional<GuardPolicy> guard;  ///< of its own; nothing: switched off
  std::vector<std::string> to;       ///< files, absolute, s3:// or gs://
  std::vector<TableTarget> tables;
  std::vector<BigqueryTarget> bigquery;
  RemoteParams remote;
};

/// A data task whose Parquet this step reads.
struct Upstream {
  std::string id;
  std::string path;
  std::vector<SourceColumn> columns;
};

struct Limits {
  std::uint64_t memory_bytes = std::uint64_t{1} << 30;
  std::uint32_t threads = 2;
  std::uint64_t temp_bytes = std::uint64_t{16} << 30;  ///< spilled to the work folder
};

/// What a guard knows of the run and of the dataset's past.
struct GuardContext {
  std::string series;
  guard::Point now;                   ///< without metrics
  bool approved = false;              ///< a person said that the data is right
  std::vector<guard::Point> history;  ///< newest first
};

struct StepPaths {
  std::string artifacts;
  std::string work;
  std::string report;
  std::string private_mark;  ///< private_data.hpp
};

struct Step {
  std::string id;
  std::string flow;  ///< its id, with its namespace: "sales.orders"
  AttemptName attempt;
  std::variant<LoadParams, CheckParams, StandardizeParams, SecureParams, MergeParams,
               TransformParams, GuardParams, ShareParams>
      params;
  std::vector<Upstream> upstream;
  std::optional<GuardContext> guard;  ///< where data is to be compared with its history
  Limits limits;
  bool keep_pii = false;  ///< what tells about persons stays in the state when the run has ended
  StepPaths paths;
};

inline constexpr int kStepVersion = 1;

/// Of step.json. Relative paths are taken from its "folder". Errors: kInputInvalid in phase
/// kPrepare, naming the key, for a rendered value that its key refuses; kInternal for what is not a
/// step description.
[[nodiscard]] StepResult<Step> parse_step(std::string_view json);

/// The report's path in a step.json whose params may be wrong; empty: it has none.
[[nodiscard]] std::string report_path_of(std::string_view json);

/// Of a type's params alone: `type` is a data step's ("load"), `params` a JSON object; relative
/// paths are from `folder`.
[[nodiscard]] StepResult<Step> parse_params(std::string_view type, std::string_view params,
                                            std::string_view folder);

[[nodiscard]] const Upstream* find_upstream(const Step& step, std::string_view id);

/// The columns that tell about persons.
[[nodiscard]] std::vector<std::string> pii_names(const std::vector<SourceColumn>& columns);
/// Whether the data has such a column that tells about a person.
[[nodiscard]] bool has_pii(const Upstream& upstream, std::string_view column);
[[nodiscard]] bool has_pii(const std::vector<Upstream>& upstream, std::string_view column);

/// "fail", "warn" or "quarantine". Errors: kInputInvalid, naming `key`.
[[nodiscard]] StepResult<Severity> parse_severity(std::string_view key, std::string_view word);

[[nodiscard]] std::string_view to_string(FileFormat format);
[[nodiscard]] std::string_view to_string(Severity severity);
[[nodiscard]] std::string_view to_string(JoinKind kind);
[[nodiscard]] std::string_view to_string(Cardinality cardinality);

}  // namespace cordyna::data
