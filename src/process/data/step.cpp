#include "process/data/step.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <filesystem>

#include "base/words.hpp"
#include "process/data/contract.hpp"
#include "process/data/json_read.hpp"
#include "process/data/sql_text.hpp"
#include "process/data/step_columns.hpp"
#include "process/data/step_guard.hpp"

namespace cordyna::data {
namespace {

namespace json = boost::json;

constexpr std::array<std::pair<std::string_view, Severity>, 3> kSeverities{{
    {"fail", Severity::kFail},
    {"warn", Severity::kWarn},
    {"quarantine", Severity::kQuarantine},
}};
constexpr std::array<std::pair<std::string_view, JoinKind>, 3> kJoins{{
    {"inner", JoinKind::kInner},
    {"left", JoinKind::kLeft},
    {"full", JoinKind::kFull},
}};
constexpr std::array<std::pair<std::string_view, Cardinality>, 4> kCardinalities{{
    {"any", Cardinality::kAny},
    {"one_to_one", Cardinality::kOneToOne},
    {"many_to_one", Cardinality::kManyToOne},
    {"one_to_many", Cardinality::kOneToMany},
}};
constexpr std::array<std::pair<std::string_view, FileFormat>, 5> kFormats{{
    {"csv", FileFormat::kCsv},
    {"json", FileFormat::kJson},
    {"jsonl", FileFormat::kJson},
    {"ndjson", FileFormat::kJson},
    {"parquet", FileFormat::kParquet},
}};

constexpr std::array<std::pair<std::string_view, OnFormula>, 4> kFormulas{{
    {"warn", OnFormula::kWarn},
    {"keep", OnFormula::kKeep},
    {"escape", OnFormula::kEscape},
    {"fail", OnFormula::kFail},
}};

StepResult<std::string> resolve_path(std::string_view key, std::string_view path,
                                     std::string_view folder) {
  if (path.empty()) return bad_value(key, "the path is empty");
  const std::size_t scheme = path.find("://");
  if (scheme != std::string_view::npos && path.substr(0, scheme) != "file") {
    return bad_value(
        key,
        fmt::format("'{}' is not supported: a file's path is, {}", path.substr(0, scheme + 3),
                    key == "to" ? "and s3:// and gs://" : "and http://, https://, s3://, gs://"));
  }
  const std::string_view bare = scheme == std::string_view::npos ? path : path.substr(scheme + 3);
  const std::filesystem::path whole = std::filesystem::path(folder) / bare;
  return whole.lexically_normal().string();
}

/// Of "a/b.csv.gz": the format by its ending, behind that of a compression.
std::string_view ending_of(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
}

StepResult<> read_format(const json::object& params, LoadParams& load) {
  std::string_view path = load.from;
  if (is_http(path)) path = path.substr(0, path.find_first_of("?#"));
  if (!load.files.empty()) path = load.files;
  const std::string_view ending = ending_of(path);
  if (ending == "gz" || ending == "zst") {
    load.compression = ending == "gz" ? "gzip" : "zstd";
    path.remove_suffix(ending.size() + 1);
  }
  STEP_TRY_ASSIGN(const std::optional<std::string> given, read_text(params, "format"));
  std::string_view word = given.has_value() ? std::string_view(*given) : ending_of(path);
  if (word == "tsv" || word == "txt") word = "csv";
  if (word.empty()) return bad_value("format", "it is missing, and the path has no ending");
  STEP_TRY_ASSIGN(load.format, parse_word("format", word, kFormats));
  if (load.format == FileFormat::kParquet && load.compression != "none") {
    return bad_value("from", "Parquet is compressed within; a compressed file of it is not read");
  }
  return {};
}

StepResult<> read_csv_options(const json::object& params, LoadParams& load) {
  STEP_TRY_ASSIGN(std::optional<std::string> delimiter, read_text(params, "delimiter"));
  load.delimiter = std::move(delimiter).value_or("");
  if (load.delimiter == "\\t") load.delimiter = "\t";
  if (load.delimiter.size() > 4 || load.delimiter.find_first_of("\r\n") != std::string::npos) {
    return bad_value("delimiter", "1 to 4 characters without a line break are wanted");
  }
  STEP_TRY_ASSIGN(std::optional<std::string> quote, read_text(params, "quote"));
  if (quote.has_value()) load.quote = std::move(*quote);
  if (load.quote.size() > 1) return bad_value("quote", "one character, or none, is wanted");
  STEP_TRY_ASSIGN(std::optional<std::string> encoding, read_text(params, "encoding"));
  if (encoding.has_value()) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kEncodings{{
        {"utf-8", ""},
        {"utf8", ""},
        {"latin-1", "latin-1"},
        {"iso-8859-1", "latin-1"},
        {"utf-16", "utf-16"},
        {"utf16", "utf-16"},
    }};
    STEP_TRY_ASSIGN(const std::string_view name,
                    parse_word("encoding", ascii_lower(*encoding), kEncodings));
    load.encoding = std::string(name);
  }
  STEP_TRY_ASSIGN(const std::optional<bool> header, read_bool(params, "header"));
  load.header = header.value_or(true);
  if (params.contains("nulls")) {
    STEP_TRY_ASSIGN(load.nulls, read_texts(params, "nulls"));
  } else if (load.format != FileFormat::kCsv) {
    load.nulls.clear();  // JSON and Parquet have a null of their own
  }
  return {};
}

StepResult<> read_rejects(const json::object& object, LoadParams& load) {
  STEP_TRY_ASSIGN(const json::object* rejects, read_object(object, "rejects"));
  if (rejects == nullptr) return {};
  STEP_TRY_ASSIGN(const std::optional<double> percent, read_number(*rejects, "max_percent"));
  load.rejects_percent_max = percent.value_or(0);
  if (load.rejects_percent_max < 0 || load.rejects_percent_max > 100) {
    return bad_value("rejects.max_percent", "0 to 100 is wanted");
  }
  return {};
}

StepResult<> read_sha256(const json::object& params, LoadParams& load) {
  STEP_TRY_ASSIGN(const std::optional<std::string> text, read_text(params, "sha256"));
  load.sha256 = ascii_lower(text.value_or(""));
  constexpr std::size_t kDigits = 64;
  if (load.sha256.empty()) return {};
  if (load.sha256.size() != kDigits ||
      load.sha256.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return bad_value("sha256", "64 hexadecimal digits are wanted");
  }
  return {};
}

StepResult<> parse_database(const json::object& params, LoadParams& load) {
  STEP_TRY_ASSIGN(const json::object* connection, read_object(params, "connection"));
  load.format = FileFormat::kParquet;
  load.nulls.clear();
  if (is_bigquery(*connection)) {
    STEP_TRY_ASSIGN(NamedSource named, parse_bigquery_source(params, *connection));
    load.from = std::move(named.shown);
    load.bigquery = std::move(named.source);
    return {};
  }
  DatabaseSource source;
  STEP_TRY_ASSIGN(source.connection, parse_connection(*connection));
  STEP_TRY_ASSIGN(const std::optional<std::int64_t> timeout,
                  read_millis(params, "statement_timeout"));
  if (timeout.has_value()) source.connection.statement_timeout_ms = *timeout;
  STEP_TRY_ASSIGN(const std::optional<std::string> table, read_text(params, "table"));
  if (table.has_value() == params.contains("sql")) {
    return bad_value("connection", "one of 'table' and 'sql' is wanted beside it");
  }
  if (table.has_value()) {
    STEP_TRY_ASSIGN(source.table, parse_table_name("table", *table));
    load.from = source.connection.name + "/" + shown_table(source.table);
  } else {
    STEP_TRY_ASSIGN(source.sql, read_fragment(params, "sql", "sql"));
    load.from = source.connection.name + "'s answer to 'sql'";
  }
  load.database = std::move(source);
  return {};
}

StepResult<LoadParams> parse_load(const json::object& params, std::string_view folder) {
  LoadParams load;
  STEP_TRY_ASSIGN(const std::optional<std::string> from, read_text(params, "from"));
  STEP_TRY_ASSIGN(load.remote, parse_remote(params));
  if (params.contains("connection")) {
    if (from.has_value()) return bad_value("from", "a file and a connection are given");
    STEP_TRY(parse_database(params, load));
  } else {
    if (!from.has_value()) return bad_value("from", "it is missing");
    STEP_TRY_ASSIGN(load.files, parse_files(params, *from));
    if (is_http(*from) || is_object(*from)) {
      STEP_TRY(check_address("from", *from, load.remote, load.files.empty()));
      load.from = *from;
    } else {
      STEP_TRY_ASSIGN(load.from, resolve_path("from", *from, folder));
    }
    STEP_TRY(read_sha256(params, load));
    STEP_TRY(read_format(params, load));
    STEP_TRY(read_csv_options(params, load));
  }
  STEP_TRY_ASSIGN(const json::object* contract, read_object(params, "contract"));
  if (contract != nullptr) {
    STEP_TRY_ASSIGN(load.contract, parse_contract(json::serialize(*contract)));
    STEP_TRY(read_rejects(*contract, load));
  }
  STEP_TRY(read_rejects(params, load));
  return load;
}

StepResult<Rule> parse_rule(const json::value& value, std::size_t at) {
  const std::string place = fmt::format("rules[{}]", at);
  const json::object* object = value.if_object();
  if (object == nullptr) return bad_value(place, "a map with sql is wanted");
  Rule rule;
  STEP_TRY_ASSIGN(std::optional<std::string> name, read_text(*object, "name"));
  STEP_TRY_ASSIGN(rule.sql, read_fragment(*object, "sql", place + ".sql"));
  rule.name = name.has_value() ? std::move(*name) : rule.sql;
  STEP_TRY_ASSIGN(const std::optional<std::string> severity, read_text(*object, "severity"));
  if (severity.has_value()) {
    STEP_TRY_ASSIGN(rule.severity, parse_word(place + ".severity", *severity, kSeverities));
  }
  STEP_TRY_ASSIGN(const std::optional<std::int64_t> bad_max, read_int(*object, "max_bad"));
  STEP_TRY_ASSIGN(rule.bad_percent_max, read_number(*object, "max_bad_percent"));
  rule.bad_max = bad_max.value_or(usual_bad_max(rule.severity));
  return rule;
}

StepResult<CheckParams> parse_check(const json::object& params) {
  CheckParams check;
  STEP_TRY_ASSIGN(check.of, read_of(params));
  const json::value* rules = params.if_contains("rules");
  const json::array* list = rules == nullptr ? nullptr : rules->if_array();
  if (list == nullptr || list->empty()) return bad_value("rules", "a list of rules is wanted");
  for (const json::value& item : *list) {
    STEP_TRY_ASSIGN(Rule rule, parse_rule(item, check.rules.size()));
    check.rules.push_back(std::move(rule));
  }
  return check;
}

StepResult<> parse_dedupe(const json::object& params, MergeParams& merge) {
  STEP_TRY_ASSIGN(const json::object* all, read_object(params, "dedupe"));
  if (all == nullptr) return {};
  for (const auto& item : *all) {
    const std::string place = "dedupe." + text_of(item.key());
    const json::object* object = item.value().if_object();
    if (object == nullptr) return bad_value(place, "a map with by and keep is wanted");
    Dedupe dedupe;
    dedupe.of = text_of(item.key());
    if (std::ranges::find(merge.of, dedupe.of) == merge.of.end()) {
      return bad_value(place, "it is not among 'of'");
    }
    STEP_TRY_ASSIGN(dedupe.by, read_texts(*object, "by"));
    if (dedupe.by.empty()) dedupe.by = merge.on;
    if (object->contains("keep")) {
      STEP_TRY_ASSIGN(dedupe.keep, read_fragment(*object, "keep", place + ".keep"));
    }
    merge.dedupe.push_back(std::move(dedupe));
  }
  return {};
}

StepResult<Preference> parse_preference(std::string column, const std::string& word,
                                        const std::vector<std::string>& sources) {
  constexpr std::array<std::pair<std::string_view, Choose>, 3> kWords{
      {{"non_null", Choose::kNonNull}, {"max", Choose::kMax}, {"min", Choose::kMin}}};
  constexpr std::string_view kNewest = "newest(";
  if (std::ranges::find(sources, word) != sources.end()) {
    return Preference{std::move(column), Choose::kSource, word};
  }
  for (const auto& [name, choose] : kWords) {
    if (name == word) return Preference{std::move(column), choose, ""};
  }
  if (word.starts_with(kNewest) && word.ends_with(")") && word.size() > kNewest.size() + 1) {
    return Preference{std::move(column), Choose::kNewest,
                      word.substr(kNewest.size(), word.size() - kNewest.size() - 1)};
  }
  return bad_value(
      "prefer." + column,
      fmt::format("'{}' is not among 'of', nor non_null, max, min or newest(column)", word));
}

StepResult<MergeParams> parse_merge(const json::object& params) {
  MergeParams merge;
  STEP_TRY_ASSIGN(merge.of, read_texts(params, "of"));
  if (merge.of.size() < 2) return bad_value("of", "at least two tasks are wanted");
  STEP_TRY_ASSIGN(merge.on, read_texts(params, "on"));
  if (merge.on.empty()) return bad_value("on", "at least one key column is wanted");
  STEP_TRY_ASSIGN(const std::optional<std::string> how, read_text(params, "how"));
  if (how.has_value()) {
    STEP_TRY_ASSIGN(merge.how, parse_word("how", *how, kJoins));
  }
  STEP_TRY_ASSIGN(const std::optional<std::string> expect, read_text(params, "expect"));
  if (expect.has_value()) {
    STEP_TRY_ASSIGN(merge.expect, parse_word("expect", *expect, kCardinalities));
  }
  STEP_TRY_ASSIGN(const json::object* prefer, read_object(params, "prefer"));
  if (prefer != nullptr) {
    for (const auto& item : *prefer) {
      STEP_TRY_ASSIGN(Preference preference,
                      parse_preference(text_of(item.key()), scalar_text(item.value()), merge.of));
      merge.prefer.push_back(std::move(preference));
    }
  }
  STEP_TRY(parse_dedupe(params, merge));
  return merge;
}

StepResult<> add_file(const std::string& target, std::string_view folder, ShareParams& share) {
  std::string path = target;
  if (is_object(target)) {
    STEP_TRY(check_address("to", target, share.remote));
  } else {
    STEP_TRY_ASSIGN(path, resolve_path("to", target, folder));
  }
  const std::string_view ending = ending_of(path);
  if (ending != "parquet" && ending != "csv" && ending != "json" && ending != "jsonl") {
    return bad_value("to", fmt::format("'{}': the ending .parquet, .csv, .json or .jsonl says the "
                                       "format; a table is CONNECTION/SCHEMA.TABLE, where the "
                                       "connection's name is no template",
                                       target));
  }
  if (std::ranges::find(share.to, path) != share.to.end()) {
    return bad_value("to", fmt::format("'{}' is there twice", target));
  }
  share.to.push_back(std::move(path));
  return {};
}

/// The keys of the share that its tables have where they say nothing themselves.
struct TableDefaults {
  std::optional<std::string> mode;
  std::vector<std::string> key;
};

StepResult<> add_table(const json::object& object, const std::string& name,
                       const TableDefaults& defaults, ShareParams& share) {
  TableTarget target;
  STEP_TRY_ASSIGN(const json::object* connection, read_object(object, "connection"));
  STEP_TRY_ASSIGN(std::optional<std::string> mode, read_text(object, "mode"));
  if (!mode.has_value()) mode = defaults.mode;
  STEP_TRY_ASSIGN(target.mode, parse_mode(mode.value_or("replace")));
  if (is_bigquery(*connection)) {
    STEP_TRY_ASSIGN(BigqueryTarget other, parse_bigquery_target(*connection, name, target.mode));
    const auto same = [&other](const BigqueryTarget& one) { return one.shown() == other.shown(); };
    if (std::ranges::any_of(share.bigquery, same)) {
      return bad_value("to", fmt::format("'{}' is there twice", other.shown()));
    }
    if (object.contains("key")) return bad_value("key", "BigQuery has no keys to go by");
    share.bigquery.push_back(std::move(other));
    return {};
  }
  STEP_TRY_ASSIGN(target.connection, parse_connection(*connection));
  STEP_TRY_ASSIGN(target.table, parse_table_name("to", name));
  STEP_TRY_ASSIGN(target.key, read_texts(object, "key"));
  if (target.key.empty()) target.key = defaults.key;
  if (target.mode == ShareMode::kUpsert && target.key.empty()) {
    return bad_value("key", fmt::format("{} is upserted: the columns that tell which row is which "
                                        "are wanted",
                                        target.shown()));
  }
  for (const TableTarget& other : share.tables) {
    if (other.table == target.table && other.connection == target.connection) {
      return bad_value("to", fmt::format("'{}' is there twice", target.shown()));
    }
  }
  share.tables.push_back(std::move(target));
  return {};
}

StepResult<> add_target(const json::value& item, std::string_view folder,
                        const TableDefaults& defaults, ShareParams& share) {
  const json::object* object = item.if_object();
  if (object == nullptr) {
    if (defaults.mode.value_or("replace") != "replace") {
      return bad_value("mode", fmt::format("{} is for tables; the file '{}' is always replaced",
                                           *defaults.mode, scalar_text(item)));
    }
    return add_file(scalar_text(item), folder, share);
  }
  STEP_TRY_ASSIGN(const std::optional<std::string> to, read_text(*object, "to"));
  if (!to.has_value()) return bad_value("to", "a target has no 'to'");
  if (object->contains("connection")) return add_table(*object, *to, defaults, share);
  STEP_TRY_ASSIGN(const std::optional<std::string> mode, read_text(*object, "mode"));
  if (mode.value_or("replace") != "replace") {
    return bad_value("mode",
                     fmt::format("{} is for tables; the file '{}' is always replaced", *mode, *to));
  }
  return add_file(*to, folder, share);
}

StepResult<ShareParams> parse_share(const json::object& params, std::string_view folder) {
  ShareParams share;
  STEP_TRY_ASSIGN(share.of, read_of(params));
  STEP_TRY_ASSIGN(share.remote, parse_remote(params));
  TableDefaults defaults;
  STEP_TRY_ASSIGN(defaults.mode, read_text(params, "mode"));
  STEP_TRY_ASSIGN(defaults.key, read_texts(params, "key"));
  const json::value* to = params.if_contains("to");
  if (to == nullptr || to->is_null()) return bad_value("to", "a path is wanted");
  const json::array one{*to};
  const json::array& list = to->is_array() ? to->get_array() : one;
  if (list.empty()) return bad_value("to", "a path is wanted");
  for (const json::value& item : list) STEP_TRY(add_target(item, folder, defaults, share));
  if (share.tables.empty() && !defaults.key.empty()) {
    return bad_value("key", "it is for tables, and the share has none");
  }
  STEP_TRY_ASSIGN(const std::optional<std::string> formulas, read_text(params, "formulas"));
  STEP_TRY_ASSIGN(share.formulas, parse_word("formulas", formulas.value_or("warn"), kFormulas));
  STEP_TRY_ASSIGN(share.guard, parse_share_guard(params));
  return share;
}

StepResult<> parse_limits(const json::object& params, Limits& limits) {
  STEP_TRY_ASSIGN(const std::optional<std::uint64_t> memory, read_bytes(params, "memory"));
  if (memory.has_value()) {
    if (*memory < (std::uint64_t{32} << 20)) return bad_value("memory", "at least 32MB is wanted");
    limits.memory_bytes = *memory;
  }
  STEP_TRY_ASSIGN(const std::optional<std::int64_t> threads, read_int(params, "threads"));
  if (threads.has_value()) {
    if (*threads < 1 || *threads > 256) return bad_value("threads", "1 to 256 is wanted");
    limits.threads = static_cast<std::uint32_t>(*threads);
  }
  return {};
}

StepResult<Step> parse_params_object(std::string_view type, const json::object& params,
                                     std::string_view folder) {
  Step step;
  STEP_TRY(parse_limits(params, step.limits));
  STEP_TRY_ASSIGN(const std::optional<bool> keep_pii, read_bool(params, "keep_pii"));
  step.keep_pii = keep_pii.value_or(false);
  if (type == "load") {
    STEP_TRY_ASSIGN(step.params, parse_load(params, folder));
  } else if (type == "check") {
    STEP_TRY_ASSIGN(step.params, parse_check(params));
  } else if (type == "standardize") {
    STEP_TRY_ASSIGN(step.params, parse_standardize(params));
  } else if (type == "secure") {
    STEP_TRY_ASSIGN(step.params, parse_secure(params));
  } else if (type == "merge") {
    STEP_TRY_ASSIGN(step.params, parse_merge(params));
  } else if (type == "transform") {
    TransformParams transform;
    STEP_TRY_ASSIGN(transform.sql, read_fragment(params, "sql", "sql"));
    STEP_TRY_ASSIGN(transform.declassify, read_texts(params, "declassify"));
    step.params = std::move(transform);
  } else if (type == "share") {
    STEP_TRY_ASSIGN(step.params, parse_share(params, folder));
  } else if (type == "guard") {
    STEP_TRY_ASSIGN(step.params, parse_guard(params));
  } else {
    return bad_value("type", fmt::format("'{}' is no data step", type));
  }
  return step;
}

std::vector<SourceColumn> parse_columns(const json::object& object) {
  std::vector<SourceColumn> columns;
  const json::value* schema = object.if_contains("schema");
  const json::array* list = schema == nullptr ? nullptr : schema->if_array();
  if (list == nullptr) return columns;
  for (const json::value& item : *list) {
    const json::object* column = item.if_object();
    if (column == nullptr || !column->contains("name") || !column->contains("type")) continue;
    const json::value* pii = column->if_contains("pii");
    columns.push_back({scalar_text(column->at("name")), scalar_text(column->at("type")),
                       pii != nullptr && pii->is_bool() && pii->get_bool()});
  }
  return columns;
}

StepResult<Step> parse_step_object(const json::object& object) {
  STEP_TRY_ASSIGN(const std::optional<std::int64_t> version, read_int(object, "version"));
  if (version != kStepVersion) {
    return step_fail(TaskErrorCode::kInternal, "step.json is of another version", Phase::kPrepare);
  }
  STEP_TRY_ASSIGN(std::optional<std::string> type, read_text(object, "type"));
  STEP_TRY_ASSIGN(std::optional<std::string> id, read_text(object, "id"));
  STEP_TRY_ASSIGN(std::optional<std::string> folder, read_text(object, "folder"));
  STEP_TRY_ASSIGN(const json::object* params, read_object(object, "params"));
  STEP_TRY_ASSIGN(const json::object* paths, read_object(object, "paths"));
  STEP_TRY_ASSIGN(const json::object* upstream, read_object(object, "upstream"));
  if (!type || !id || !folder || params == nullptr || paths == nullptr) {
    return step_fail(TaskErrorCode::kInternal, "step.json is incomplete", Phase::kPrepare);
  }
  STEP_TRY_ASSIGN(Step step, parse_params_object(*type, *params, *folder));
  step.id = std::move(*id);
  STEP_TRY_ASSIGN(const json::object* attempt, read_object(object, "attempt"));
  if (attempt != nullptr) {
    STEP_TRY_ASSIGN(std::optional<std::string> run, read_text(*attempt, "run"));
    STEP_TRY_ASSIGN(std::optional<std::string> task, read_text(*attempt, "task"));
    STEP_TRY_ASSIGN(const std::optional<std::int64_t> number, read_int(*attempt, "number"));
    step.attempt = {run.value_or(""), task.value_or(""), number.value_or(1)};
  }
  STEP_TRY_ASSIGN(const std::optional<std::string> flow, read_text(object, "flow"));
  step.flow = flow.value_or("");
  STEP_TRY_ASSIGN(std::optional<std::string> artifacts, read_text(*paths, "artifacts"));
  STEP_TRY_ASSIGN(std::optional<std::string> work, read_text(*paths, "work"));
  STEP_TRY_ASSIGN(std::optional<std::string> report, read_text(*paths, "report"));
  STEP_TRY_ASSIGN(step.guard, parse_guard_context(object));
  STEP_TRY_ASSIGN(std::optional<std::string> mark, read_text(*paths, "private_mark"));
  step.paths = {artifacts.value_or(""), work.value_or(""), report.value_or(""), mark.value_or("")};
  if (upstream == nullptr) return step;
  for (const auto& item : *upstream) {
    const json::object* source = item.value().if_object();
    if (source == nullptr || !source->contains("path")) continue;
    step.upstream.push_back(
        {text_of(item.key()), scalar_text(source->at("path")), parse_columns(*source)});
  }
  return step;
}

}  // namespace

StepResult<Step> parse_params(std::string_view type, std::string_view params,
                              std::string_view folder) {
  boost::system::error_code error;
  const json::value value = json::parse(json::string_view(params.data(), params.size()), error);
  if (error.failed() || !value.is_object()) return bad_value("params", "a JSON object is wanted");
  return parse_params_object(type, value.get_object(), folder);
}

StepResult<Step> parse_step(std::string_view text) {
  boost::system::error_code error;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error.failed() || !value.is_object()) {
    return step_fail(TaskErrorCode::kInternal, "step.json is not a JSON object", Phase::kPrepare);
  }
  return parse_step_object(value.get_object());
}

std::string report_path_of(std::string_view text) {
  boost::system::error_code error;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error.failed() || !value.is_object()) return {};
  const json::value* paths = value.get_object().if_contains("paths");
  if (paths == nullptr || !paths->is_object()) return {};
  const json::value* report = paths->get_object().if_contains("report");
  return report == nullptr ? std::string() : scalar_text(*report);
}

const Upstream* find_upstream(const Step& step, std::string_view id) {
  const auto found = std::ranges::find(step.upstream, id, &Upstream::id);
  return found == step.upstream.end() ? nullptr : &*found;
}

std::vector<std::string> pii_names(const std::vector<SourceColumn>& columns) {
  std::vector<std::string> names;
  for (const SourceColumn& column : columns) {
    if (column.pii) names.push_back(column.name);
  }
  return names;
}

bool has_pii(const Upstream& upstream, std::string_view name) {
  return std::ranges::any_of(upstream.columns, [name](const SourceColumn& column) {
    return column.pii && column.name == name;
  });
}

bool has_pii(const std::vector<Upstream>& upstream, std::string_view name) {
  return std::ranges::any_of(upstream,
                             [name](const Upstream& source) { return has_pii(source, name); });
}

StepResult<Severity> parse_severity(std::string_view key, std::string_view word) {
  return parse_word(key, word, kSeverities);
}

std::string_view to_string(FileFormat format) {
  switch (format) {
    case FileFormat::kCsv: return "CSV";
    case FileFormat::kJson: return "JSON lines";
    case FileFormat::kParquet: return "Parquet";
  }
  return {};
}
std::string_view to_string(Severity severity) {
  return kSeverities[static_cast<std::size_t>(severity)].first;
}
std::string_view to_string(JoinKind kind) {
  return kJoins[static_cast<std::size_t>(kind)].first;
}
std::string_view to_string(Cardinality cardinality) {
  return kCardinalities[static_cast<std::size_t>(cardinality)].first;
}

}  // namespace cordyna::data
