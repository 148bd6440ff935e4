/// odcs.hpp's export_odcs.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <optional>

#include "base/durations.hpp"
#include "flow/contract_file.hpp"
#include "flow/odcs.hpp"
#include "flow/odcs_words.hpp"
#include "flow/yaml_text.hpp"

namespace cordyna::flow {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& object, json::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || value->is_null()) return {};
  if (const json::string* text = value->if_string()) return {text->data(), text->size()};
  return json::serialize(*value);
}

bool has_flag(const json::object& object, json::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

/// "zips.code": how ODCS writes a column of another table.
bool is_reference(std::string_view text) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  const auto name = [&letter](std::string_view part) {
    return !part.empty() && letter(part.front()) && std::ranges::all_of(part, [&letter](char c) {
      return letter(c) || (c >= '0' && c <= '9');
    });
  };
  const std::size_t dot = text.find('.');
  return dot != std::string_view::npos && name(text.substr(0, dot)) && name(text.substr(dot + 1));
}

/// What ODCS has no word for, in the order of being said.
class OwnProperties {
 public:
  void add(std::string_view name, json::value value) {
    list_.push_back({{"property", fmt::format("{}{}", kOwn, name)}, {"value", std::move(value)}});
  }
  void add_text(std::string_view name, const std::string& text) { add(name, json::string(text)); }
  void write(json::object& into) {
    if (!list_.empty()) into["customProperties"] = std::move(list_);
  }

 private:
  json::array list_;
};

json::object no_invalid(json::object arguments) {
  return {{"metric", "invalidValues"}, {"arguments", std::move(arguments)}, {"mustBe", 0}};
}

class ColumnExporter {
 public:
  ColumnExporter(std::string name, const json::object& column)
      : name_(std::move(name)), column_(column), type_(text_of(column, "type")) {}

  json::object write(const std::vector<std::string>& old_names) {
    property_["name"] = name_;
    if (old_names.size() == 1 && old_names.front() != name_) {
      property_["physicalName"] = old_names.front();
    }
    write_type();
    if (column_.contains("description")) property_["description"] = text_of(column_, "description");
    if (has_flag(column_, "required")) property_["required"] = true;
    if (has_flag(column_, "unique")) property_["unique"] = true;
    if (has_flag(column_, "pii")) property_["classification"] = "pii";
    write_match();
    write_bounds();
    write_values();
    write_refs();
    for (const char* key : {"on_fail", "to_bool"}) {
      if (const json::value* value = column_.if_contains(key)) own_.add(key, *value);
    }
    if (const json::value* unique = column_.if_contains("unique"); unique != nullptr) {
      if (!has_flag(column_, "unique")) own_.add("unique", false);
    }
    if (!options_.empty()) property_["logicalTypeOptions"] = std::move(options_);
    if (!quality_.empty()) property_["quality"] = std::move(quality_);
    own_.write(property_);
    return std::move(property_);
  }

 private:
  [[nodiscard]] bool is_number() const { return logical_ == "integer" || logical_ == "number"; }
  [[nodiscard]] bool is_time() const { return logical_ == "date" || logical_ == "timestamp"; }

  void write_type() {
    const bool decimal = type_.starts_with("decimal");
    // The text of the source is no business of a logical type: it is what it becomes.
    const std::string effective = column_.contains("to_bool") ? "bool" : type_;
    constexpr std::array<std::array<std::string_view, 3>, 7> kTypes{{
        {"string", "string", ""},
        {"int32", "integer", "i32"},
        {"int64", "integer", "i64"},
        {"double", "number", "f64"},
        {"date", "date", ""},
        {"timestamp", "timestamp", ""},
        {"bool", "boolean", ""},
    }};
    logical_ = "number";
    std::string_view format;
    for (const auto& [ours, theirs, number_format] : kTypes) {
      if (ours != effective) continue;
      logical_ = theirs;
      format = number_format;
    }
    property_["logicalType"] = logical_;
    std::string physical;
    if (decimal) {
      physical = "DECIMAL" + type_.substr(7);
      property_["physicalType"] = physical;
    }
    if (!format.empty()) options_["format"] = format;
    if (type_of(logical_, physical, format).type != type_) own_.add_text("type", type_);
    write_format();
  }

  void write_format() {
    if (!column_.contains("format")) return;
    const std::string format = text_of(column_, "format");
    const auto java = java_of(format);
    // Without a format of its own a date is ISO 8601: such a format would be lost on the way back.
    const bool iso =
        format == "%Y-%m-%d" || format == "%Y-%m-%dT%H:%M:%S" || format == "%Y-%m-%dT%H:%M:%SZ";
    const bool date_is_time =
        logical_ == "date" && java.has_value() && type_of(logical_, "", *java).type != "date";
    if (is_time() && java.has_value()) options_["format"] = *java;
    if (!is_time() || !java.has_value() || iso || format.empty()) own_.add_text("format", format);
    if (date_is_time) own_.add_text("type", type_);
  }

  void write_match() {
    if (!column_.contains("match")) return;
    const std::string match = text_of(column_, "match");
    const std::string pattern = pattern_of(match);
    if (logical_ == "string") {
      options_["pattern"] = pattern;
    } else {
      quality_.push_back(no_invalid({{"pattern", pattern}}));
    }
    if (match_of(pattern) != match) own_.add_text("match", match);
  }

  /// Whether ODCS takes the value as a bound of this column.
  [[nodiscard]] bool fits(const json::value& value) const {
    if (is_number()) return value.is_number();
    return is_time() && value.is_string();
  }

  void write_bounds() {
    constexpr std::array<std::pair<const char*, const char*>, 2> kBounds{
        {{"min", "minimum"}, {"max", "maximum"}}};
    for (const auto& [ours, theirs] : kBounds) {
      const json::value* value = column_.if_contains(ours);
      if (value == nullptr) continue;
      if (fits(*value)) {
        options_[theirs] = *value;
      } else {
        own_.add(ours, *value);
      }
    }
    constexpr std::array<std::pair<const char*, const char*>, 2> kLengths{
        {{"min_length", "minLength"}, {"max_length", "maxLength"}}};
    for (const auto& [ours, theirs] : kLengths) {
      const json::value* value = column_.if_contains(ours);
      if (value == nullptr) continue;
      if (logical_ == "string") {
        options_[theirs] = *value;
      } else {
        own_.add(ours, *value);
      }
    }
    const json::value* range = column_.if_contains("range");
    if (range == nullptr || !range->is_array()) return;
    const json::array& ends = range->get_array();
    const bool alone = !column_.contains("min") && !column_.contains("max");
    if (alone && ends.size() == 2 && fits(ends[0]) && fits(ends[1])) {
      options_["minimum"] = ends[0];
      options_["maximum"] = ends[1];
      own_.add("range", true);
    } else {
      own_.add("range", *range);
    }
  }

  void write_values() {
    const json::value* values = column_.if_contains("in");
    if (values != nullptr) quality_.push_back(no_invalid({{"validValues", *values}}));
  }

  void write_refs() {
    if (!column_.contains("refs")) return;
    const std::string refs = text_of(column_, "refs");
    if (is_reference(refs)) {
      property_["relationships"] = json::array{{{"type", "foreignKey"}, {"to", refs}}};
    } else {
      own_.add_text("refs", refs);
    }
  }

  std::string name_;
  const json::object& column_;
  std::string type_;
  std::string_view logical_;
  json::object property_;
  json::object options_;
  json::array quality_;
  OwnProperties own_;
};

class ContractExporter {
 public:
  ContractExporter(const json::object& contract, std::string name)
      : contract_(contract), name_(std::move(name)) {}

  json::object write() {
    json::object document{{"apiVersion", "v3.1.0"}, {"kind", "DataContract"}};
    head(document, "id", "id", name_);
    if (contract_.contains("title")) document["name"] = text_of(contract_, "title");
    head(document, "version", "version", "1.0.0");
    head(document, "status", "status", "active");
    json::object table{{"name", name_}, {"logicalType", "object"}, {"physicalType", "table"}};
    if (contract_.contains("description")) table["description"] = text_of(contract_, "description");
    write_columns(table);
    write_quality(table);
    for (const char* key : {"drift", "rejects"}) {
      if (const json::value* value = contract_.if_contains(key)) own_.add(key, *value);
    }
    own_.write(table);
    document["schema"] = json::array{std::move(table)};
    write_freshness(document);
    // What ODCS wants and the contract does not say is no part of the contract.
    json::array without;
    for (const char* key : {"id", "name", "version", "status"}) {
      if (text_of(contract_, key).empty()) without.emplace_back(key);
    }
    if (!without.empty()) {
      OwnProperties own;
      own.add("without", std::move(without));
      own.write(document);
    }
    return document;
  }

 private:
  void head(json::object& document, const char* theirs, const char* ours,
            const std::string& otherwise) {
    const std::string text = text_of(contract_, ours);
    document[theirs] = text.empty() ? otherwise : text;
  }

  [[nodiscard]] const json::object& object_at(const char* key) const {
    static const json::object none;
    const json::value* value = contract_.if_contains(key);
    return value == nullptr || !value->is_object() ? none : value->get_object();
  }

  void write_columns(json::object& table) {
    json::object others;
    for (const auto& item : object_at("rename")) {
      if (old_names(text_of(object_at("rename"), item.key())).size() != 1) {
        others[item.key()] = item.value();
      }
    }
    json::array properties;
    for (const auto& item : object_at("columns")) {
      const std::string name(item.key().data(), item.key().size());
      properties.push_back(ColumnExporter(name, item.value().get_object()).write(old_names(name)));
    }
    table["properties"] = std::move(properties);
    if (!others.empty()) own_.add("rename", std::move(others));
  }

  [[nodiscard]] std::vector<std::string> old_names(std::string_view name) const {
    std::vector<std::string> names;
    for (const auto& item : object_at("rename")) {
      if (item.value().is_string() && std::string_view(item.value().get_string()) == name) {
        names.emplace_back(item.key().data(), item.key().size());
      }
    }
    return names;
  }

  void write_quality(json::object& table) {
    json::array quality;
    const json::object& rows = object_at("rows");
    const json::value* least = rows.if_contains("min");
    const json::value* most = rows.if_contains("max");
    if (least != nullptr || most != nullptr) {
      json::object rule{{"metric", "rowCount"}};
      if (least != nullptr && most != nullptr) {
        if (*least == *most) {
          rule["mustBe"] = *least;
        } else {
          rule["mustBeBetween"] = json::array{*least, *most};
        }
      } else {
        rule[least != nullptr ? "mustBeGreaterOrEqualTo" : "mustBeLessOrEqualTo"] =
            least != nullptr ? *least : *most;
      }
      quality.push_back(std::move(rule));
    } else if (contract_.contains("rows")) {
      own_.add("rows", json::object());
    }
    const json::value* unique = contract_.if_contains("unique");
    if (unique != nullptr && unique->is_array()) {
      for (const json::value& key : unique->get_array()) quality.push_back(key_rule(key));
      if (unique->get_array().empty()) own_.add("unique", json::array());
    }
    if (!quality.empty()) table["quality"] = std::move(quality);
  }

  static json::object key_rule(const json::value& key) {
    json::object rule{{"metric", "duplicateValues"},
                      {"arguments", {{"properties", key.at("columns")}}},
                      {"mustBe", 0}};
    const json::value* on_fail = key.get_object().if_contains("on_fail");
    if (on_fail == nullptr) return rule;
    OwnProperties own;
    if (*on_fail == "warn") rule["severity"] = "warning";
    own.add("on_fail", *on_fail);
    own.write(rule);
    return rule;
  }

  void write_freshness(json::object& document) {
    const json::object& freshness = object_at("freshness");
    if (freshness.empty()) return;
    const auto age = parse_duration(text_of(freshness, "max_age"));
    if (!age.has_value()) return;
    const Age words = age_words(*age);
    document["slaProperties"] =
        json::array{{{"property", "freshness"},
                     {"value", words.value},
                     {"unit", words.unit},
                     {"element", fmt::format("{}.{}", name_, text_of(freshness, "column"))}}};
  }

  const json::object& contract_;
  std::string name_;
  OwnProperties own_;
};

}  // namespace

OdcsResult export_odcs(std::string_view text, std::string_view file, std::string_view name) {
  Findings findings;
  Reporter reporter(findings, std::string(file), text);
  OdcsResult result;
  const auto contract = read_contract(text, reporter);
  if (contract.has_value() && !findings.has_error()) {
    const json::value value = json::parse(*contract);
    const json::object& object = value.get_object();
    std::string own_name = text_of(object, "name");
    if (own_name.empty()) own_name = name;
    const json::object document = ContractExporter(object, own_name).write();
    result.contracts.push_back({own_name, yaml_of(document)});
  }
  result.diagnostics = findings.take(file);
  return result;
}

}  // namespace cordyna::flow
