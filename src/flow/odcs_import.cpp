/// odcs.hpp's import_odcs.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "base/words.hpp"
#include "flow/contract_file.hpp"
#include "flow/json_text.hpp"
#include "flow/odcs.hpp"
#include "flow/odcs_words.hpp"
#include "flow/yaml_text.hpp"

namespace cordyna::flow {
namespace {

namespace json = boost::json;

using Words = std::vector<std::string_view>;

json::value value_of(const Node& node) {
  std::string text;
  append_json(text, node, KeyOrder::kAsWritten);
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  return error.failed() ? json::value() : value;
}

std::string_view text_at(const Node& node, std::string_view key) {
  const Node* at = node.find(key);
  return at == nullptr || !at->is_scalar() ? std::string_view() : at->text;
}

bool is_true(const Node& node, std::string_view key) {
  const Node* at = node.find(key);
  return at != nullptr && at->kind == NodeKind::kBool && scalar_as_json(*at) == "true";
}

std::optional<double> number_of(const Node* node) {
  if (node == nullptr || (node->kind != NodeKind::kInt && node->kind != NodeKind::kFloat)) {
    return std::nullopt;
  }
  const std::string text = scalar_as_json(*node);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The items of a list; nothing where it is none.
std::vector<const Node*> items(const Node* list) {
  std::vector<const Node*> out;
  if (list == nullptr || list->kind != NodeKind::kList) return out;
  for (const Node* at = list->first; at != nullptr; at = at->next) out.push_back(at);
  return out;
}

/// What a quality metric must lie between, both ends included.
struct Bounds {
  std::optional<std::int64_t> least;
  std::optional<std::int64_t> most;
  [[nodiscard]] bool none_allowed() const { return most == 0; }
};

std::optional<Bounds> bounds_of(const Node& quality) {
  const auto whole = [](const Node* node) -> std::optional<std::int64_t> {
    const auto value = number_of(node);
    if (!value.has_value() || *value != std::floor(*value) || std::abs(*value) > 9e15) return {};
    return static_cast<std::int64_t>(*value);
  };
  struct Operator {
    std::string_view name;
    int side;    ///< -1: at least, 1: at most, 0: both
    int offset;  ///< of the bound from the number
  };
  constexpr std::array<Operator, 7> kOperators{{{"mustBe", 0, 0},
                                                {"mustBeGreaterThan", -1, 1},
                                                {"mustBeGreaterOrEqualTo", -1, 0},
                                                {"mustBeGreaterThanOrEqualTo", -1, 0},
                                                {"mustBeLessThan", 1, -1},
                                                {"mustBeLessOrEqualTo", 1, 0},
                                                {"mustBeLessThanOrEqualTo", 1, 0}}};
  for (const Operator& row : kOperators) {
    if (quality.find(row.name) == nullptr) continue;
    const auto value = whole(quality.find(row.name));
    if (!value.has_value()) return std::nullopt;
    Bounds bounds;
    if (row.side <= 0) bounds.least = *value + row.offset;
    if (row.side >= 0) bounds.most = *value + row.offset;
    return bounds;
  }
  const std::vector<const Node*> between = items(quality.find("mustBeBetween"));
  if (between.size() != 2) return std::nullopt;
  Bounds bounds{whole(between[0]), whole(between[1])};
  if (!bounds.least.has_value() || !bounds.most.has_value()) return std::nullopt;
  return bounds;
}

/// The metric's name as 3.1 has it; what 3.0 called "rule".
std::string_view metric_of(const Node& quality) {
  std::string_view metric = text_at(quality, "metric");
  if (metric.empty()) metric = text_at(quality, "rule");
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kOld{
      {{"duplicateCount", "duplicateValues"},
       {"duplicates", "duplicateValues"},
       {"nullCheck", "nullValues"},
       {"nullCount", "nullValues"},
       {"validValues", "invalidValues"},
       {"uniqueCheck", "duplicateValues"}}};
  for (const auto& [old_name, name] : kOld) {
    if (metric == old_name) return name;
  }
  return metric;
}

/// What both importers share: findings, and what is carried over.
class Importer {
 public:
  explicit Importer(Reporter& reporter) : reporter_(reporter) {}

 protected:
  void lost(const Node& at, std::string message) {
    reporter_.warning_in(at, 0, Code::kNotCarried, std::move(message));
  }

  /// Warns of the keys that nobody looked at. Values that say what is so anyway need no word.
  void lose_others(const Node& map, const Words& taken, std::string_view whose) {
    std::vector<std::string> names;
    const Node* first = nullptr;
    for (const Node* key = map.first; key != nullptr; key = key->next->next) {
      if (std::ranges::find(taken, key->text) != taken.end()) continue;
      const Node& value = *key->next;
      const bool empty = (value.kind == NodeKind::kBool && scalar_as_json(value) == "false") ||
                         value.kind == NodeKind::kNull ||
                         (value.kind == NodeKind::kInt && value.text == "-1") ||
                         (!value.is_scalar() && value.first == nullptr);
      if (empty) continue;
      if (first == nullptr) first = key;
      names.push_back(quoted(key->text));
    }
    if (first == nullptr) return;
    lost(*first, fmt::format("{}: {} {} no place in a contract", whose, fmt::join(names, ", "),
                             names.size() == 1 ? "has" : "have"));
  }

  /// Gives the value of each custom property of ours; warns of others.
  json::object own_properties(const Node& map, std::string_view whose) {
    json::object own;
    for (const Node* item : items(map.find("customProperties"))) {
      const std::string_view name = text_at(*item, "property");
      const Node* value = item->find("value");
      if (name.starts_with(kOwn) && value != nullptr) {
        own[json::string_view(name.data() + kOwn.size(), name.size() - kOwn.size())] =
            value_of(*value);
      } else if (name == "pii" && is_true(*item, "value")) {
        own["pii"] = true;
      } else {
        lost(*item,
             fmt::format("{}: custom property {} has no place in a contract", whose, quoted(name)));
      }
    }
    return own;
  }

  Reporter& reporter_;
};

class ColumnImporter : Importer {
 public:
  ColumnImporter(Reporter& reporter, const Node& property)
      : Importer(reporter), node_(property), name_(text_at(property, "name")) {
    whose_ = fmt::format("column {}", quoted(name_));
  }

  json::object import() {
    own_ = own_properties(node_, whose_);
    const TypeGuess guess =
        type_of(text_at(node_, "logicalType"), text_at(node_, "physicalType"),
                options() == nullptr ? std::string_view() : text_at(*options(), "format"));
    if (!guess.doubt.empty() && !own_.contains("type")) {
      lost(node_, fmt::format("{}: {}", whose_, guess.doubt));
    }
    column_["type"] = guess.type;
    if (const json::value* type = own_.if_contains("type")) column_["type"] = *type;
    if (is_true(node_, "required")) column_["required"] = true;
    if (is_true(node_, "unique")) column_["unique"] = true;
    if (const Node* text = node_.find("description"); text != nullptr && text->is_scalar()) {
      column_["description"] = std::string(text->text);
    }
    take_options();
    take_persons();
    take_quality();
    take_relationships();
    take_own();
    lose_others(node_,
                {"name", "id", "logicalType", "physicalType", "physicalName", "logicalTypeOptions",
                 "required", "unique", "primaryKey", "primaryKeyPosition", "description",
                 "classification", "tags", "quality", "relationships", "customProperties"},
                whose_);
    return std::move(column_);
  }

 private:
  [[nodiscard]] const Node* options() const {
    const Node* found = node_.find("logicalTypeOptions");
    return found == nullptr || found->kind != NodeKind::kMap ? nullptr : found;
  }

  [[nodiscard]] std::string type() const {
    const json::value& type = column_.at("type");
    return type.is_string() ? std::string(type.get_string()) : std::string();
  }

  void take_options() {
    const Node* found = options();
    if (found == nullptr) return;
    const bool time = type() == "date" || type() == "timestamp";
    for (const Node* key = found->first; key != nullptr; key = key->next->next) {
      const Node& value = *key->next;
      const std::string_view name = key->text;
      if (name == "minimum" || name == "maximum") {
        column_[name == "minimum" ? "min" : "max"] = value_of(value);
      } else if (name == "minLength" || name == "maxLength") {
        column_[name == "minLength" ? "min_length" : "max_length"] = value_of(value);
      } else if (name == "pattern") {
        take_pattern(value);
      } else if (name == "format" && time) {
        take_format(value);
      } else if (name == "format" && (type().starts_with("int") || type() == "double" ||
                                      type().starts_with("decimal"))) {
        continue;  // it chose the type
      } else if (name == "exclusiveMinimum" || name == "exclusiveMaximum") {
        take_exclusive(name, value);
      } else {
        lost(*key, fmt::format("{}: {} {} has no place in a contract", whose_, quoted(name),
                               quoted(value.is_scalar() ? value.text : "")));
      }
    }
  }

  void take_pattern(const Node& value) {
    if (own_.contains("match")) return;
    auto match = match_of(value.text);
    if (match.has_value()) {
      column_["match"] = std::move(*match);
    } else {
      lost(value, fmt::format("{}: the pattern {} looks around or back, which RE2 cannot", whose_,
                              quoted(value.text)));
    }
  }

  void take_format(const Node& value) {
    constexpr std::array kIso{
        std::string_view("yyyy-MM-dd"), std::string_view("yyyy-MM-dd'T'HH:mm:ss"),
        std::string_view("yyyy-MM-dd'T'HH:mm:ss'Z'"), std::string_view("yyyy-MM-ddTHH:mm:ssZ"),
        std::string_view("yyyy-MM-dd'T'HH:mm:ssXXX")};
    if (own_.contains("format")) return;
    // What ISO 8601 has is read without a format, and strictly.
    if (std::ranges::find(kIso, value.text) != kIso.end()) return;
    auto format = strptime_of(value.text);
    if (format.has_value()) {
      column_["format"] = std::move(*format);
    } else {
      lost(value, fmt::format("{}: the format {} has letters that strptime has no word for", whose_,
                              quoted(value.text)));
    }
  }

  void take_exclusive(std::string_view name, const Node& value) {
    const bool least = name == "exclusiveMinimum";
    const char* const key = least ? "min" : "max";
    const bool whole = type() == "int32" || type() == "int64";
    const auto number = number_of(&value);
    if (value.kind == NodeKind::kBool) {  // before 3.1: whether minimum itself is left out
      json::value* bound = column_.if_contains(key);
      if (scalar_as_json(value) == "false") return;
      if (whole && bound != nullptr && bound->is_int64()) {
        *bound = bound->get_int64() + (least ? 1 : -1);
        return;
      }
    } else if (whole && number.has_value() && std::abs(*number) < 9e15) {
      column_[key] =
          static_cast<std::int64_t>(least ? std::floor(*number) + 1 : std::ceil(*number) - 1);
      return;
    }
    lost(value, fmt::format("{}: {} has no place in a contract; min and max are included", whose_,
                            quoted(name)));
  }

  void take_persons() {
    const auto personal = [](std::string_view text) {
      const std::string word = ascii_lower(text);
      return word == "pii" || word == "personal" || word == "sensitive" || word == "gdpr" ||
             word == "personal data";
    };
    if (const Node* word = node_.find("classification"); word != nullptr && word->is_scalar()) {
      if (personal(word->text)) {
        column_["pii"] = true;
      } else {
        lost(*word, fmt::format("{}: classification {} has no place in a contract", whose_,
                                quoted(word->text)));
      }
    }
    for (const Node* tag : items(node_.find("tags"))) {
      if (personal(tag->text)) {
        column_["pii"] = true;
      } else {
        lost(*tag, fmt::format("{}: tag {} has no place in a contract", whose_, quoted(tag->text)));
      }
    }
  }

  void take_quality() {
    std::size_t rules = 0;
    std::size_t mild = 0;
    const std::size_t others = column_.size();
    for (const Node* quality : items(node_.find("quality"))) {
      if (!take_rule(*quality)) {
        lose_quality(*quality);
        continue;
      }
      ++rules;
      const std::string severity = ascii_lower(text_at(*quality, "severity"));
      if (severity == "warning" || severity == "warn" || severity == "info") ++mild;
    }
    if (mild == 0 || own_.contains("on_fail")) return;
    // A column has one answer to all its rules.
    constexpr std::size_t kPlain = 2;  // type and description
    if (mild == rules && others <= kPlain && !column_.contains("unique")) {
      column_["on_fail"] = "warn";
    } else {
      lost(node_,
           fmt::format("{}: some of its rules only warn; in a contract all rules of a column "
                       "do the same, and these fail",
                       whose_));
    }
  }

  /// Whether it could be said.
  bool take_rule(const Node& quality) {
    const auto bounds = bounds_of(quality);
    if (!bounds.has_value() || !bounds->none_allowed()) return false;
    const std::string_view metric = metric_of(quality);
    const Node* arguments = quality.find("arguments");
    const auto argument = [&](std::string_view key) {
      const Node* found = arguments == nullptr ? nullptr : arguments->find(key);
      return found == nullptr ? quality.find(key) : found;
    };
    if (metric == "nullValues") {
      column_["required"] = true;
      return true;
    }
    if (metric == "missingValues") {
      for (const Node* item : items(argument("missingValues"))) {
        if (item->kind != NodeKind::kNull && !item->text.empty()) return false;
      }
      column_["required"] = true;
      return true;
    }
    if (metric == "duplicateValues") {
      column_["unique"] = true;
      return true;
    }
    if (metric != "invalidValues") return false;
    const Node* values = argument("validValues");
    const Node* pattern = argument("pattern");
    if (values != nullptr && values->kind == NodeKind::kList && values->first != nullptr) {
      column_["in"] = value_of(*values);
    }
    if (pattern != nullptr && pattern->is_scalar()) take_pattern(*pattern);
    return values != nullptr || pattern != nullptr;
  }

  void lose_quality(const Node& quality) {
    const std::string_view type = text_at(quality, "type");
    const std::string_view metric = metric_of(quality);
    const std::string name(metric.empty() ? text_at(quality, "name") : metric);
    const std::string_view hint =
        type == "sql" ? "; write it as a rule of a `check` task" : std::string_view();
    lost(quality, fmt::format("{}: quality rule {}of type {} has no place in a contract{}", whose_,
                              name.empty() ? "" : quoted(name) + " ",
                              type.empty() ? "library" : type, hint));
  }

  void take_relationships() {
    for (const Node* relation : items(node_.find("relationships"))) {
      const Node* to = relation->find("to");
      const bool simple = to != nullptr && to->is_scalar() &&
                          to->text.find('/') == std::string_view::npos &&
                          to->text.find('.') != std::string_view::npos && !column_.contains("refs");
      if (simple) {
        column_["refs"] = std::string(to->text);
      } else {
        lost(*relation, fmt::format("{}: only one relationship to a column, such as zips.code, has "
                                    "a place in a contract",
                                    whose_));
      }
    }
  }

  void take_own() {
    for (const auto& item : own_) {
      const std::string_view key(item.key().data(), item.key().size());
      if (key == "range" && item.value().is_bool()) {  // its ends stand as minimum and maximum
        const json::value* least = column_.if_contains("min");
        const json::value* most = column_.if_contains("max");
        if (least == nullptr || most == nullptr) continue;
        json::array range{*least, *most};
        column_.erase("min");
        column_.erase("max");
        column_["range"] = std::move(range);
      } else {
        column_[item.key()] = item.value();
      }
    }
  }

  const Node& node_;
  std::string_view name_;
  std::string whose_;
  json::object own_;
  json::object column_;
};

class TableImporter : Importer {
 public:
  /// `without`: keys that an export of ours added because ODCS wants them.
  TableImporter(Reporter& reporter, const Node& root, const Node& table, Words without)
      : Importer(reporter),
        root_(root),
        table_(table),
        name_(text_at(table, "name")),
        without_(std::move(without)) {
    whose_ = fmt::format("schema {}", quoted(name_));
  }

  json::object import() {
    take_names();
    json::object columns;
    json::object rename;
    for (const Node* property : items(table_.find("properties"))) {
      const std::string name(text_at(*property, "name"));
      if (name.empty()) continue;
      json::object column = ColumnImporter(reporter_, *property).import();
      columns[name] = std::move(column);
      const std::string physical(text_at(*property, "physicalName"));
      if (!physical.empty() && physical != name) rename[physical] = name;
    }
    json::object own = own_properties(table_, whose_);
    take_keys(columns);
    for (auto& item : columns) {  // a type alone needs no map
      const json::object& column = item.value().get_object();
      if (column.size() == 1) item.value() = json::value(column.at("type"));
    }
    contract_["columns"] = std::move(columns);
    if (const json::value* more = own.if_contains("rename"); more != nullptr && more->is_object()) {
      for (const auto& item : more->get_object()) rename[item.key()] = item.value();
    }
    if (!rename.empty()) contract_["rename"] = std::move(rename);
    take_quality();
    if (!unique_.empty()) contract_["unique"] = std::move(unique_);
    take_freshness();
    for (const char* key : {"drift", "rejects", "rows", "unique"}) {
      const json::value* value = own.if_contains(key);
      if (value != nullptr && !contract_.contains(key)) contract_[key] = *value;
    }
    lose_others(table_,
                {"name", "id", "physicalType", "logicalType", "description", "properties",
                 "quality", "customProperties"},
                whose_);
    return std::move(contract_);
  }

 private:
  void take_names() {
    constexpr std::array<std::pair<std::string_view, const char*>, 4> kRoot{
        {{"id", "id"}, {"name", "title"}, {"version", "version"}, {"status", "status"}}};
    for (const auto& [theirs, ours] : kRoot) {
      const Node* at = root_.find(theirs);
      if (at != nullptr && at->is_scalar()) contract_[ours] = std::string(at->text);
    }
    contract_["name"] = std::string(name_);
    for (const std::string_view key : without_) contract_.erase({key.data(), key.size()});
    const Node* text = table_.find("description");
    if (text != nullptr && text->is_scalar()) contract_["description"] = std::string(text->text);
  }

  /// A key of several columns, or a column that is required and unique.
  void take_keys(json::object& columns) {
    std::vector<std::pair<std::int64_t, std::string>> keys;
    for (const Node* property : items(table_.find("properties"))) {
      if (!is_true(*property, "primaryKey")) continue;
      const auto place = number_of(property->find("primaryKeyPosition"));
      keys.emplace_back(place.has_value() ? static_cast<std::int64_t>(*place)
                                          : std::numeric_limits<std::int64_t>::max(),
                        text_at(*property, "name"));
      json::value* column = columns.if_contains(keys.back().second);
      if (column != nullptr) column->get_object()["required"] = true;
    }
    std::ranges::stable_sort(keys, {}, &std::pair<std::int64_t, std::string>::first);
    if (keys.size() == 1) {
      json::value* column = columns.if_contains(keys.front().second);
      if (column != nullptr) column->get_object()["unique"] = true;
    } else if (keys.size() > 1) {
      json::array names;
      for (const auto& [place, name] : keys) names.emplace_back(name);
      unique_.emplace_back(std::move(names));
    }
  }

  void take_quality() {
    for (const Node* quality : items(table_.find("quality"))) {
      const auto bounds = bounds_of(*quality);
      const std::string_view metric = metric_of(*quality);
      const Node* arguments = quality->find("arguments");
      const Node* names = arguments == nullptr ? nullptr : arguments->find("properties");
      if (bounds.has_value() && metric == "rowCount" && !contract_.contains("rows")) {
        json::object rows;
        if (bounds->least.has_value()) rows["min"] = *bounds->least;
        if (bounds->most.has_value()) rows["max"] = *bounds->most;
        contract_["rows"] = std::move(rows);
      } else if (bounds.has_value() && bounds->none_allowed() && metric == "duplicateValues" &&
                 !items(names).empty()) {
        take_key(*quality, *names);
      } else {
        const std::string_view type = text_at(*quality, "type");
        lost(*quality,
             fmt::format("{}: quality rule {} of type {} has no place in a contract{}", whose_,
                         quoted(metric.empty() ? text_at(*quality, "name") : metric),
                         type.empty() ? "library" : type,
                         type == "sql" ? "; write it as a rule of a `check` task" : ""));
      }
    }
  }

  void take_key(const Node& quality, const Node& names) {
    const json::object own = own_properties(quality, whose_);
    const std::string severity = ascii_lower(text_at(quality, "severity"));
    json::value on_fail;
    if (const json::value* said = own.if_contains("on_fail")) {
      on_fail = *said;
    } else if (severity == "warning" || severity == "warn" || severity == "info") {
      on_fail = "warn";
    }
    if (on_fail.is_null()) {
      unique_.push_back(value_of(names));
    } else {
      unique_.push_back(json::object{{"columns", value_of(names)}, {"on_fail", on_fail}});
    }
  }

  void take_freshness() {
    for (const Node* sla : items(root_.find("slaProperties"))) {
      const std::string_view property = text_at(*sla, "property");
      if (property != "freshness" && property != "latency" && property != "ly") continue;
      std::string_view element = text_at(*sla, "element");
      if (element.empty()) element = text_at(root_, "slaDefaultElement");
      const std::string prefix = std::string(name_) + ".";
      if (!element.starts_with(prefix)) continue;  // of another table; the root tells of none
      const std::string column(element.substr(prefix.size()));
      const auto value = number_of(sla->find("value"));
      const auto age = age_of(value.value_or(0), text_at(*sla, "unit"));
      const json::value* known = contract_.at("columns").get_object().if_contains(column);
      if (!age.has_value() || known == nullptr || contract_.contains("freshness")) {
        lost(*sla, fmt::format("SLA {}: {}", quoted(property),
                               !age.has_value()   ? "its unit is none of d, h, m, s"
                               : known == nullptr ? "its element is no column"
                                                  : "a contract has one freshness"));
        continue;
      }
      const Age words = age_words(*age);
      contract_["freshness"] = json::object{
          {"column", column}, {"max_age", fmt::format("{}{}", words.value, words.unit)}};
    }
  }

  const Node& root_;
  const Node& table_;
  std::string_view name_;
  Words without_;
  std::string whose_;
  json::array unique_;
  json::object contract_;
};

class DocumentImporter : Importer {
 public:
  DocumentImporter(Reporter& reporter, const Node& root) : Importer(reporter), root_(root) {}

  std::vector<ContractText> import() {
    if (!check_head()) return {};
    const std::vector<const Node*> tables = items(root_.find("schema"));
    if (tables.empty()) {
      reporter_.error(root_, Code::kMissingKey,
                      "the document has no 'schema' with an object in it");
      return {};
    }
    Words without;
    for (const Node* item : items(root_.find("customProperties"))) {
      if (text_at(*item, "property") != std::string(kOwn) + "without") {
        lost(*item, fmt::format("custom property {} has no place in a contract",
                                quoted(text_at(*item, "property"))));
        continue;
      }
      for (const Node* key : items(item->find("value"))) without.push_back(key->text);
    }
    std::vector<ContractText> contracts;
    for (const Node* table : tables) {
      if (text_at(*table, "name").empty() || items(table->find("properties")).empty()) {
        reporter_.error(*table, Code::kMissingKey,
                        "an object of the schema has a 'name' and 'properties'");
        continue;
      }
      const json::object contract = TableImporter(reporter_, root_, *table, without).import();
      contracts.push_back({std::string(text_at(*table, "name")), yaml_of(contract)});
    }
    lose_head(tables);
    return contracts;
  }

 private:
  bool check_head() {
    if (root_.kind != NodeKind::kMap) {
      reporter_.error(root_, Code::kWrongType, "an ODCS document is a map");
      return false;
    }
    const std::string_view version = text_at(root_, "apiVersion");
    if (text_at(root_, "kind") != "DataContract" || !version.starts_with("v3.")) {
      reporter_.error(
          root_, Code::kBadValue,
          fmt::format("this is no ODCS document of version 3: 'kind' is DataContract and "
                      "'apiVersion' begins with v3., not {} and {}",
                      quoted(text_at(root_, "kind")), quoted(version)));
      return false;
    }
    return true;
  }

  void lose_head(const std::vector<const Node*>& tables) {
    lose_others(root_,
                {"apiVersion", "kind", "id", "name", "version", "status", "schema", "slaProperties",
                 "slaDefaultElement", "customProperties"},
                "the document");
    for (const Node* sla : items(root_.find("slaProperties"))) {
      const std::string_view property = text_at(*sla, "property");
      std::string_view element = text_at(*sla, "element");
      if (element.empty()) element = text_at(root_, "slaDefaultElement");
      const bool age = property == "freshness" || property == "latency" || property == "ly";
      const bool found = std::ranges::any_of(tables, [element](const Node* table) {
        return element.starts_with(std::string(text_at(*table, "name")) + ".");
      });
      if (age && found) continue;
      lost(*sla, fmt::format("SLA {} has no place in a contract{}", quoted(property),
                             age ? "; its element names no column, such as orders.day" : ""));
    }
  }

  const Node& root_;
};

}  // namespace

OdcsResult import_odcs(std::string_view text, std::string_view file) {
  Findings findings;
  Reporter reporter(findings, std::string(file), text);
  YamlTree tree;
  OdcsResult result;
  const Node* root = tree.load(text, reporter);
  if (root != nullptr) result.contracts = DocumentImporter(reporter, *root).import();
  // What was made must be a contract: errors of ours stand in the text that the user would get.
  for (const ContractText& contract : result.contracts) {
    Reporter own(findings, fmt::format("{} (imported)", contract.name), contract.yaml);
    (void)read_contract(contract.yaml, own);
  }
  if (findings.has_error()) result.contracts.clear();
  result.diagnostics = findings.take(file);
  return result;
}

}  // namespace cordyna::flow
