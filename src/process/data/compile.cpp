#include "process/data/compile.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/words.hpp"
#include "process/data/csv_formulas.hpp"
#include "process/data/labels.hpp"
#include "process/data/pg_types.hpp"
#include "process/data/sql_text.hpp"

namespace cordyna::data {
namespace {

std::string upstream_views(const std::vector<Upstream>& upstream) {
  std::string out;
  for (std::size_t i = 0; i < upstream.size(); ++i) {
    out += fmt::format("CREATE VIEW {} AS SELECT * FROM read_parquet({});\n",
                       quote_name(upstream[i].id), quote_text(input_path(i)));
  }
  return out;
}

/// One view a rule: binding it finds what is wrong with the rule's SQL, and which rule it is.
std::string rule_views(const CheckParams& check) {
  std::string out;
  for (std::size_t i = 0; i < check.rules.size(); ++i) {
    out += fmt::format(
        "SELECT 'at' AS dyna, {0} AS rule;\n"
        "CREATE TEMP VIEW __dyna_rule_{0} AS SELECT *, ({1}\n)::BOOLEAN AS __dyna_ok FROM {2};\n",
        i, check.rules[i].sql, quote_name(check.of));
  }
  return out + "SELECT 'at' AS dyna, -1 AS rule;\n";
}

std::string check_view(const CheckParams& check) {
  return fmt::format("CREATE VIEW {} AS SELECT * FROM read_parquet('in/0');\n",
                     quote_name(check.of));
}

/// The rows of in/0, each with its place in the file.
std::string numbered_input(const std::vector<SourceColumn>& columns) {
  // DuckDB's own number hides behind a column of that name.
  const bool taken = std::ranges::any_of(columns, [](const SourceColumn& column) {
    return ascii_lower(column.name) == "file_row_number";
  });
  return fmt::format("SELECT *, {} AS __dyna_at FROM read_parquet('in/0')",
                     taken ? "row_number() OVER () - 1" : "file_row_number");
}

/// Columns, null counts and number of rows of a Parquet file.
std::string file_facts_sql(std::string_view file) {
  return fmt::format(
      "SELECT 'column' AS dyna, 0 AS source, column_name AS name, column_type AS type\n"
      "  FROM (DESCRIBE FROM read_parquet({0}));\n"
      "SELECT 'nulls' AS dyna, path_in_schema AS name, sum(stats_null_count)::BIGINT AS n\n"
      "  FROM parquet_metadata({0}) GROUP BY path_in_schema HAVING n IS NOT NULL;\n"
      "SELECT 'out' AS dyna, num_rows::BIGINT AS n FROM parquet_file_metadata({0});\n",
      quote_text(file));
}

StepResult<std::string> load_for_people(const Step& step, const LoadParams& load) {
  LoadSource source = expected_source(load);
  std::string notes;
  if (load.database.has_value()) {
    notes =
        fmt::format("-- at {}: {}\n", load.database->connection.name, source_sql(*load.database));
    // A query has lines of its own.
    for (std::size_t at = notes.find('\n'); at + 1 < notes.size(); at = notes.find('\n', at + 1)) {
      notes.insert(at + 1, "-- ");
    }
  }
  if (load.bigquery.has_value()) {
    notes = "-- " + load.bigquery->sql + "\n";
    for (std::size_t at = notes.find('\n'); at + 1 < notes.size(); at = notes.find('\n', at + 1)) {
      notes.insert(at + 1, "-- ");
    }
  }
  notes += fmt::format("-- in/0: {}{}\n", load.from, load.files);
  std::vector<std::string> inputs{input_path(0)};
  if (load.contract.has_value() && !load.contract->refs.empty()) {
    STEP_TRY_ASSIGN(source.refs, map_refs(*load.contract, step.upstream));
    for (const Upstream& upstream : step.upstream) {
      notes += fmt::format("-- {}: {}\n", input_path(inputs.size()), upstream.path);
      inputs.push_back(input_path(inputs.size()));
    }
  }
  if (has_clean_load(load, source)) {
    notes += "-- Tried first: the same in one pass, which ends at a row that is not clean.\n";
  }
  return notes + sandbox_sql(step.limits, inputs) + compile_load(load, source);
}

std::string with_sandbox(const Step& step, const std::string& script) {
  std::string notes;
  std::vector<std::string> inputs;
  for (std::size_t i = 0; i < step.upstream.size(); ++i) {
    inputs.push_back(input_path(i));
    notes += fmt::format("-- {}: {}\n", inputs.back(), step.upstream[i].path);
  }
  return notes + sandbox_sql(step.limits, inputs) + script;
}

std::vector<SourceColumn> upstream_columns(const Step& step) {
  return step.upstream.empty() ? std::vector<SourceColumn>() : step.upstream[0].columns;
}

}  // namespace

std::string input_path(std::size_t at) {
  return fmt::format("in/{}", at);
}

std::string limits_sql(const Limits& limits, std::string_view temp_folder) {
  return fmt::format(
      "SET memory_limit='{}B';\n"
      "SET threads={};\n"
      "SET temp_directory={};\n"
      "SET max_temp_directory_size='{}B';\n"
      "SET TimeZone='UTC';\n"
      "SET autoload_known_extensions=false;\n"
      "SET autoinstall_known_extensions=false;\n",
      limits.memory_bytes, limits.threads, quote_text(temp_folder), limits.temp_bytes);
}

std::string sandbox_sql(const Limits& limits, const std::vector<std::string>& paths) {
  return limits_sql(limits, "tmp") + fmt::format(
                                         "SET allowed_paths={};\n"
                                         "SET allowed_directories=['.'];\n"
                                         "SET enable_external_access=false;\n"
                                         "SET lock_configuration=true;\n",
                                         text_list(paths));
}

std::string output_facts_sql() {
  return file_facts_sql(kOutData);
}

std::string compile_describe(std::size_t inputs) {
  std::string out;
  for (std::size_t i = 0; i < inputs; ++i) {
    out += fmt::format(
        "SELECT 'column' AS dyna, {} AS source, column_name AS name, column_type AS type\n"
        "  FROM (DESCRIBE FROM read_parquet({}));\n",
        i, quote_text(input_path(i)));
  }
  return out;
}

std::string compile_check(const CheckParams& check, const std::vector<SourceColumn>& columns) {
  std::vector<std::string> unseen = pii_names(columns);
  unseen.insert(unseen.end(), {"__dyna_bad", "__dyna_at"});
  const std::string quarantined = label_condition(check.rules, Severity::kQuarantine);
  const std::string rows = numbered_input(columns);
  std::string out = check_view(check) + rule_views(check);
  // Only what the rules name is read of all rows. A rule that asks another table makes a join, and
  // joins keep no order: so the place in the file says which row is which.
  out += fmt::format(
      "CREATE TABLE labels AS SELECT __dyna_at AS place, {} AS __dyna_bad FROM ({}) AS {};\n"
      "SELECT 'at' AS dyna, -2 AS rule;\n"
      "SELECT 'loaded' AS dyna, count(*) AS n FROM labels;\n"
      "CREATE TABLE labelled AS SELECT d.*, l.__dyna_bad FROM ({}) AS d\n"
      "  JOIN (FROM labels WHERE len(__dyna_bad) > 0) AS l ON l.place = d.__dyna_at\n"
      "  ORDER BY d.__dyna_at;\n",
      label_expression(check.rules), rows, quote_name(check.of), rows);
  out += label_report_sql("labelled", unseen) +
         label_copy_sql("labelled", check.rules, Severity::kQuarantine, {"__dyna_bad", "__dyna_at"},
                        kOutQuarantine) +
         label_copy_sql("labelled", check.rules, Severity::kFail, {"__dyna_bad", "__dyna_at"},
                        kOutFailed);
  if (!quarantined.empty()) {
    out += fmt::format(
        "COPY (SELECT __dyna_at AS place FROM labelled WHERE {}) TO {} (FORMAT parquet);\n",
        quarantined, quote_text(kOutSetAside));
  }
  return out + file_facts_sql(input_path(0));
}

bool sets_rows_aside(const CheckParams& check) {
  return !label_condition(check.rules, Severity::kQuarantine).empty();
}

std::string compile_check_rest(const std::vector<SourceColumn>& columns, std::int64_t rows) {
  // The rows that stay are to stay in order, which no join keeps: so a bit for each row says it.
  constexpr std::int64_t kBitsMax = 500'000'000;
  const std::string gone = fmt::format("read_parquet({})", quote_text(kOutSetAside));
  std::string before;
  std::string which = fmt::format("ANTI JOIN {} ON place = __dyna_at ORDER BY __dyna_at", gone);
  if (rows <= kBitsMax) {
    before = fmt::format("SET VARIABLE dyna_gone = (SELECT bitstring_agg(place, 0, {}) FROM {});\n",
                         std::max<std::int64_t>(rows - 1, 1), gone);
    which = "WHERE get_bit(getvariable('dyna_gone'), __dyna_at::INTEGER) = 0";
  }
  return before +
         fmt::format(
             "COPY (SELECT * EXCLUDE (__dyna_at) FROM ({})\n  {}) TO {} (FORMAT parquet);\n",
             numbered_input(columns), which, quote_text(kOutData)) +
         output_facts_sql();
}

std::string compile_rule_probe(const CheckParams& check) {
  std::string out = check_view(check) + rule_views(check);
  for (std::size_t i = 0; i < check.rules.size(); ++i) {
    out += fmt::format(
        "SELECT 'at' AS dyna, {0} AS rule;\n"
        "SELECT 'probe' AS dyna, count(*) FILTER (__dyna_ok) AS n FROM __dyna_rule_{0};\n",
        i);
  }
  return out;
}

std::string compile_transform(const TransformParams& transform,
                              const std::vector<Upstream>& upstream,
                              const std::vector<std::string>& huge) {
  std::string before;
  std::string after;
  if (!huge.empty()) {
    for (const std::string& name : huge) {
      before += fmt::format("{0}{1}::BIGINT AS {1}", before.empty() ? "" : ", ", quote_name(name));
    }
    before = fmt::format("SELECT * REPLACE ({}) FROM (\n", before);
    after = ")\n";
  }
  return upstream_views(upstream) +
         fmt::format("COPY (\n{}{}\n{}) TO {} (FORMAT parquet);\n", before, transform.sql, after,
                     quote_text(kOutData)) +
         output_facts_sql();
}

std::string compile_transform_look(const TransformParams& transform,
                                   const std::vector<Upstream>& upstream) {
  return upstream_views(upstream) +
         fmt::format("CREATE VIEW __dyna_query AS (\n{}\n);\n", transform.sql) +
         "SELECT 'column' AS dyna, 0 AS source, column_name AS name, column_type AS type\n"
         "  FROM (DESCRIBE FROM __dyna_query);\n";
}

std::string compile_share(const ShareParams& share, const std::vector<SourceColumn>& columns) {
  std::string out;
  bool has_csv = false;
  for (std::size_t i = 0; i < share.to.size(); ++i) {
    if (share.to[i].ends_with(".parquet")) continue;
    // Without USE_TMP_FILE false DuckDB would replace the link it is given by a file of its own.
    const bool csv = share.to[i].ends_with(".csv");
    out += fmt::format(
        "COPY (SELECT {} FROM read_parquet('in/0')) TO 'out/{}' ({}USE_TMP_FILE "
        "false);\n",
        csv && share.formulas == OnFormula::kEscape ? escaped_columns(columns) : "*", i,
        csv ? "FORMAT csv, HEADER true, " : "FORMAT json, ");
    has_csv = has_csv || csv;
  }
  if (!has_csv || share.formulas == OnFormula::kKeep) return out;
  return formula_macro() + out + count_formulas(columns);
}

StepResult<std::string> compile_sql(const Step& step) {
  if (const auto* load = std::get_if<LoadParams>(&step.params)) {
    return load_for_people(step, *load);
  }
  if (const auto* merge = std::get_if<MergeParams>(&step.params)) {
    STEP_TRY_ASSIGN(const std::string script, compile_merge(*merge, step.upstream));
    return with_sandbox(step, script);
  }
  if (const auto* check = std::get_if<CheckParams>(&step.params)) {
    const std::vector<SourceColumn> columns = upstream_columns(step);
    std::string script = compile_check(*check, columns);
    if (sets_rows_aside(*check)) {
      constexpr std::int64_t kRows = 1'000'000;
      script += "-- Where rows are set aside, here of a million; else the data is in/0 itself.\n" +
                compile_check_rest(columns, kRows);
    }
    return with_sandbox(step, script);
  }
  if (const auto* standardize = std::get_if<StandardizeParams>(&step.params)) {
    STEP_TRY_ASSIGN(const std::string script,
                    compile_standardize(*standardize, upstream_columns(step)));
    return with_sandbox(step, script);
  }
  if (const auto* secure = std::get_if<SecureParams>(&step.params)) {
    STEP_TRY_ASSIGN(const std::string script, compile_secure(*secure, upstream_columns(step)));
    return with_sandbox(step, script);
  }
  if (const auto* transform = std::get_if<TransformParams>(&step.params)) {
    return with_sandbox(step, compile_transform(*transform, step.upstream, {}));
  }
  if (const auto* guard = std::get_if<GuardParams>(&step.params)) {
    const std::vector<guard::Watch>& watch = guard->guard.policy.watch;
    return with_sandbox(step, compile_metrics(watch, watch.empty()));
  }
  const auto& share = std::get<ShareParams>(step.params);
  std::string notes;
  for (std::size_t i = 0; i < share.to.size(); ++i) {
    if (share.to[i].ends_with(".parquet")) {
      notes += fmt::format("-- {}: a copy of in/0\n", share.to[i]);
    } else if (is_object(share.to[i])) {
      notes += fmt::format("-- out/{}: uploaded as {}\n", i, share.to[i]);
    } else {
      notes += fmt::format("-- out/{}: staged beside {}, then renamed\n", i, share.to[i]);
    }
  }
  for (const BigqueryTarget& table : share.bigquery) {
    notes += fmt::format("-- {}: {}, by a job that loads in/0\n", table.shown(),
                         table.append ? "append" : "replace");
  }
  for (const TableTarget& table : share.tables) {
    notes += fmt::format("-- {}: {}, with COPY from a CSV of in/0\n", table.shown(),
                         to_string(table.mode));
  }
  return notes + with_sandbox(step, compile_share(share, upstream_columns(step)));
}

}  // namespace cordyna::data
