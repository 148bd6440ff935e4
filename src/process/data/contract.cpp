#include "process/data/contract.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cstdint>
#include <utility>

#include "base/nearest.hpp"
#include "base/words.hpp"
#include "process/data/json_read.hpp"
#include "process/data/sql_text.hpp"

namespace cordyna::data {
namespace {

namespace json = boost::json;

/// Whether a whole number is one of the type.
bool fits(std::string_view text, const ColumnType& type) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return false;
  return type.name == TypeName::kInt64 || (value >= INT32_MIN && value <= INT32_MAX);
}

/// A value of the column's type, as SQL. A fraction beside whole numbers stays a fraction.
std::string literal(const json::value& value, const ColumnType& type) {
  const std::string text = scalar_text(value);
  const bool whole = type.name == TypeName::kInt32 || type.name == TypeName::kInt64;
  const bool number = whole || type.name == TypeName::kDecimal || type.name == TypeName::kDouble;
  std::string as = sql_type(type);
  if (whole && text.find_first_of(".eE") == std::string::npos) {
    // Of the column's own type where it fits: the column is not cast for the comparison then.
    if (!fits(text, type)) as = "HUGEINT";
  } else if (number) {
    as = type.name == TypeName::kDecimal ? "DECIMAL(38,10)" : "DOUBLE";
  }
  return fmt::format("CAST({} AS {})", quote_text(text), as);
}

/// Adds rules of one column, all with the severity that it has.
class ColumnRules {
 public:
  ColumnRules(Contract& contract, std::string_view column, Severity severity)
      : contract_(contract), column_(column), severity_(severity) {}

  void add(std::string_view what, std::string sql) {
    Rule rule;
    rule.name = fmt::format("{}.{}", column_, what);
    rule.sql = std::move(sql);
    rule.severity = severity_;
    rule.bad_max = usual_bad_max(severity_);
    contract_.rules.push_back(std::move(rule));
  }

 private:
  Contract& contract_;
  std::string column_;
  Severity severity_;
};

StepResult<> add_range(ColumnRules& rules, const ColumnSpec& column, const json::object& spec) {
  const json::value* range = spec.if_contains("range");
  if (range == nullptr || range->is_null()) return {};
  const json::array* list = range->if_array();
  const bool pair = list != nullptr && list->size() == 2 && !(*list)[0].is_structured() &&
                    !(*list)[1].is_structured() && !(*list)[0].is_null() && !(*list)[1].is_null();
  if (!pair) {
    return bad_value("contract.columns." + column.name, "range is not a list of two values");
  }
  rules.add("range",
            fmt::format("{} BETWEEN {} AND {}", quote_name(column.name),
                        literal((*list)[0], column.type), literal((*list)[1], column.type)));
  return {};
}

/// `in`: with to_bool it is its keys once more.
StepResult<> add_in(ColumnRules& rules, const ColumnSpec& column, const json::object& spec) {
  const std::string key = "contract.columns." + column.name;
  const json::value* in = spec.if_contains("in");
  if (in == nullptr || in->is_null() || !column.to_bool.empty()) return {};
  const json::array* list = in->if_array();
  if (list == nullptr || list->empty()) return bad_value(key, "in is not a list of values");
  std::string values;
  for (const json::value& item : *list) {
    if (item.is_structured() || item.is_null()) return bad_value(key, "in is not a list of values");
    if (!values.empty()) values += ", ";
    values += literal(item, column.type);
  }
  rules.add("in", fmt::format("{} IN ({})", quote_name(column.name), values));
  return {};
}

StepResult<> read_to_bool(ColumnSpec& column, const json::object& spec) {
  STEP_TRY_ASSIGN(const json::object* texts, read_object(spec, "to_bool"));
  if (texts == nullptr) return {};
  for (const auto& item : *texts) {
    STEP_TRY_ASSIGN(const std::optional<bool> value, read_bool(*texts, text_of(item.key())));
    column.to_bool.emplace_back(text_of(item.key()), value.value_or(false));
  }
  return {};
}

StepResult<> add_column_rules(Contract& contract, const ColumnSpec& column,
                              const json::object& spec) {
  const std::string name = quote_name(column.name);
  const std::string key = "contract.columns." + column.name;
  STEP_TRY_ASSIGN(const std::optional<std::string> on_fail, read_text(spec, "on_fail"));
  Severity severity = Severity::kFail;
  if (on_fail.has_value()) {
    STEP_TRY_ASSIGN(severity, parse_severity(key + ".on_fail", *on_fail));
  }
  STEP_TRY_ASSIGN(const std::optional<bool> unique, read_bool(spec, "unique"));
  if (unique.value_or(false)) contract.unique.push_back({{column.name}, severity});
  ColumnRules rules(contract, column.name, severity);
  STEP_TRY_ASSIGN(const std::optional<bool> required, read_bool(spec, "required"));
  if (required.value_or(false)) rules.add("required", name + " IS NOT NULL");
  STEP_TRY_ASSIGN(const std::optional<std::string> match, read_text(spec, "match"));
  if (match.has_value()) {
    rules.add("match", fmt::format("regexp_full_match({}::VARCHAR, {})", name, quote_text(*match)));
  }
  constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kLengths{
      {{"min_length", ">="}, {"max_length", "<="}}};
  for (const auto& [word, sign] : kLengths) {
    STEP_TRY_ASSIGN(const std::optional<std::int64_t> length, read_int(spec, word));
    if (!length.has_value()) continue;
    rules.add(word, fmt::format("length({}::VARCHAR) {} {}", name, sign, *length));
  }
  constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kBounds{
      {{"min", ">="}, {"max", "<="}}};
  for (const auto& [word, sign] : kBounds) {
    const json::value* bound = spec.if_contains(json::string_view(word.data(), word.size()));
    if (bound == nullptr || bound->is_null()) continue;
    if (bound->is_structured()) return bad_value(key, fmt::format("{} is not a value", word));
    rules.add(word, fmt::format("{} {} {}", name, sign, literal(*bound, column.type)));
  }
  STEP_TRY(add_range(rules, column, spec));
  STEP_TRY(add_in(rules, column, spec));
  STEP_TRY_ASSIGN(std::optional<std::string> refs, read_text(spec, "refs"));
  if (refs.has_value()) {
    // An anti join: DuckDB makes a hash table of the other side, and looks each value up.
    rules.add("refs",
              fmt::format("{} IN (SELECT v FROM {})", name, ref_view(contract.refs.size())));
    contract.refs.push_back({column.name, std::move(*refs)});
  }
  return {};
}

StepResult<> add_column(Contract& contract, std::string name, const json::value& value) {
  const std::string key = "contract.columns." + name;
  if (name.empty() || name.starts_with("__dyna") || name.find('\0') != std::string::npos) {
    return bad_value(key, "this name cannot be a column's");
  }
  ColumnSpec column;
  column.name = std::move(name);
  const json::object* spec = value.if_object();
  const json::object none;
  std::string type = "string";
  if (spec == nullptr) {
    if (!value.is_string()) return bad_value(key, "a type or a map is wanted");
    type = scalar_text(value);
    spec = &none;
  } else {
    STEP_TRY_ASSIGN(std::optional<std::string> given, read_text(*spec, "type"));
    if (given.has_value()) type = *given;
    STEP_TRY_ASSIGN(std::optional<std::string> format, read_text(*spec, "format"));
    column.format = std::move(format).value_or("");
    STEP_TRY_ASSIGN(const std::optional<bool> pii, read_bool(*spec, "pii"));
    column.pii = pii.value_or(false);
  }
  Result<ColumnType> parsed = parse_type(type);
  if (!parsed.has_value()) return bad_value(key, parsed.error().message);
  column.type = *parsed;
  STEP_TRY(read_to_bool(column, *spec));
  if (!column.to_bool.empty()) column.type = ColumnType{TypeName::kBool, 0, 0};
  STEP_TRY(add_column_rules(contract, column, *spec));
  contract.columns.push_back(std::move(column));
  return {};
}

StepResult<> parse_drift(const json::object& object, DriftPolicy& drift) {
  struct Kind {
    std::string_view key;
    Drift DriftPolicy::* member;
    std::optional<Drift> own;  ///< beside fail, warn and ignore, which mean something for all
  };
  constexpr std::array<Kind, 7> kKinds{{
      {"new", &DriftPolicy::added, Drift::kAdd},
      {"missing", &DriftPolicy::missing, std::nullopt},
      {"type", &DriftPolicy::type, Drift::kQuarantine},
      {"order", &DriftPolicy::order, std::nullopt},
      {"delimiter", &DriftPolicy::delimiter, std::nullopt},
      {"format", &DriftPolicy::format, std::nullopt},
      {"encoding", &DriftPolicy::encoding, std::nullopt},
  }};
  constexpr std::array<std::pair<std::string_view, Drift>, 5> kWords{{
      {"fail", Drift::kFail},
      {"warn", Drift::kWarn},
      {"ignore", Drift::kIgnore},
      {"add", Drift::kAdd},
      {"quarantine", Drift::kQuarantine},
  }};
  constexpr std::size_t kOfAll = 3;
  for (const Kind& kind : kKinds) {
    STEP_TRY_ASSIGN(const std::optional<std::string> given, read_text(object, kind.key));
    if (!given.has_value()) continue;
    std::vector<std::string_view> fitting;
    bool found = false;
    for (std::size_t i = 0; i < kWords.size(); ++i) {
      const auto& [word, policy] = kWords[i];
      if (i >= kOfAll && policy != kind.own) continue;
      fitting.push_back(word);
      if (word != *given) continue;
      drift.*kind.member = policy;
      found = true;
    }
    if (found) continue;
    return bad_value(
        fmt::format("contract.drift.{}", kind.key),
        fmt::format("one of {} is wanted, not '{}'", fmt::join(fitting, ", "), *given));
  }
  return {};
}

StepResult<UniqueKey> parse_unique_key(const json::value& item) {
  UniqueKey key;
  const json::value* columns = &item;
  if (const json::object* object = item.if_object()) {
    columns = object->if_contains("columns");
    STEP_TRY_ASSIGN(const std::optional<std::string> on_fail, read_text(*object, "on_fail"));
    if (on_fail.has_value()) {
      STEP_TRY_ASSIGN(key.severity, parse_severity("contract.unique.on_fail", *on_fail));
    }
  }
  if (columns == nullptr) return bad_value("contract.unique", "a list of columns is wanted");
  if (const json::array* group = columns->if_array()) {
    for (const json::value& name : *group) key.columns.push_back(scalar_text(name));
  } else {
    key.columns.push_back(scalar_text(*columns));
  }
  return key;
}

StepResult<> parse_unique(const json::value& value, Contract& contract) {
  const json::array* list = value.if_array();
  if (list == nullptr) return bad_value("contract.unique", "a list of columns is wanted");
  for (const json::value& item : *list) {
    STEP_TRY_ASSIGN(UniqueKey key, parse_unique_key(item));
    if (!key.columns.empty()) contract.unique.push_back(std::move(key));
  }
  for (const UniqueKey& key : contract.unique) {
    for (const std::string& name : key.columns) {
      const bool known = std::ranges::any_of(
          contract.columns, [&name](const ColumnSpec& column) { return column.name == name; });
      if (!known) return bad_value("contract.unique", fmt::format("unknown column '{}'", name));
    }
  }
  return {};
}

StepResult<> parse_freshness(const json::object& object, Contract& contract) {
  STEP_TRY_ASSIGN(std::optional<std::string> column, read_text(object, "column"));
  STEP_TRY_ASSIGN(const std::optional<std::int64_t> age, read_millis(object, "max_age"));
  contract.fresh_column = std::move(column).value_or("");
  const auto spec = std::ranges::find(contract.columns, contract.fresh_column, &ColumnSpec::name);
  const bool time = spec != contract.columns.end() &&
                    (spec->type.name == TypeName::kDate || spec->type.name == TypeName::kTimestamp);
  if (!time) return bad_value("contract.freshness.column", "a date or timestamp column is wanted");
  if (age.value_or(0) <= 0) return bad_value("contract.freshness.max_age", "a time is wanted");
  constexpr std::int64_t kSecond = 1000;
  contract.age_max_seconds = *age / kSecond;
  return {};
}

StepResult<Contract> parse_contract_object(const json::object& object) {
  Contract contract;
  STEP_TRY_ASSIGN(const json::object* columns, read_object(object, "columns"));
  if (columns == nullptr || columns->empty()) {
    return bad_value("contract.columns", "at least one column is wanted");
  }
  for (const auto& item : *columns) {
    STEP_TRY(add_column(contract, text_of(item.key()), item.value()));
  }
  STEP_TRY_ASSIGN(const json::object* drift, read_object(object, "drift"));
  if (drift != nullptr) STEP_TRY(parse_drift(*drift, contract.drift));
  STEP_TRY_ASSIGN(const json::object* rename, read_object(object, "rename"));
  if (rename != nullptr) {
    for (const auto& item : *rename) {
      contract.rename.emplace_back(text_of(item.key()), scalar_text(item.value()));
    }
  }
  const json::value* unique = object.if_contains("unique");
  if (unique != nullptr && !unique->is_null()) STEP_TRY(parse_unique(*unique, contract));
  STEP_TRY_ASSIGN(const json::object* rows, read_object(object, "rows"));
  if (rows != nullptr) {
    STEP_TRY_ASSIGN(contract.rows_min, read_int(*rows, "min"));
    STEP_TRY_ASSIGN(contract.rows_max, read_int(*rows, "max"));
  }
  STEP_TRY_ASSIGN(const json::object* freshness, read_object(object, "freshness"));
  if (freshness != nullptr) STEP_TRY(parse_freshness(*freshness, contract));
  return contract;
}

std::string known_as(const Contract& contract, const std::string& name) {
  for (const auto& [old_name, new_name] : contract.rename) {
    if (old_name == name) return new_name;
  }
  return name;
}

const ColumnSpec* find_spec(const Contract& contract, std::string_view name) {
  for (const ColumnSpec& column : contract.columns) {
    if (column.name == name) return &column;
  }
  return nullptr;
}

/// Collects findings: those that fail, and those that only warn.
class Findings {
 public:
  void add(Drift policy, std::string finding) {
    if (policy == Drift::kFail) {
      failures_.push_back(std::move(finding));
    } else if (policy == Drift::kWarn || policy == Drift::kQuarantine) {
      warnings_.push_back(std::move(finding));
    }
  }
  [[nodiscard]] const std::vector<std::string>& failures() const { return failures_; }
  [[nodiscard]] std::vector<std::string> take_warnings() { return std::move(warnings_); }

 private:
  std::vector<std::string> failures_;
  std::vector<std::string> warnings_;
};

void check_order(const Contract& contract, const std::vector<SourceColumn>& columns,
                 Findings& findings) {
  std::vector<std::string> wanted;
  std::vector<std::string> found;
  for (const SourceColumn& column : columns) {
    const std::string name = known_as(contract, column.name);
    if (find_spec(contract, name) != nullptr) found.push_back(name);
  }
  for (const ColumnSpec& column : contract.columns) {
    if (std::ranges::find(found, column.name) != found.end()) wanted.push_back(column.name);
  }
  if (wanted != found) {
    findings.add(contract.drift.order,
                 fmt::format("the columns come in another order: {}", fmt::join(found, ", ")));
  }
}

bool has_column(const Contract& contract, const std::vector<SourceColumn>& columns,
                const std::string& name) {
  return std::ranges::any_of(
      columns, [&](const SourceColumn& column) { return known_as(contract, column.name) == name; });
}

/// Names the file's column that may be it: one with a name that is near, or the only new one where
/// only one is missing.
std::string missing_message(const std::string& name, const std::vector<SourceColumn>& columns,
                            const Contract& contract) {
  std::vector<std::string_view> candidates;
  for (const SourceColumn& column : columns) {
    if (find_spec(contract, known_as(contract, column.name)) == nullptr) {
      candidates.emplace_back(column.name);
    }
  }
  std::string message = fmt::format("column '{}'", name);
  std::string near = nearest(name, candidates);
  for (const auto& [alias, known] : contract.rename) {
    if (known != name) continue;
    message += fmt::format(" ('{}' in the file)", alias);
    if (near.empty()) near = nearest(alias, candidates);
  }
  message += " is missing";
  const auto missing = std::ranges::count_if(contract.columns, [&](const ColumnSpec& spec) {
    return !has_column(contract, columns, spec.name);
  });
  if (near.empty() && missing == 1 && candidates.size() == 1) near = candidates.front();
  if (!near.empty()) {
    message +=
        fmt::format(" (it has '{0}'; if that is the same, write rename: {{{0}: {1}}})", near, name);
  }
  return message;
}

ColumnSource column_source(const ColumnSpec& spec, const SourceColumn* found, Drift type_policy,
                           Findings& findings) {
  ColumnSource source{spec.name, "", spec.type, spec.format, "", spec.pii, spec.to_bool};
  if (found == nullptr) return source;
  source.source = found->name;
  source.source_type = found->type;
  // to_bool reads the text of whatever type there is.
  if (!found->type.empty() && spec.to_bool.empty() && !same_kind(found->type, spec.type)) {
    findings.add(type_policy, fmt::format("column '{}' is {} in the file, {} in the contract",
                                          spec.name, found->type, to_string(spec.type)));
  }
  return source;
}

/// A hostile header may be a megabyte.
std::string cut(std::string text) {
  constexpr std::size_t kBytesMax = 1500;
  if (text.size() <= kBytesMax) return text;
  std::size_t end = kBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "…";
}

std::string names_of(const std::vector<SourceColumn>& columns) {
  std::string out;
  for (const SourceColumn& column : columns) {
    out += (out.empty() ? "" : ", ") + column.name;
  }
  return out;
}

void check_duplicates(const Contract& contract, const std::vector<SourceColumn>& columns,
                      Findings& findings) {
  std::vector<std::string> names;
  names.reserve(columns.size());
  for (const SourceColumn& column : columns) names.push_back(known_as(contract, column.name));
  std::ranges::sort(names);
  const auto twice = std::ranges::adjacent_find(names);
  if (twice != names.end()) {
    findings.add(Drift::kFail, fmt::format("column '{}' is there twice", *twice));
  }
}

}  // namespace

StepResult<Contract> parse_contract(std::string_view text) {
  boost::system::error_code error;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error.failed() || !value.is_object()) return bad_value("contract", "a map is wanted");
  return parse_contract_object(value.get_object());
}

std::string ref_view(std::size_t at) {
  return fmt::format("__dyna_ref_{}", at);
}

StepResult<std::vector<RefSource>> map_refs(const Contract& contract,
                                            const std::vector<Upstream>& upstream) {
  std::vector<RefSource> sources;
  for (const ColumnRef& ref : contract.refs) {
    const std::string key = fmt::format("contract.columns.{}.refs", ref.column);
    const std::size_t dot = split_reference(ref.target, [&upstream](std::string_view id) {
      return std::ranges::find(upstream, id, &Upstream::id) != upstream.end();
    });
    if (dot == std::string::npos) {
      return bad_value(key, fmt::format("'{}' names no task that left data", ref.target));
    }
    const auto source = std::ranges::find(upstream, ref.target.substr(0, dot), &Upstream::id);
    const std::string column = ref.target.substr(dot + 1);
    sources.push_back({static_cast<std::size_t>(source - upstream.begin()), column});
    if (source->columns.empty()) continue;
    const auto found = std::ranges::find(source->columns, column, &SourceColumn::name);
    const ColumnSpec* spec = find_spec(contract, ref.column);
    if (found == source->columns.end()) {
      std::vector<std::string> names;
      for (const SourceColumn& known : source->columns) names.push_back(known.name);
      return bad_value(key, fmt::format("'{}' has no column '{}'; its columns: {}", source->id,
                                        column, fmt::join(names, ", ")));
    }
    if (!found->type.empty() && !same_kind(found->type, spec->type)) {
      return bad_value(key, fmt::format("'{}' is {}, and this column is {}: they cannot be "
                                        "compared; give both the same type",
                                        ref.target, found->type, to_string(spec->type)));
    }
  }
  return sources;
}

std::string unique_name(const UniqueKey& key) {
  return fmt::format("unique({})", fmt::join(key.columns, ", "));
}

std::vector<Rule> label_rules(const Contract& contract) {
  std::vector<Rule> rules = contract.rules;
  const auto add = [&rules](std::string name) {
    rules.push_back({std::move(name), "", Severity::kQuarantine,
                     usual_bad_max(Severity::kQuarantine), std::nullopt});
  };
  for (const UniqueKey& key : contract.unique) {
    if (key.severity == Severity::kQuarantine) add(unique_name(key));
  }
  if (contract.drift.type != Drift::kQuarantine) return rules;
  for (const ColumnSpec& column : contract.columns) {
    if (column.type.name != TypeName::kString) add(column.name + ".type");
  }
  return rules;
}

std::optional<std::size_t> unique_label(const Contract& contract, std::size_t key) {
  if (contract.unique[key].severity != Severity::kQuarantine) return std::nullopt;
  const auto end = contract.unique.begin() + static_cast<std::ptrdiff_t>(key);
  return contract.rules.size() +
         static_cast<std::size_t>(std::count_if(contract.unique.begin(), end, [](const auto& one) {
           return one.severity == Severity::kQuarantine;
         }));
}

std::vector<std::optional<std::size_t>> type_labels(const Contract& contract) {
  std::vector<std::optional<std::size_t>> labels;
  if (contract.drift.type != Drift::kQuarantine) return labels;
  std::size_t next =
      contract.rules.size() + static_cast<std::size_t>(std::ranges::count(
                                  contract.unique, Severity::kQuarantine, &UniqueKey::severity));
  for (const ColumnSpec& column : contract.columns) {
    const bool text = column.type.name == TypeName::kString;
    labels.push_back(text ? std::nullopt : std::optional(next++));
  }
  return labels;
}

bool has_pii(const Contract& contract) {
  return std::ranges::any_of(contract.columns, &ColumnSpec::pii);
}

std::size_t count_known(const Contract& contract, const std::vector<std::string>& names) {
  return static_cast<std::size_t>(std::ranges::count_if(names, [&](const std::string& name) {
    return find_spec(contract, known_as(contract, name)) != nullptr;
  }));
}

StepResult<ColumnMap> map_columns(const Contract& contract,
                                  const std::vector<SourceColumn>& columns, std::string_view what,
                                  bool ordered) {
  Findings findings;
  ColumnMap map;
  check_duplicates(contract, columns, findings);
  for (const ColumnSpec& spec : contract.columns) {
    const SourceColumn* found = nullptr;
    for (const SourceColumn& column : columns) {
      if (known_as(contract, column.name) == spec.name) found = &column;
    }
    if (found == nullptr) {
      findings.add(contract.drift.missing, missing_message(spec.name, columns, contract));
    }
    map.columns.push_back(column_source(spec, found, contract.drift.type, findings));
  }
  for (const SourceColumn& column : columns) {
    if (find_spec(contract, known_as(contract, column.name)) != nullptr) continue;
    if (contract.drift.added == Drift::kAdd) {
      map.columns.push_back({column.name, column.name, ColumnType{}, "", column.type, false});
    } else {
      findings.add(contract.drift.added,
                   fmt::format("column '{}' is new: the contract does not have it", column.name));
    }
  }
  if (ordered) check_order(contract, columns, findings);
  if (!findings.failures().empty()) {
    return step_fail(TaskErrorCode::kSchemaChanged,
                     fmt::format("{} is not as its contract says: {}. Its columns: {}", what,
                                 cut(fmt::format("{}", fmt::join(findings.failures(), "; "))),
                                 cut(names_of(columns))));
  }
  map.warnings = findings.take_warnings();
  return map;
}

}  // namespace cordyna::data
