/// odcs.hpp's import_odcs.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <limits>

#include "flow/contract_file.hpp"
#include "flow/odcs.hpp"
#include "flow/odcs_read.hpp"
#include "flow/odcs_words.hpp"
#include "flow/yaml_text.hpp"

namespace cordyna::flow {
namespace {

namespace json = boost::json;
using namespace odcs;  // NOLINT(google-build-using-namespace): its other half

using Words = std::vector<std::string_view>;

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
      json::object column = import_column(reporter_, *property);
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
        lose_quality(*quality, whose_);
      }
    }
  }

  void take_key(const Node& quality, const Node& names) {
    const json::object own = own_properties(quality, whose_);
    json::value on_fail;
    if (const json::value* said = own.if_contains("on_fail")) {
      on_fail = *said;
    } else if (only_warns(quality)) {
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
