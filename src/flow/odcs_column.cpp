/// odcs_read.hpp's import_column.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>

#include "base/words.hpp"
#include "flow/odcs_read.hpp"
#include "flow/odcs_words.hpp"

namespace cordyna::flow::odcs {
namespace {

namespace json = boost::json;

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
      column_["match"] = *match;
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
      column_["format"] = *format;
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
        lose_quality(*quality, whose_);
        continue;
      }
      ++rules;
      if (only_warns(*quality)) ++mild;
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

}  // namespace

json::object import_column(Reporter& reporter, const Node& property) {
  return ColumnImporter(reporter, property).import();
}

}  // namespace cordyna::flow::odcs
