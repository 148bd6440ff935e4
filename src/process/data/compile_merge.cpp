/// The SQL of merges: compile.hpp's compile_merge.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "base/words.hpp"
#include "process/data/compile.hpp"
#include "process/data/sql_text.hpp"

namespace cordyna::data {
namespace {

/// DuckDB's names are equal when they differ only in case.
const SourceColumn* find_column(const Upstream& source, std::string_view name) {
  for (const SourceColumn& column : source.columns) {
    if (ascii_lower(column.name) == ascii_lower(name)) return &column;
  }
  return nullptr;
}

/// Types that can be compared without a cast that may fail: the same kind, or equal.
std::string_view kind_of(std::string_view type) {
  constexpr std::string_view kNumbers[] = {"TINYINT", "SMALLINT", "INTEGER",   "BIGINT",
                                           "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
                                           "UBIGINT", "UHUGEINT", "FLOAT",     "DOUBLE"};
  if (std::ranges::find(kNumbers, type) != std::end(kNumbers)) return "number";
  if (type.starts_with("DECIMAL")) return "number";
  if (type == "DATE" || type.starts_with("TIMESTAMP")) return "time";
  return type;
}

class MergeCompiler {
 public:
  MergeCompiler(const MergeParams& merge, std::vector<const Upstream*> sources)
      : merge_(merge), sources_(std::move(sources)) {}

  StepResult<std::string> compile() {
    STEP_TRY(check_keys());
    collect_columns();
    STEP_TRY(check_preferences());
    STEP_TRY(check_types());
    std::string out;
    for (std::size_t i = 0; i < sources_.size(); ++i) out += source_sql(i);
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      if (must_be_unique(i)) out += duplicates_sql(i);
    }
    out += unmatched_sql();
    out += join_sql();
    out += conflicts_sql();
    out += fmt::format(
        "COPY (SELECT * EXCLUDE (__dyna_conflicts) FROM __dyna_joined)\n"
        "  TO {} (FORMAT parquet);\n",
        quote_text(kOutData));
    return out + output_facts_sql();
  }

 private:
  struct Column {
    std::string name;
    std::vector<std::size_t> sources;  ///< that have it, the preferred first
    Choose choose = Choose::kNonNull;
    std::string by;  ///< kNewest
  };

  static std::string table(std::size_t source) { return fmt::format("__dyna_s{}", source); }
  static std::string cell(std::size_t source, const std::string& column) {
    return table(source) + "." + quote_name(column);
  }

  StepResult<> check_keys() {
    for (const Upstream* source : sources_) {
      for (const std::string& key : merge_.on) {
        if (find_column(*source, key) != nullptr) continue;
        std::vector<std::string> names;
        names.reserve(source->columns.size());
        for (const SourceColumn& column : source->columns) names.push_back(column.name);
        return step_fail(TaskErrorCode::kMergeFailed,
                         fmt::format("'on' names '{}', which {} does not have; its columns: {}",
                                     key, source->id, fmt::join(names, ", ")));
      }
    }
    return {};
  }

  [[nodiscard]] bool is_key(std::string_view name) const {
    return std::ranges::any_of(merge_.on, [name](const std::string& key) {
      return ascii_lower(key) == ascii_lower(name);
    });
  }

  void collect_columns() {
    for (const Upstream* source : sources_) {
      for (const SourceColumn& column : source->columns) {
        const bool seen = std::ranges::any_of(columns_, [&column](const Column& known) {
          return ascii_lower(known.name) == ascii_lower(column.name);
        });
        if (seen || is_key(column.name)) continue;
        const Preference* preference = preference_of(column.name);
        Column known{column.name, holders(column.name, preference), Choose::kNonNull, ""};
        if (preference != nullptr && known.sources.size() > 1) {
          known.choose = preference->choose;
          known.by = preference->of;
        }
        columns_.push_back(std::move(known));
      }
    }
  }

  /// The one that names the column, else the default; null: neither is there.
  [[nodiscard]] const Preference* preference_of(std::string_view name) const {
    const Preference* found = nullptr;
    for (const Preference& preference : merge_.prefer) {
      if (ascii_lower(preference.column) == ascii_lower(name)) return &preference;
      if (preference.column == "default") found = &preference;
    }
    return found;
  }

  /// A preference that could never do what it says is a mistake in the flow.
  StepResult<> check_preferences() {
    for (const Preference& preference : merge_.prefer) {
      const bool known = preference.column == "default" || is_key(preference.column) ||
                         std::ranges::any_of(columns_, [&preference](const Column& column) {
                           return ascii_lower(column.name) == ascii_lower(preference.column);
                         });
      if (known) continue;
      return step_fail(
          TaskErrorCode::kMergeFailed,
          fmt::format("'prefer' names '{}', a column that no source has", preference.column));
    }
    for (const Column& column : columns_) {
      if (column.choose != Choose::kNewest) continue;
      for (const std::size_t source : column.sources) {
        if (find_column(*sources_[source], column.by) != nullptr) continue;
        return step_fail(
            TaskErrorCode::kMergeFailed,
            fmt::format(
                "newest({}) chooses '{}', and {} has the one without the other: each source "
                "of the column needs both",
                column.by, column.name, sources_[source]->id));
      }
      STEP_TRY(check_same_kind("column", column.by, column.sources));
    }
    return {};
  }

  [[nodiscard]] std::size_t source_named(std::string_view id) const {
    const auto found = std::ranges::find(sources_, id, &Upstream::id);
    return static_cast<std::size_t>(found - sources_.begin());
  }

  [[nodiscard]] std::vector<std::size_t> holders(const std::string& name,
                                                 const Preference* preference) const {
    std::size_t first = 0;
    if (preference != nullptr && preference->choose == Choose::kSource) {
      first = source_named(preference->of);
    }
    std::vector<std::size_t> out;
    if (find_column(*sources_[first], name) != nullptr) out.push_back(first);
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      if (i != first && find_column(*sources_[i], name) != nullptr) out.push_back(i);
    }
    return out;
  }

  StepResult<> check_types() {
    for (const std::string& key : merge_.on) {
      std::vector<std::size_t> all(sources_.size());
      std::iota(all.begin(), all.end(), std::size_t{0});
      STEP_TRY(check_same_kind("key", key, all));
    }
    for (const Column& column : columns_) {
      STEP_TRY(check_same_kind("column", column.name, column.sources));
    }
    return {};
  }

  StepResult<> check_same_kind(std::string_view what, const std::string& name,
                               const std::vector<std::size_t>& among) {
    const SourceColumn* first = find_column(*sources_[among.front()], name);
    for (const std::size_t i : among) {
      const SourceColumn* other = find_column(*sources_[i], name);
      if (kind_of(other->type) == kind_of(first->type)) continue;
      return step_fail(
          TaskErrorCode::kMergeFailed,
          fmt::format("{} '{}' is {} in {} but {} in {}: they cannot be compared; convert one of "
                      "them first (a contract or a transform does)",
                      what, name, first->type, sources_[among.front()]->id, other->type,
                      sources_[i]->id));
    }
    return {};
  }

  [[nodiscard]] const Dedupe* dedupe_of(std::size_t source) const {
    const auto found = std::ranges::find(merge_.dedupe, sources_[source]->id, &Dedupe::of);
    return found == merge_.dedupe.end() ? nullptr : &*found;
  }

  /// The source under its own name, and as __dyna_s<n>, with its duplicates removed.
  std::string source_sql(std::size_t i) {
    const std::string id = quote_name(sources_[i]->id);
    std::string out = fmt::format("CREATE VIEW {} AS SELECT * FROM read_parquet({});\n", id,
                                  quote_text(input_path(i)));
    const Dedupe* dedupe = dedupe_of(i);
    if (dedupe == nullptr) {
      out += fmt::format("CREATE VIEW {} AS SELECT * FROM {};\n", table(i), id);
    } else {
      // All columns behind `keep`, so that the same rows give the same choice every time.
      std::vector<std::string> order;
      if (!dedupe->keep.empty()) order.push_back(dedupe->keep + "\n   ");
      for (const SourceColumn& column : sources_[i]->columns) {
        order.push_back(quote_name(column.name));
      }
      out += fmt::format(
          "CREATE TABLE {} AS SELECT * FROM {}\n  QUALIFY row_number() OVER "
          "(PARTITION BY {} ORDER BY {}) = 1;\n",
          table(i), id, quote_names(dedupe->by), fmt::join(order, ", "));
    }
    return out + fmt::format(
                     "SELECT 'source' AS dyna, {0} AS source, (SELECT count(*) FROM {1}) "
                     "AS n,\n  (SELECT count(*) FROM {2}) AS kept;\n",
                     i, id, table(i));
  }

  [[nodiscard]] bool must_be_unique(std::size_t source) const {
    switch (merge_.expect) {
      case Cardinality::kAny: return false;
      case Cardinality::kOneToOne: return true;
      case Cardinality::kManyToOne: return source > 0;
      case Cardinality::kOneToMany: return source == 0;
    }
    return false;
  }

  /// Ends the script where a key is there twice, before the join multiplies rows.
  std::string duplicates_sql(std::size_t i) {
    const std::string keys = quote_names(merge_.on);
    return fmt::format(
        "CREATE TEMP TABLE __dyna_twice_{0} AS SELECT {1}, count(*) AS times FROM {2}\n"
        "  GROUP BY {1} HAVING count(*) > 1;\n"
        "SELECT 'twice' AS dyna, {0} AS source, count(*) AS n FROM __dyna_twice_{0};\n"
        "SELECT 'twice_sample' AS dyna, {0} AS source, to_json(t)::VARCHAR AS sample\n"
        "  FROM (FROM __dyna_twice_{0} ORDER BY ALL LIMIT 3) AS t;\n"
        "SELECT error('keys are there twice') FROM (SELECT count(*) AS n FROM __dyna_twice_{0})\n"
        "  WHERE n > 0;\n",
        i, keys, table(i));
  }

  /// Rows of the first source without any partner in the next, and the other way round.
  std::string unmatched_sql() {
    std::string out;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      const std::size_t other = i == 0 ? 1 : 0;
      out += fmt::format(
          "SELECT 'unmatched' AS dyna, {} AS source, count(*) AS n FROM {} WHERE NOT EXISTS (\n"
          "  FROM {} WHERE {});\n",
          i, table(i), table(other), on_condition({other}, i));
    }
    return out;
  }

  std::string on_condition(const std::vector<std::size_t>& left, std::size_t right) {
    std::string out;
    for (const std::string& key : merge_.on) {
      out += fmt::format("{}{} = {}", out.empty() ? "" : " AND ", key_value(left, key),
                         cell(right, key));
    }
    return out;
  }

  static std::string key_value(const std::vector<std::size_t>& from, const std::string& key) {
    std::vector<std::string> cells;
    cells.reserve(from.size());
    for (const std::size_t source : from) cells.push_back(cell(source, key));
    if (cells.size() == 1) return cells.front();
    return fmt::format("coalesce({})", fmt::join(cells, ", "));
  }

  std::string join_sql() {
    const std::string_view how = merge_.how == JoinKind::kInner  ? "INNER JOIN"
                                 : merge_.how == JoinKind::kLeft ? "LEFT JOIN"
                                                                 : "FULL JOIN";
    std::vector<std::size_t> before{0};
    std::string from = table(0);
    for (std::size_t i = 1; i < sources_.size(); ++i) {
      from += fmt::format("\n  {} {} ON {}", how, table(i), on_condition(before, i));
      if (merge_.how == JoinKind::kFull) before.push_back(i);
    }
    std::string select;
    for (const std::string& key : merge_.on) {
      select += fmt::format("{} AS {},\n  ", key_value(before, key), quote_name(key));
    }
    for (const Column& column : columns_) {
      select += fmt::format("{} AS {},\n  ", chosen_value(column), quote_name(column.name));
    }
    return fmt::format("CREATE TABLE __dyna_joined AS SELECT {}{} AS __dyna_conflicts\nFROM {};\n",
                       select, conflict_list(), from);
  }

  [[nodiscard]] static std::vector<std::string> cells_of(const Column& column) {
    std::vector<std::string> cells;
    cells.reserve(column.sources.size());
    for (const std::size_t source : column.sources) cells.push_back(cell(source, column.name));
    return cells;
  }

  /// The value that stays.
  [[nodiscard]] static std::string chosen_value(const Column& column) {
    const std::vector<std::string> cells = cells_of(column);
    if (cells.size() == 1) return cells.front();
    switch (column.choose) {
      case Choose::kSource:
      case Choose::kNonNull: return fmt::format("coalesce({})", fmt::join(cells, ", "));
      case Choose::kMax: return fmt::format("greatest({})", fmt::join(cells, ", "));
      case Choose::kMin: return fmt::format("least({})", fmt::join(cells, ", "));
      case Choose::kNewest: break;
    }
    return by_winner(column, cells);
  }

  /// "CASE … END": of `results`, the one of the source whose value stays.
  [[nodiscard]] static std::string by_winner(const Column& column,
                                             const std::vector<std::string>& results) {
    const std::vector<std::string> cells = cells_of(column);
    std::string out = "CASE";
    for (std::size_t i = 0; i < cells.size(); ++i) {
      std::string wins = cells[i] + " IS NOT NULL";
      if (column.choose != Choose::kNewest) {
        wins = fmt::format("{} = {}", cells[i], chosen_value(column));
      }
      for (std::size_t j = 0; column.choose == Choose::kNewest && j < cells.size(); ++j) {
        if (j == i) continue;
        // Of equally new ones the first stays; a value without a time is older than all.
        const std::string at = cell(column.sources[i], column.by);
        const std::string other = cell(column.sources[j], column.by);
        wins += j < i ? fmt::format(" AND NOT ({} IS NOT NULL AND coalesce({} >= {}, {} IS NULL))",
                                    cells[j], other, at, at)
                      : fmt::format(
                            " AND NOT ({0} IS NOT NULL AND coalesce({1} > {2}, {1} IS NOT "
                            "NULL AND {2} IS NULL))",
                            cells[j], other, at);
      }
      out += fmt::format("\n    WHEN {} THEN {}", wins, results[i]);
    }
    return out + " END";
  }

  /// Of a column whose value is chosen row by row.
  void add_chosen_conflicts(std::string& out, const Column& column) const {
    const std::vector<std::string> cells = cells_of(column);
    const std::string taken = chosen_value(column);
    std::vector<std::string> ids;
    ids.reserve(column.sources.size());
    for (const std::size_t source : column.sources) ids.push_back(quote_text(sources_[source]->id));
    const std::string from = by_winner(column, ids);
    for (std::size_t i = 0; i < cells.size(); ++i) {
      out += fmt::format(
          "{}\n    CASE WHEN {} <> {} THEN {{'column': {}, 'taken_from': {}, 'taken': "
          "({})::VARCHAR,\n      'other_from': {}, 'other': {}::VARCHAR}} END",
          out.empty() ? "" : ",", cells[i], taken, quote_text(column.name), from, taken, ids[i],
          cells[i]);
    }
  }

  /// What was taken, and each value that another source has instead. NULL conflicts with nothing.
  std::string conflict_list() {
    std::string out;
    for (const Column& column : columns_) {
      if (column.choose != Choose::kSource && column.choose != Choose::kNonNull) {
        add_chosen_conflicts(out, column);
        continue;
      }
      std::string earlier_null;
      for (std::size_t i = 0; i + 1 < column.sources.size(); ++i) {
        const std::string taken = cell(column.sources[i], column.name);
        for (std::size_t j = i + 1; j < column.sources.size(); ++j) {
          const std::string other = cell(column.sources[j], column.name);
          out += fmt::format(
              "{}\n    CASE WHEN {}{} <> {} THEN {{'column': {}, 'taken_from': {}, 'taken': "
              "{}::VARCHAR,\n      'other_from': {}, 'other': {}::VARCHAR}} END",
              out.empty() ? "" : ",", earlier_null, taken, other, quote_text(column.name),
              quote_text(sources_[column.sources[i]]->id), taken,
              quote_text(sources_[column.sources[j]]->id), other);
        }
        earlier_null += taken + " IS NULL AND ";
      }
    }
    if (out.empty()) return "[]::INTEGER[]";
    has_common_ = true;
    return "list_filter([" + out + "\n  ], lambda v: v IS NOT NULL)";
  }

  std::string conflicts_sql() {
    if (!has_common_) return "";
    const std::string keys = quote_names(merge_.on);
    return fmt::format(
        "COPY (SELECT {0}, __dyna_c.* FROM (\n"
        "    SELECT {0}, unnest(__dyna_conflicts) AS __dyna_c FROM __dyna_joined\n"
        "    WHERE len(__dyna_conflicts) > 0) ORDER BY ALL) TO {1} (FORMAT parquet);\n"
        "SELECT 'conflicts' AS dyna, coalesce(sum(len(__dyna_conflicts)), 0)::BIGINT AS n\n"
        "  FROM __dyna_joined;\n",
        keys, quote_text(kOutConflicts));
  }

  const MergeParams& merge_;
  std::vector<const Upstream*> sources_;
  std::vector<Column> columns_;
  bool has_common_ = false;
};

}  // namespace

StepResult<std::string> compile_merge(const MergeParams& merge,
                                      const std::vector<Upstream>& upstream) {
  std::vector<const Upstream*> sources;
  sources.reserve(upstream.size());
  for (const Upstream& source : upstream) sources.push_back(&source);
  return MergeCompiler(merge, std::move(sources)).compile();
}

}  // namespace cordyna::data
